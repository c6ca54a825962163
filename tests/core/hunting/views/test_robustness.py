"""The JSON of the robustness report: dangerous moves first, nothing of a stale or damaged report."""

from core.domain.checks import JudgedTwin, ReportStatus, RobustnessReport
from core.hunting.views.robustness import MAX_MOVED, robustness_view
from tests.builders import a_session, a_task

TASK = a_task()


def a_report(*rows, **changes):
    twins = tuple(JudgedTwin(hunt_id="r_one.1", attack=attack, verdicts=verdicts) for attack, verdicts in rows)
    made = {"status": ReportStatus.DONE, "task_hash": TASK.content_hash(), "attacks_version": 1, "twins": twins}
    return a_session(robustness=RobustnessReport(**(made | changes)))


def moves(view):
    return [(one["attack"], one["criterion_id"]) for one in view["moved"]]


def test_moves_to_pass_come_first_and_harmless_sentences_last():
    view = robustness_view(
        a_report(
            ("", "FPP"), ("benign-hope", "FFP"), ("orders-plain", "FPF"), ("roles-pity", "PPP"), ("orders-note", "U-P")
        )
    )
    assert moves(view) == [("roles-pity", "C1"), ("orders-plain", "C3"), ("benign-hope", "C2")]
    assert (view["judged"], view["total"], view["unsteady_criteria"]) == (14, 15, ("C2",))
    assert "{" not in view["summary"]


def test_a_stale_report_shows_no_verdicts():
    view = robustness_view(a_report(("", "F"), ("roles-pity", "P"), task_hash="another"))
    assert (view["stale"], view["moved"], view["families"]) == (True, [], [])
    assert view["summary"] == "The task has changed since this report: start it again."


def test_a_damaged_report_of_an_export_shows_what_can_be_read():
    rows = [("", "F"), ("roles-pity", "PPPPP"), ("roles-pity", "X"), ("unknown", "P"), ("orders-plain", "")]
    assert moves(robustness_view(a_report(*rows))) == [("roles-pity", "C1")]
    assert robustness_view(a_report(("roles-pity", "PPP")))["moved"] == []


def test_the_list_of_moves_is_bounded():
    rows = [("", "FFF"), *[("roles-pity", "PPP")] * 100]
    assert len(robustness_view(a_report(*rows))["moved"]) == MAX_MOVED
