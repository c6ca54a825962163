"""Whether the checks of a task have passed and still hold."""

import pytest

from core.domain.checks import (
    NO_TWO_SIDED_CHECK,
    CheckStatus,
    EditProposals,
    JudgedTwin,
    ReferenceCheck,
    ReportStatus,
    RobustnessReport,
    TwoSidedCheck,
    ViolatingEdit,
    check_status,
)
from core.domain.parameters import Parameters
from core.domain.verdict import Verdict
from tests.builders import NOW, a_session, a_task, a_verdict

P, F, U, M = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED, Verdict.MISSING


@pytest.mark.parametrize(
    ("verdicts", "criteria", "status"),
    [
        ([P, P, P], 3, CheckStatus.PASSED),
        ([P, P, F], 3, CheckStatus.FAILED),
        ([P, U, F], 3, CheckStatus.FAILED),
        ([P, U, M], 3, CheckStatus.FAILED),
        ([F], 3, CheckStatus.FAILED),
        ([P, P, U], 3, CheckStatus.UNDETERMINED),
        ([P, P], 3, CheckStatus.UNDETERMINED),
        ([P, P, P], 2, CheckStatus.UNDETERMINED),
        ([], 3, CheckStatus.UNDETERMINED),
        ([], 0, CheckStatus.UNDETERMINED),
    ],
)
def test_every_criterion_must_pass_for_the_check_to_pass(verdicts, criteria, status):
    said = tuple(a_verdict(f"C{n}", verdict) for n, verdict in enumerate(verdicts, 1))
    assert check_status(said, criteria) is status


def test_a_check_holds_for_the_task_that_it_was_made_for_only():
    task, edited = a_task(), a_task(prompt="Another one.")
    passed = ReferenceCheck(status=CheckStatus.PASSED, task_hash=task.content_hash())
    assert (passed.passed_for(task), passed.passed_for(edited)) == (True, False)
    assert (passed.stale_for(task), passed.stale_for(edited)) == (False, True)
    failed = passed.model_copy(update={"status": CheckStatus.FAILED})
    assert (failed.passed_for(task), failed.stale_for(task), failed.stale_for(edited)) == (False, False, True)
    assert (ReferenceCheck().passed_for(task), ReferenceCheck().stale_for(task)) == (False, False)


# -- the two-sided check


def an_edit(criterion_id="C1", text="Argon.", **changes):
    return ViolatingEdit(criterion_id=criterion_id, text=text, **changes)


def test_edits_are_kept_in_the_order_of_the_criteria_one_for_each():
    task, check = a_task(), NO_TWO_SIDED_CHECK
    for one in (an_edit("C3"), an_edit("C1"), an_edit("C9"), an_edit("C1", "Xenon.")):
        check = check.with_edits({one.criterion_id: one}, task)
    assert check.edits == (an_edit("C1", "Xenon."), an_edit("C3"))
    assert (check.edit("C3"), check.edit("C2")) == (an_edit("C3"), None)
    assert check.with_edits({"C1": None, "C2": None}, task).edits == (an_edit("C3"),)


def test_a_two_sided_check_holds_for_its_task_only():
    task, edited = a_task(), a_task(prompt="Another one.")
    passed = TwoSidedCheck(status=CheckStatus.PASSED, task_hash=task.content_hash())
    assert (passed.passed_for(task), passed.passed_for(edited)) == (True, False)
    assert (passed.stale_for(task), passed.stale_for(edited)) == (False, True)
    assert (NO_TWO_SIDED_CHECK.passed_for(task), NO_TWO_SIDED_CHECK.stale_for(task)) == (False, False)


def test_a_check_is_started_when_a_judge_or_a_model_was_asked():
    assert not TwoSidedCheck(edits=(an_edit(),)).started
    assert TwoSidedCheck(status=CheckStatus.ERROR).started
    assert TwoSidedCheck(proposals=EditProposals(started_at=NOW)).started


def test_sessions_without_edits_are_stored_as_before():
    assert "two_sided" not in a_session().model_dump_json()
    edited = a_session(two_sided_check=TwoSidedCheck(edits=(an_edit(),)))
    assert type(edited).model_validate_json(edited.model_dump_json()) == edited


def test_the_texts_of_edits_and_their_verdicts_count_in_the_size_of_a_session():
    edit = an_edit(text="x" * 1000, verdicts=(a_verdict(reason="y" * 500),), change="z" * 50, problem="p" * 7)
    grown = a_session(two_sided_check=TwoSidedCheck(edits=(edit,), reference=(a_verdict(reason="r" * 20),)))
    assert grown.rough_bytes - a_session().rough_bytes == 1577


def test_idempotency_keys_are_left_out():
    check = TwoSidedCheck(idempotency_key="a", proposals=EditProposals(idempotency_key="b", model="m"))
    assert check.without_keys() == TwoSidedCheck(proposals=EditProposals(model="m"))


def test_a_robustness_report_is_stale_once_the_task_has_changed():
    task, edited = a_task(), a_task(prompt="Another one.")
    report = RobustnessReport(status=ReportStatus.DONE, task_hash=task.content_hash())
    assert (report.stale_for(task), report.stale_for(edited)) == (False, True)
    assert not RobustnessReport().stale_for(task)


def test_a_two_sided_check_weighs_what_its_texts_and_the_parameters_of_its_models_do():
    said = a_verdict(reason="r" * 3, evidence="e" * 40, judge_text="j" * 500)
    check = TwoSidedCheck(
        judge_parameters=Parameters(system_prompt="s" * 6_000),
        proposals=EditProposals(parameters=Parameters(system_prompt="p" * 10_000)),
        reference=(said,),
        edits=(an_edit(text="t" * 800_000), an_edit("C2", text="t" * 100_000)),
    )
    assert check.rough_bytes == 916_543


def test_a_robustness_report_weighs_what_its_verdicts_do_and_is_stored_when_there_is_one():
    twins = (JudgedTwin(hunt_id="r_one.1", attack="quote", verdicts="PF"), JudgedTwin(hunt_id="r_one.2", attack=""))
    report = RobustnessReport(status=ReportStatus.DONE, twins=twins)
    assert (RobustnessReport().rough_bytes, report.rough_bytes) == (0, 21)
    assert "robustness" not in a_session().model_dump()
    assert "robustness" in a_session(robustness=report).model_dump()
