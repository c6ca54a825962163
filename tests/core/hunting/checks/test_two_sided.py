"""The two-sided check: what is judged, kept, asked once, and what becomes of edits that change meanwhile."""

import asyncio
import json

import pytest

from core.domain.chat import Reply
from core.domain.checks import CheckStatus, ReferenceCheck, TwoSidedCheck, ViolatingEdit
from core.domain.parameters import Target
from core.domain.verdict import Verdict
from core.errors import BadInput, HunterError
from core.hunting.checks.two_sided import (
    MAX_JUDGED_VERDICTS,
    MAX_REASON_CHARS,
    TwoSidedChecker,
    begun,
    chosen_edits,
    job_key,
    with_edit,
    with_verdicts,
)
from core.hunting.dispatch.local import LocalClaims
from core.review.two_sided import findings_of
from tests.builders import HandClock, a_session, a_task, a_verdict
from tests.core.hunting.fakes import Bench, fails

JUDGE = Target(model="told/judge")
EDITS = {"C1": "Argon one.", "C2": "Argon two.", "C3": "Argon three."}


class MatrixJudge:
    """Fails the criteria that `failing` names for a text; `asked` lists (text, criterion)."""

    def __init__(self, **failing):
        self.failing = {EDITS[edit]: set(ids.split()) for edit, ids in failing.items()}
        self.asked = []

    def __call__(self, request):
        content = request.messages[-1].content
        criterion = next(i for i in ("C1", "C2", "C3") if f"{i}: Says thing" in content)
        text = next((text for text in EDITS.values() if text in content), "Krypton.")
        self.asked.append((text, criterion))
        verdict = "FAIL" if criterion in self.failing.get(text, ()) else "PASS"
        reason = "so " * MAX_REASON_CHARS
        return Reply(text=json.dumps({"reason": reason, "evidence": "", "verdict": verdict}), cost_usd=0.001)


RIGHT = {"C1": "C1", "C2": "C2", "C3": "C3"}


def with_all_edits(session, edits=EDITS):
    for criterion, text in edits.items():
        session = with_edit(session, criterion, text)
    return session


async def a_bench(judge, session=None):
    bench = Bench(judge)
    await bench.open(with_all_edits(session or a_session()))

    async def check(*criterion_ids, judge=JUDGE):
        bench.clock.seconds += 1
        await bench.store.change("s_one", lambda s: begun(s, judge, bench.clock, "", criterion_ids))
        await a_checker(bench).work("s_one", LocalClaims())
        return (await bench.store.read("s_one")).two_sided_check

    return bench, check


def a_checker(bench):
    return TwoSidedChecker(bench.store, bench.hunter.judge, bench.clock, bench.records.append, max_same_failures=5)


async def test_every_edit_and_the_reference_are_judged_on_all_criteria_once():
    judge = MatrixJudge(**RIGHT)
    bench, check = await a_bench(judge)
    ended = await check()
    assert (ended.status, ended.finished_at, ended.error) == (CheckStatus.PASSED, bench.clock.now(), "")
    assert len(judge.asked) == len(set(judge.asked)) == 12
    assert [len(edit.verdicts) for edit in ended.edits] == [3, 3, 3]
    assert findings_of(ended, a_task()) == ()
    assert [record.detail for record in bench.records] == ["two-sided passed"]


async def test_long_reasons_are_stored_shortened():
    _, check = await a_bench(MatrixJudge(**RIGHT))
    reasons = [one.reason for edit in (await check()).edits for one in edit.verdicts]
    assert max(map(len, reasons)) < MAX_REASON_CHARS + 60


async def test_verdicts_of_the_reference_check_are_not_asked_again():
    judge, task = MatrixJudge(C1="C1", C2="C2"), a_task()
    known = tuple(a_verdict(i, verdict) for i, verdict in zip(EDITS, ("PASS", "UNDETERMINED", "FAIL"), strict=True))
    done = ReferenceCheck(
        status=CheckStatus.FAILED, task_hash=task.content_hash(), judge_model="told/judge", verdicts=known
    )
    _, check = await a_bench(judge, a_session(check=done))
    ended = await check()
    assert [criterion for text, criterion in judge.asked if text == "Krypton."] == ["C2"]
    assert [one.verdict for one in ended.reference] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    judge.asked.clear()
    await check(judge=Target(model="told/other"))
    assert len(judge.asked) == 12


async def test_one_edit_is_judged_again_and_the_others_stand():
    judge = MatrixJudge(C1="C1", C2="", C3="C3")
    _bench, check = await a_bench(judge)
    assert (await check()).status is CheckStatus.FAILED
    judge.failing, judge.asked = MatrixJudge(**RIGHT).failing, []
    again = await check("C2")
    assert {text for text, _ in judge.asked} == {EDITS["C2"]}
    assert again.status is CheckStatus.PASSED


async def test_another_judge_judges_everything_again():
    judge = MatrixJudge(**RIGHT)
    _, check = await a_bench(judge)
    await check()
    judge.asked.clear()
    part = await check("C2", judge=Target(model="told/other"))
    assert {text for text, _ in judge.asked} == {EDITS["C2"], "Krypton."}
    assert part.status is CheckStatus.UNDETERMINED
    assert [len(edit.verdicts) for edit in part.edits] == [0, 3, 0]


async def test_a_check_that_was_interrupted_asks_only_for_the_rest():
    judge = MatrixJudge(**RIGHT)
    bench, _ = await a_bench(judge)
    await bench.store.change("s_one", lambda s: begun(s, JUDGE, bench.clock))
    claims = LocalClaims()

    def stop_after_five(request):
        if len(judge.asked) == 5:
            claims.handing_back = True
            work.cancel()
        return judge(request)

    bench.provider.answer = stop_after_five
    work = asyncio.create_task(a_checker(bench).work("s_one", claims))
    await asyncio.wait([work])
    half = (await bench.store.read("s_one")).two_sided_check
    kept = sum(len(edit.verdicts) for edit in half.edits) + len(half.reference)
    assert half.status is CheckStatus.RUNNING
    assert kept > 0
    judge.asked.clear()
    bench.provider.answer = judge
    await a_checker(bench).work("s_one", LocalClaims())
    assert len(judge.asked) == 12 - kept
    assert (await bench.store.read("s_one")).two_sided_check.status is CheckStatus.PASSED


async def test_an_edit_that_is_replaced_while_it_is_judged_gets_no_verdict():
    judge = MatrixJudge(**RIGHT)
    bench, _check = await a_bench(judge)
    await bench.store.change("s_one", lambda s: begun(s, JUDGE, bench.clock))
    await bench.store.change("s_one", lambda s: with_edit(s, "C2", "Xenon."))
    await a_checker(bench).work("s_one", LocalClaims())
    ended = (await bench.store.read("s_one")).two_sided_check
    assert "Xenon." not in {text for text, _ in judge.asked}
    assert (ended.edit("C2").verdicts, ended.status) == ((), CheckStatus.UNDETERMINED)
    assert [finding.kind for finding in findings_of(ended, a_task())] == ["untested"]


async def test_a_task_that_changes_before_the_work_begins_is_not_judged():
    judge = MatrixJudge(**RIGHT)
    bench, _ = await a_bench(judge)
    await bench.store.change("s_one", lambda s: begun(s, JUDGE, bench.clock))
    await bench.store.change("s_one", lambda s: s.model_copy(update={"task": a_task(prompt="Another.")}))
    await a_checker(bench).work("s_one", LocalClaims())
    ended = (await bench.store.read("s_one")).two_sided_check
    assert (judge.asked, ended.status) == ([], CheckStatus.ERROR)
    assert "The task was changed" in ended.error


async def test_a_judge_that_fails_now_and_then_leaves_the_check_undetermined():
    judge = MatrixJudge(**RIGHT)

    def fail_on_c1(request):
        reply = judge(request)
        if judge.asked[-1][1] == "C1":
            raise fails()
        return reply

    _, check = await a_bench(fail_on_c1)
    ended = await check()
    assert ended.status is CheckStatus.UNDETERMINED
    assert {finding.kind for finding in findings_of(ended, a_task())} == {"undetermined"}


async def test_a_judge_that_keeps_failing_ends_the_check_and_the_next_one_continues_it():
    judge = MatrixJudge(**RIGHT)

    def unpaid_after_three(request):
        if len(judge.asked) == 3:
            raise fails("unauthorized")
        return judge(request)

    bench, check = await a_bench(unpaid_after_three)
    ended = await check()
    assert (ended.status, ended.error) == (
        CheckStatus.ERROR,
        "The judge’s calls failed: It failed: unauthorized. Check again.",
    )
    bench.provider.answer = judge
    assert (await check()).status is CheckStatus.PASSED
    assert len(judge.asked) == len(set(judge.asked)) == 12


async def delete_elsewhere(bench):
    await bench.store.delete("s_one")


async def start_again_elsewhere(bench):
    bench.clock.seconds += 1
    await bench.store.change("s_one", lambda s: s.model_copy(update={"task": a_task(prompt="Another.")}))
    await bench.store.change("s_one", lambda s: with_all_edits(s))
    await bench.store.change("s_one", lambda s: begun(s, JUDGE, bench.clock))


@pytest.mark.parametrize("change", [delete_elsewhere, start_again_elsewhere], ids=lambda c: c.__name__)
async def test_a_check_that_another_process_replaces_or_deletes_costs_the_calls_in_flight_at_most(change, monkeypatch):
    monkeypatch.setattr("core.hunting.checks.two_sided.EDITS_AT_ONCE", 1)
    judge = MatrixJudge(**RIGHT)
    bench, _ = await a_bench(judge)
    await bench.store.change("s_one", lambda s: begun(s, JUDGE, bench.clock))

    async def changed_after_one(request, context, complete=bench.provider.complete):
        reply = await complete(request, context)
        if len(judge.asked) == 1:
            await change(bench)
        return reply

    bench.provider.complete = changed_after_one
    await a_checker(bench).work("s_one", LocalClaims())
    assert len(judge.asked) <= 3
    assert bench.records == []


def test_a_verdict_that_comes_late_changes_nothing():
    session = begun(with_all_edits(a_session()), JUDGE, HandClock())
    texts = {"": "Krypton.", **EDITS}
    first = with_verdicts(session.two_sided_check, texts, {("C1", "C2"): a_verdict("C2", "PASS")})
    assert [one.verdict for one in first.edit("C1").verdicts] == [Verdict.PASS]
    assert with_verdicts(first, texts, {("C1", "C2"): a_verdict("C2", "FAIL")}) == first


async def test_an_ended_check_is_not_worked_on_again():
    judge = MatrixJudge(**RIGHT)
    bench, check = await a_bench(judge)
    await check()
    judge.asked.clear()
    await a_checker(bench).work("s_one", LocalClaims())
    await a_checker(bench).work("s_gone", LocalClaims())
    assert judge.asked == []


def test_a_repeated_key_and_a_running_check_start_nothing():
    session, clock = with_all_edits(a_session()), HandClock()
    running = begun(session, JUDGE, clock, "key")
    assert begun(running, JUDGE, clock, "other") is running
    ended = running.two_sided_check.model_copy(update={"status": CheckStatus.FAILED})
    ended = running.model_copy(update={"two_sided_check": ended})
    assert begun(ended, JUDGE, clock, "key") is ended
    assert job_key(begun(ended, JUDGE, clock, "other")) != job_key(ended)


def test_a_new_edit_takes_the_verdicts_and_the_result_of_the_old_one():
    task = a_task()
    rows = {i: tuple(a_verdict(j, Verdict.FAIL if i == j else Verdict.PASS) for j in EDITS) for i in EDITS}
    edits = tuple(
        ViolatingEdit(criterion_id=i, text=t, task_hash=task.content_hash(), judged=True, verdicts=rows[i])
        for i, t in EDITS.items()
    )
    check = TwoSidedCheck(
        status=CheckStatus.PASSED, task_hash=task.content_hash(), edits=edits, reference=tuple(map(a_verdict, EDITS))
    )
    session = a_session(two_sided_check=check, hunts_issued=4)
    assert with_edit(session, "C2", EDITS["C2"]) is session
    edited = with_edit(session, "C2", "Xenon.").two_sided_check
    assert (edited.status, edited.edit("C2").hunts_before) == (CheckStatus.UNDETERMINED, 4)
    assert edited.edit("C1") == check.edit("C1")
    assert [one.criterion_id for one in with_edit(session, "C2", "").two_sided_check.edits] == ["C1", "C3"]


@pytest.mark.parametrize(
    ("criterion", "text", "code"),
    [("C9", "Argon.", "bad_input"), ("C1", "Krypton. ", "no_edit"), ("C1", "x" * 30_000, "no_edit")],
    ids=lambda value: value[:9],
)
def test_what_is_no_edit_is_refused(criterion, text, code):
    with pytest.raises(HunterError) as refused:
        with_edit(a_session(), criterion, text)
    assert refused.value.code == code


def test_edits_of_another_task_are_not_judged_and_too_many_are_refused():
    session = with_all_edits(a_session())
    edited = session.model_copy(update={"task": a_task(prompt="Another.")})
    with pytest.raises(BadInput) as refused:
        chosen_edits(edited)
    assert refused.value.code == "no_edits"
    assert [one.criterion_id for one in chosen_edits(with_edit(edited, "C2", EDITS["C2"]))] == ["C2"]
    task = a_task(31)
    many = with_all_edits(a_session(task=task), {c.id: f"Argon {c.id}." for c in task.criteria})
    with pytest.raises(BadInput) as refused:
        chosen_edits(many)
    assert f"at most {MAX_JUDGED_VERDICTS}" in refused.value.message
    assert "at most 29 criteria" in refused.value.hint
    assert len(chosen_edits(many, ("C1", "C31"))) == 2
