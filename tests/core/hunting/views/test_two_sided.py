"""The JSON of the two-sided check: edits with their staleness and cost, findings only when they hold."""

from core.domain.checks import CheckStatus, EditProposals, TwoSidedCheck, ViolatingEdit
from core.domain.verdict import Verdict
from core.hunting.views.two_sided import two_sided_view
from tests.builders import a_task, a_verdict

TASK = a_task()


def a_check(status, **changes):
    row = tuple(a_verdict(i, Verdict.PASS, cost_usd=0.5) for i in ("C1", "C2", "C3"))
    edit = ViolatingEdit(
        criterion_id="C1", text="Argon.", task_hash=TASK.content_hash(), judged=True, verdicts=row, cost_usd=0.25
    )
    made = {"status": status, "task_hash": TASK.content_hash(), "reference": row, "edits": (edit,)}
    return TwoSidedCheck(**(made | changes))


def test_findings_are_those_of_an_ended_check_of_this_task():
    kinds = {
        status: [finding.kind for finding in two_sided_view(a_check(status), TASK)["findings"]]
        for status in (CheckStatus.FAILED, CheckStatus.RUNNING)
    }
    assert kinds == {CheckStatus.FAILED: ["cannot_fail", "untested"], CheckStatus.RUNNING: []}
    assert two_sided_view(a_check(CheckStatus.FAILED), a_task(prompt="Another."))["findings"] == ()


def test_an_edit_is_stale_for_another_task_and_costs_are_those_of_the_edits():
    view = two_sided_view(a_check(CheckStatus.FAILED), TASK)
    assert (view["stale"], view["edits"][0]["stale"], view["cost_usd"]) == (False, False, 1.75)
    other = two_sided_view(a_check(CheckStatus.FAILED), a_task(prompt="Another."))
    assert (other["stale"], other["edits"][0]["stale"]) == (True, True)


def test_open_criteria_are_those_of_a_running_request():
    running = EditProposals(running=True, model="a/b", asked=("C2",))
    ended = running.model_copy(update={"running": False})
    views = [two_sided_view(TwoSidedCheck(proposals=one), TASK)["proposals"]["open"] for one in (running, ended)]
    assert views == [("C2",), ()]
