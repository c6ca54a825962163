"""The reference check: whole, of single criteria, and how often its answers flip."""

import json

import pytest

from core.domain.checks import CheckStatus
from core.domain.verdict import Verdict
from core.errors import BadInput
from core.hunting.checks.reference_check import Checker, begun
from core.hunting.dispatch.local import LocalClaims
from tests.builders import HandClock, a_session, a_task
from tests.core.hunting.fakes import Bench, Reply


class ScriptedJudge:
    """A judge with given answers by criterion id; `asked` are the requested criteria."""

    def __init__(self, **answers: str) -> None:
        self.answers, self.asked = answers, []

    def __call__(self, request) -> Reply:
        said = next(i for i in ("C1", "C2", "C3") if f"{i}: Says thing" in request.messages[-1].content)
        self.asked.append(said)
        return Reply(text=json.dumps({"reason": "so", "evidence": "", "verdict": self.answers.get(said, "PASS")}))


async def a_bench(judge):
    bench = Bench(judge)
    await bench.open(a_session())

    async def check(*criterion_ids):
        bench.clock.seconds += 1
        await bench.store.change("s_one", lambda s: begun(s, "told/judge", bench.clock, "", criterion_ids))
        await Checker(bench.store, bench.hunter.judge, bench.clock, bench.records.append).work("s_one", LocalClaims())
        return (await bench.store.read("s_one")).check

    return bench, check


def verdicts(check):
    return {v.criterion_id: v.verdict for v in check.verdicts}


async def test_all_criteria_are_asked_once_and_all_must_pass():
    judge = ScriptedJudge(C2="FAIL")
    _, check = await a_bench(judge)
    first = await check()
    assert (first.status, sorted(judge.asked)) == (CheckStatus.FAILED, ["C1", "C2", "C3"])
    judge.answers = {}
    assert (await check()).status is CheckStatus.PASSED


async def test_one_criterion_is_asked_again_and_the_others_stand():
    judge = ScriptedJudge(C2="FAIL")
    _, check = await a_bench(judge)
    await check()
    judge.answers, judge.asked = {"C1": "FAIL"}, []
    again = await check("C2")
    assert judge.asked == ["C2"]
    assert (again.status, verdicts(again)) == (CheckStatus.PASSED, dict.fromkeys(("C1", "C2", "C3"), Verdict.PASS))


async def test_answers_that_change_for_the_same_task_are_counted_as_flips():
    judge = ScriptedJudge()
    bench, check = await a_bench(judge)
    await check()
    for answer in ("FAIL", "FAIL", "PASS"):
        judge.answers = {"C2": answer}
        last = await check("C2")
    assert dict(last.flips) == {"C2": 2}
    await bench.store.change("s_one", lambda s: s.model_copy(update={"task": a_task(prompt="Another.")}))
    assert (await check()).flips == ()


async def test_after_an_edit_a_part_of_the_check_passes_nothing():
    judge = ScriptedJudge()
    bench, check = await a_bench(judge)
    await check()
    await bench.store.change("s_one", lambda s: s.model_copy(update={"task": a_task(prompt="Another.")}))
    part = await check("C1")
    assert (part.status, list(verdicts(part))) == (CheckStatus.UNDETERMINED, ["C1"])
    assert (await check("C2", "C3")).status is CheckStatus.PASSED


def test_criteria_that_the_task_has_not_are_named():
    with pytest.raises(BadInput) as refused:
        begun(a_session(), "told/judge", Bench().clock, "", ("C2", "C9"))
    assert refused.value.details == {"unknown": ["C9"]}


def test_a_check_begins_after_the_one_before_it_whatever_the_clock_says():
    clock = HandClock()
    first = begun(a_session(), "told/judge", clock)
    first = first.model_copy(update={"check": first.check.model_copy(update={"status": CheckStatus.PASSED})})
    clock.seconds -= 60
    second = begun(first, "told/judge", clock)
    assert second.check.started_at > first.check.started_at
