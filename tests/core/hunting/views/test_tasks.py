"""A task and its check in views."""

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.parameters import Parameters
from core.domain.task import Metadata
from core.hunting.views.tasks import check_view, task_view
from tests.builders import NOW, a_task, a_verdict


def test_a_task_says_whether_it_can_be_hunted_and_what_is_missing():
    task = a_task(metadata=Metadata(entries=(("Domain", "Chemistry"),)))
    view = task_view(task)
    assert (view["huntable"], view["problems"], view["metadata"]) == (True, [], {"Domain": "Chemistry"})
    assert (view["prompt_words"], view["hash"]) == (7, task.content_hash())
    removed = task_view(task, ("C9",))
    assert (removed["huntable"], removed["missing_criteria"]) == (False, ("C9",))
    assert "C9" in " ".join(removed["problems"])
    assert len(task_view(a_task(0, prompt="", response=""))["problems"]) > 1


def test_a_check_is_stale_once_the_task_has_changed():
    task = a_task()
    check = ReferenceCheck(
        status=CheckStatus.PASSED, task_hash=task.content_hash(), judge_model="openai/gpt-5",
        judge_parameters=Parameters(seed=7), verdicts=(a_verdict("C1"),), flips=(("C1", 1),), started_at=NOW, finished_at=NOW,
    )  # fmt: skip
    view = check_view(check, task)
    assert (view["status"], view["stale"], view["judge_parameters"], view["flips"]) == (
        "passed",
        False,
        {"seed": 7},
        {"C1": 1},
    )
    assert [verdict["criterion_id"] for verdict in view["verdicts"]] == ["C1"]
    assert check_view(check, a_task(prompt="Another?"))["stale"] is True
    never = check_view(ReferenceCheck(), task)
    assert (never["status"], never["stale"], never["verdicts"], never["started_at"]) == ("none", False, [], None)
