"""Checks that two processes changed without Redis: nothing that was paid for or written is lost, and a stop holds."""

from datetime import timedelta

import pytest

from core.domain.checks import CheckStatus, JudgedTwin, ReportStatus, RobustnessReport, TwoSidedCheck, ViolatingEdit
from core.sessions.merging import merge_sessions
from tests.builders import NOW, a_session, a_verdict


def a_report(*letters, status=ReportStatus.RUNNING, calls=0, **changes):
    twins = tuple(JudgedTwin(hunt_id="r_one.1", attack=f"a{n}", verdicts=word) for n, word in enumerate(letters))
    made = {"status": status, "twins": twins, "calls": calls, "cost_usd": calls * 0.5, "started_at": NOW}
    return RobustnessReport(**(made | changes))


def an_edit(criterion_id, text="Argon.", *judged):
    verdicts = tuple(a_verdict(one, "PASS") for one in judged)
    return ViolatingEdit(criterion_id=criterion_id, text=text, judged=True, verdicts=verdicts)


def a_check(*edits, status=CheckStatus.RUNNING, **changes):
    return TwoSidedCheck(**({"status": status, "edits": edits, "started_at": NOW} | changes))


def merged(name, before, ours, theirs, *, ours_is_newer=True):
    base, versions = a_session(version=5, **{name: before}), (9, 7) if ours_is_newer else (7, 9)
    both = (a_session(version=version, **{name: one}) for version, one in zip(versions, (ours, theirs), strict=True))
    return getattr(merge_sessions(base, *both), name)


@pytest.mark.parametrize("newer", [True, False])
def test_a_report_that_one_side_stops_is_stopped_and_has_the_verdicts_of_both(newer):
    before = a_report("P--", "---", calls=1)
    worked = a_report("PF-", "P--", calls=3)
    stopped = a_report("P--", "--U", status=ReportStatus.ERROR, error="The report was stopped.", calls=2)
    both = merged("robustness", before, worked, stopped, ours_is_newer=newer)
    assert both == a_report("PF-", "P-U", status=ReportStatus.ERROR, error="The report was stopped.", calls=4)


def test_a_report_that_is_done_is_done_and_of_two_reports_the_newer_sessions_stays():
    before, stopped = a_report("P-", calls=1), a_report("P-", status=ReportStatus.ERROR, error="Stopped.", calls=1)
    done = a_report("PF", status=ReportStatus.DONE, calls=2)
    assert merged("robustness", before, stopped, done) == done
    later = a_report("--", started_at=NOW + timedelta(seconds=1))
    assert merged("robustness", before, done, later) == done
    assert merged("robustness", before, done, later, ours_is_newer=False) == later


@pytest.mark.parametrize("newer", [True, False])
def test_an_edit_that_a_person_writes_stays_and_so_do_the_verdicts_on_others(newer):
    before = a_check(an_edit("C1"), an_edit("C2"))
    worked = a_check(an_edit("C1", "Argon.", "C1", "C2"), an_edit("C2", "Argon.", "C1"), reference=(a_verdict("C2"),))
    written = a_check(an_edit("C1"), an_edit("C2", "By hand."), an_edit("C10", "New."), reference=(a_verdict("C1"),))
    assert merged("two_sided_check", before, worked, written, ours_is_newer=newer) == a_check(
        an_edit("C1", "Argon.", "C1", "C2"),
        an_edit("C2", "By hand."),
        an_edit("C10", "New."),
        reference=(a_verdict("C1"), a_verdict("C2")),
    )


@pytest.mark.parametrize("newer", [True, False])
def test_verdicts_of_both_sides_on_one_edit_are_merged_and_an_edit_that_one_removes_is_gone(newer):
    before = a_check(an_edit("C1"), an_edit("C2"))
    ours, theirs = a_check(an_edit("C1", "Argon.", "C1"), an_edit("C2")), a_check(an_edit("C1", "Argon.", "C3"))
    both = merged("two_sided_check", before, ours, theirs, ours_is_newer=newer)
    assert both == a_check(an_edit("C1", "Argon.", "C1", "C3"))


@pytest.mark.parametrize("newer", [True, False])
def test_a_check_that_passed_on_one_side_does_not_pass_an_edit_that_the_other_wrote(newer):
    before, passed = a_check(an_edit("C1")), a_check(an_edit("C1", "Argon.", "C1"), status=CheckStatus.PASSED)
    written = a_check(an_edit("C1", "By hand."))
    both = merged("two_sided_check", before, passed, written, ours_is_newer=newer)
    assert (both.status, both.edit("C1").text) == (CheckStatus.UNDETERMINED, "By hand.")


@pytest.mark.parametrize("newer", [True, False])
def test_edits_that_a_model_has_proposed_on_one_side_are_not_asked_for_again(newer):
    def asking(*asked, running=True):
        proposals = TwoSidedCheck().proposals.model_copy(update={"running": running, "asked": asked, "started_at": NOW})
        return TwoSidedCheck(proposals=proposals)

    both = merged(
        "two_sided_check", asking("C1", "C2", "C3"), asking("C1", "C2"), asking("C2", "C3"), ours_is_newer=newer
    )
    assert both == asking("C2")
    ended = merged("two_sided_check", asking("C1", "C2"), asking("C1"), asking(running=False), ours_is_newer=newer)
    assert ended == asking(running=False)
