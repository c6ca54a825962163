"""A judge that cannot judge: the run stops instead of paying for replies, and what was paid for stays judgeable."""

import asyncio

import pytest

from core.domain.checks import CheckStatus
from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.domain.session import Visibility
from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict
from core.hunting.checks.reference_check import Checker, begun
from core.hunting.checks.rejudge import Rejudger, job_key, judged_again, refuse_rejudging
from core.hunting.dispatch.local import LocalClaims
from core.hunting.orders import RejudgeOrder
from core.hunting.runs import runner as runner_module
from tests.builders import NOW, a_run, a_session
from tests.core.hunting.fakes import Bench, fails, passes

MAX_FAILURES = 5


def judge_fails(code="unauthorized", when=lambda _request: True):
    def answer(request):
        if request.purpose == "judge" and when(request):
            raise fails(code)
        return passes(request)

    return answer


async def hunted(answer, hunts=60, **changes):
    bench = Bench(answer, calls__max_same_failures=MAX_FAILURES, calls__judge_outage_s=60.0)
    run = a_run(hunts, models=("told/a",), judge_model="told/judge", **changes)
    await bench.open(a_session(runs=(run,)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    return bench


@pytest.mark.parametrize("code", ["unauthorized", "unknown_model", "out_of_credit", "output_limit"])
async def test_the_run_stops_and_names_judge_and_cause(code):
    bench = await hunted(judge_fails(code))
    run = await bench.run()
    assert run.status is RunStatus.FAILED
    assert "told/judge" in run.stop_reason
    assert f"{code}. The judge's call failed: It failed: {code}." in run.stop_reason
    assert MAX_FAILURES <= bench.provider.targets < 40


async def test_no_reply_that_was_paid_for_is_lost():
    bench = await hunted(judge_fails())
    hunts = await bench.hunts()
    replied = [h for h in hunts if h.reply is not None]
    assert len(replied) == bench.provider.targets
    assert {h.outcome for h in replied} == {Outcome.UNDETERMINED}
    others = [h for h in hunts if h.reply is None]
    assert {(h.outcome, h.error.code) for h in others} == {(Outcome.INTERRUPTED, "run_stopped")}
    assert len(hunts) == 60


async def test_the_replies_can_be_judged_once_the_judge_answers():
    bench = await hunted(judge_fails())
    hunt = next(h for h in await bench.hunts() if h.reply is not None)
    session = await bench.store.read("s_one")
    refuse_rejudging(session, hunt, 20)
    again = judged_again(hunt, session.runs[0], RejudgeOrder(), NOW)
    await bench.store.save_hunt("s_one", again)
    bench.provider.answer = passes
    await Rejudger(bench.store, bench.hunter, bench.clock, bench.records.append, 1.0).work(
        "s_one", job_key("s_one", again), LocalClaims()
    )
    judged = await bench.store.hunt("s_one", hunt.hunt_id)
    assert (judged.outcome, judged.reply) == (Outcome.HELD, hunt.reply)


async def test_a_judge_that_fails_on_one_criterion_stops_the_run_only_when_that_leaves_it_undecided():
    def second(request):
        return "C2" in request.messages[-1].content

    undecided = await hunted(
        judge_fails("refused", second), task=a_run().task.model_copy(update={"pass_rule": PassRule.ALL})
    )
    assert (await undecided.run()).status is RunStatus.FAILED
    decided = await hunted(judge_fails("refused", second))
    assert (await decided.run()).status is RunStatus.COMPLETED
    assert {h.outcome for h in await decided.hunts()} == {Outcome.HELD}


async def test_a_short_outage_of_the_judge_stops_nothing():
    asked = iter(range(10_000))
    bench = await hunted(judge_fails("unreachable", lambda _request: next(asked) < 60))
    run = await bench.run()
    outcomes = [h.outcome for h in await bench.hunts()]
    assert (run.status, run.stop_reason) == (RunStatus.COMPLETED, "")
    assert outcomes.count(Outcome.UNDETERMINED) >= MAX_FAILURES
    assert outcomes.count(Outcome.HELD) > MAX_FAILURES


async def test_an_outage_that_lasts_stops_the_run():
    answer = judge_fails("unreachable")

    def slow(request):
        bench_clock.seconds += 1.0
        return answer(request)

    bench = Bench(slow, calls__max_same_failures=MAX_FAILURES, calls__judge_outage_s=60.0)
    bench_clock = bench.clock
    await bench.open(a_session(runs=(a_run(400, models=("told/a",), judge_model="told/judge"),)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert (await bench.run()).status is RunStatus.FAILED
    assert bench.provider.targets < 100


async def test_what_another_process_found_out_stops_this_one_too(monkeypatch):
    monkeypatch.setattr(runner_module, "PROGRESS_EVERY_S", 0.01)
    bench = Bench()
    await bench.open(a_session(runs=(a_run(100, models=("told/a",), judge_model="told/judge"),)))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    while bench.provider.in_flight < 4:
        await asyncio.sleep(0)
    reason = {"stop_reason": "The judge told/judge left the last 5 replies undecided."}
    await bench.store.change("s_one", lambda s: s.with_run(s.runs[0].model_copy(update=reason)))
    while not any(h.outcome is Outcome.INTERRUPTED for h in await bench.hunts()) and not work.done():
        await asyncio.sleep(0.01)
        if bench.provider.in_flight:
            bench.provider.gate.set()
    await work
    run, hunts = await bench.run(), await bench.hunts()
    assert (run.status, run.stop_reason) == (RunStatus.FAILED, reason["stop_reason"])
    assert sum(h.reply is not None for h in hunts) == bench.provider.targets < 60
    assert {h.outcome for h in hunts} == {Outcome.HELD, Outcome.INTERRUPTED}


async def test_a_run_resumed_after_its_judge_failed_makes_no_calls():
    bench = Bench()
    run = a_run(10, models=("told/a",), judge_model="told/judge", status=RunStatus.RUNNING, stop_reason="Its judge.")
    await bench.open(a_session(runs=(run,)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert (bench.provider.targets, (await bench.run()).status) == (0, RunStatus.FAILED)
    assert {h.status for h in await bench.hunts()} == {HuntStatus.DONE}


async def test_a_failing_target_stops_the_run_in_other_processes_with_its_cause():
    def refuse(_request):
        raise fails("unauthorized")

    bench = await hunted(refuse)
    assert "unauthorized" in (await bench.run()).stop_reason


async def test_a_trial_with_such_a_judge_is_undetermined_and_says_why():
    bench = await hunted(judge_fails(), hunts=1, first_number=-1, trial=True)
    hunt = await bench.store.hunt("s_one", "r_one.1")
    assert (hunt.outcome, {v.error for v in hunt.verdicts}) == (Outcome.UNDETERMINED, {"unauthorized"})
    assert (await bench.run()).status is RunStatus.COMPLETED


async def test_a_reference_check_with_such_a_judge_says_how_its_call_failed():
    bench = Bench(judge_fails())
    await bench.open(begun(a_session(visibility=Visibility.BLIND), "told/judge", bench.clock))
    checker = Checker(bench.store, bench.hunter.judge, bench.clock, bench.records.append)
    await checker.judge_reference("s_one", LocalClaims())
    check = (await bench.store.read("s_one")).check
    assert (check.status, {v.verdict for v in check.verdicts}) == (CheckStatus.UNDETERMINED, {Verdict.UNDETERMINED})
    assert check.error == "The judge's call failed: It failed: unauthorized."
