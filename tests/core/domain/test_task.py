"""What makes a task huntable, and what its hash depends on."""

import pytest

from core.domain.criteria import Criterion
from core.domain.task import PassRule, Task, refuse_unhuntable
from core.errors import BadTask
from tests.builders import a_task


def test_an_empty_task_says_all_that_is_missing():
    with pytest.raises(BadTask) as refused:
        refuse_unhuntable(Task())
    assert refused.value.details["problems"] == [
        "the prompt is empty",
        "the reference response is empty",
        "there are 0 criteria and at least 3 are needed",
    ]


def test_a_removed_criterion_stops_hunting_by_name():
    with pytest.raises(BadTask, match="C2"):
        refuse_unhuntable(a_task(), missing=("C2",))


def test_duplicate_ids_are_named_once():
    twice = tuple(Criterion(id=i, text="x") for i in ("C1", "c1", "C2", "C1"))
    with pytest.raises(BadTask) as refused:
        refuse_unhuntable(Task(prompt="p", criteria=twice))
    assert refused.value.details == {"ids": ["C1"]}


def test_the_hash_follows_what_verdicts_depend_on():
    task = a_task()
    assert task.content_hash() == a_task().content_hash()
    assert task.model_copy(update={"prompt": "Other."}).content_hash() != task.content_hash()
    assert task.model_copy(update={"pass_rule": PassRule.ALL}).content_hash() != task.content_hash()
