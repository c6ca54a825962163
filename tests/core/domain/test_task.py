"""What makes a task huntable, what it weighs, and what its hash depends on."""

import pytest

from core.domain.criteria import Criterion
from core.domain.task import Metadata, PassRule, Task, refuse_large_task, refuse_unhuntable
from core.errors import BadTask, TooLarge
from tests.builders import a_task, error_values

METADATA = Metadata(
    entries=(("task ID", "T-7"), ("Domain", "Law"), ("L1 Taxonomy", "Torts"), ("User Prompt Length", "20 - 50 words"),
             ("domain", "second"))
)  # fmt: skip


def test_metadata_is_read_without_case_and_the_first_entry_counts():
    assert (METADATA.task_id, METADATA.domain, METADATA.taxonomy, METADATA.prompt_length) == (
        "T-7", "Law", "Torts", "20 - 50 words",
    )  # fmt: skip
    assert METADATA.get("TASK id") == "T-7"
    assert METADATA.get("Straße") == Metadata().get("Domain") == ""


def test_a_whole_task_is_huntable():
    refuse_unhuntable(a_task(3))


def test_an_empty_task_says_all_that_is_missing():
    with pytest.raises(BadTask) as refused:
        refuse_unhuntable(Task(prompt=" ", response="\n", criteria=a_task(2).criteria), missing=("C3", "C5"))
    problems = [
        "the prompt is empty",
        "the reference response is empty",
        "there are 2 criteria and at least 3 are needed",
        "criteria were removed since the notebook was loaded: C3, C5",
    ]
    assert error_values(refused.value) == {
        "message": f"This task is not ready: {'; '.join(problems)}.",
        "hint": "Complete the task, then start again.",
        "code": "task_incomplete",
        "details": {"problems": problems},
    }


def test_a_removed_criterion_stops_hunting_by_name():
    with pytest.raises(BadTask, match=r"is not ready: criteria were removed since the notebook was loaded: C2\.$"):
        refuse_unhuntable(a_task(), missing=("C2",))


def test_duplicate_ids_are_said_before_everything_else():
    twice = tuple(Criterion(id=i, text="x") for i in ("C1", "c1", "C2", "C1"))
    with pytest.raises(BadTask) as refused:
        refuse_unhuntable(Task(prompt="p", criteria=twice))
    assert refused.value.details == {"ids": ["C1"]}


TEXTS = Task(
    prompt="1", response="22", judge_system_prompt="333", judge_prompt_template="4444",
    criteria=(Criterion(id="C1", text="55555"), Criterion(id="C2", text="666666")), metadata=METADATA,
)  # fmt: skip


def test_a_task_weighs_what_its_texts_do():
    assert TEXTS.rough_bytes == 1 + 2 + 3 + 4 + (40 + 5) + (40 + 6)


def test_a_task_may_be_as_large_as_allowed():
    refuse_large_task(TEXTS, TEXTS.rough_bytes)
    with pytest.raises(TooLarge) as refused:
        refuse_large_task(a_task(prompt="x" * 5000, criteria=0), 4999)
    assert error_values(refused.value) == {
        "message": "The task has about 5,008 bytes; at most 4,999 are allowed (MAX_TASK_BYTES).",
        "hint": "Shorten the prompt, the response or the judge prompts. An operator can raise MAX_TASK_BYTES.",
        "code": "task_too_large",
        "details": {"max_bytes": 4999},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Other."}, {"response": "Other."}, {"pass_rule": PassRule.ALL}, {"judge_system_prompt": "Other."},
        {"judge_prompt_template": "Other."}, {"criteria": a_task(4).criteria},
    ],
)  # fmt: skip
def test_the_hash_follows_everything_that_verdicts_depend_on(change):
    task = a_task()
    assert task.content_hash() == a_task().content_hash()
    assert task.model_copy(update=change).content_hash() != task.content_hash()


def test_the_hash_is_short_and_ignores_the_metadata():
    assert TEXTS.content_hash() == TEXTS.model_copy(update={"metadata": Metadata()}).content_hash()
    assert len(TEXTS.content_hash()) == 16


def test_stored_hashes_stay_what_they_are():
    """Checks that were stored with a task's hash must not become stale with a release."""
    assert TEXTS.content_hash() == "b61124615a5363eb"
