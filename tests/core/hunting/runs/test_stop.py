"""A run that is told when to stop, single hunts that are cancelled, errors that are tried again."""

import asyncio

import pytest

from core.domain.run import RunStatus
from core.domain.stop_rule import StopRule
from core.domain.verdict import Outcome
from core.hunting.dispatch.local import LocalClaims
from core.hunting.runs import runner as runner_module
from tests.builders import a_run, a_session
from tests.core.hunting.fakes import Bench, Reply, passes


def a_started_session(hunts=6, **changes):
    return a_session(runs=(a_run(hunts, models=("told/a",), judge_model="told/judge", **changes),))


def breaks(request):
    if request.purpose == "judge":
        return Reply(text='{"reason": "no", "evidence": "", "verdict": "FAIL"}', cost_usd=0.001)
    return passes(request)


@pytest.fixture
def quick_progress(monkeypatch):
    monkeypatch.setattr(runner_module, "PROGRESS_EVERY_S", 0.01)


@pytest.mark.parametrize(
    "rule", [StopRule(rule="breaks", breaks=3), StopRule(rule="cost", cost_usd=0.039)], ids=lambda r: r.rule
)
async def test_no_hunt_begins_after_the_rule_is_met_and_those_that_began_end(rule):
    bench = Bench(breaks)
    await bench.open(a_started_session(100, stop=rule))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    hunts = await bench.hunts()
    ended = {outcome: [h for h in hunts if h.outcome is outcome] for outcome in (Outcome.BROKE, Outcome.CANCELLED)}
    assert len(hunts) == 100 == len(ended[Outcome.BROKE]) + len(ended[Outcome.CANCELLED])
    assert 3 <= len(ended[Outcome.BROKE]) < 40
    assert bench.provider.targets == len(ended[Outcome.BROKE])
    assert all(h.reply is None for h in ended[Outcome.CANCELLED])
    run = await bench.run()
    why = {"breaks": "Stopped at the goal of 3 breaks:", "cost": "Stopped at the run's cost limit of $0.039."}[
        rule.rule
    ]
    assert (run.status, run.stop_reason.startswith(why)) == (RunStatus.COMPLETED, True)


async def test_a_rule_that_is_met_by_the_last_hunt_stops_nothing():
    bench = Bench(breaks)
    await bench.open(a_started_session(3, stop=StopRule(rule="breaks", breaks=3)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert {h.outcome for h in await bench.hunts()} == {Outcome.BROKE}
    assert (await bench.run()).stop_reason == ""


async def test_a_resumed_run_starts_nothing_if_its_stop_rule_is_already_met():
    bench = Bench(breaks)
    await bench.open(a_started_session(2, stop=StopRule(rule="breaks", breaks=2)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    more = (await bench.run()).model_copy(update={"hunts": 30, "status": RunStatus.RUNNING})
    await bench.store.change("s_one", lambda s: s.with_run(more))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert bench.provider.targets == 2


async def test_a_futile_run_stops():
    bench = Bench()
    await bench.open(a_started_session(300, stop=StopRule(futility=0.1)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    run, hunts = await bench.run(), await bench.hunts()
    held = sum(h.outcome is Outcome.HELD for h in hunts)
    assert held + sum(h.outcome is Outcome.CANCELLED for h in hunts) == 300
    assert 60 < held < 120
    assert run.stop_reason.startswith("Stopped: the break rate is probably at most ")
    assert run.status is RunStatus.COMPLETED


async def test_a_rule_that_was_met_stays_met_whatever_hunts_in_progress_find():
    bench = Bench()
    await bench.open(a_started_session(30, stop=StopRule(futility=0.01), stop_met="Stopped: not worthwhile."))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert {h.outcome for h in await bench.hunts()} == {Outcome.CANCELLED}
    assert ((await bench.run()).stop_reason, bench.provider.targets) == ("Stopped: not worthwhile.", 0)


async def test_a_rule_that_another_process_found_met_stops_the_hunts_here(quick_progress):
    bench = Bench()
    await bench.open(a_started_session(100, stop=StopRule(futility=0.001)))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    while not bench.provider.in_flight:
        await asyncio.sleep(0)
    met = {"stop_met": "Stopped: not worthwhile."}
    await bench.store.change("s_one", lambda s: s.with_run(s.runs[0].model_copy(update=met)))
    while not any(h.outcome is Outcome.CANCELLED for h in await bench.hunts()):
        bench.provider.gate.set()
        await asyncio.sleep(0.005)
    await work
    assert (await bench.run()).stop_reason == "Stopped: not worthwhile."
    assert bench.provider.targets < 100


async def cancel(bench, *places):
    ids = tuple(f"r_one.{place}" for place in places)
    await bench.store.change("s_one", lambda s: s.with_run(s.runs[0].model_copy(update={"cancelled_hunts": ids})))


async def test_one_hunt_is_cancelled_and_the_others_continue(quick_progress):
    bench = Bench()
    await bench.open(a_started_session(30))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    while bench.provider.in_flight < 4:
        await asyncio.sleep(0)
    await cancel(bench, 2, 29)  # one that is being called, one that has not begun
    while sum(h.outcome is Outcome.CANCELLED for h in await bench.hunts()) < 2:
        await asyncio.sleep(0.005)
    bench.provider.gate.set()
    await work
    hunts = await bench.hunts()
    assert [h.number for h in hunts if h.outcome is Outcome.CANCELLED] == [2, 29]
    assert sum(h.outcome is Outcome.HELD for h in hunts) == 28
    assert ((await bench.run()).status, bench.provider.in_flight) == (RunStatus.COMPLETED, 0)


async def test_a_reply_that_had_come_stays_with_its_cancelled_hunt(quick_progress):
    judging = asyncio.Event()

    class Slow(type(Bench().provider)):
        async def complete(self, request, context):
            if request.purpose == "judge":
                judging.set()
                await asyncio.Event().wait()
            return await super().complete(request, context)

    bench = Bench()
    bench.provider.__class__ = Slow
    await bench.open(a_started_session(1))
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    await judging.wait()
    await cancel(bench, 1)
    await work
    (hunt,) = await bench.hunts()
    assert (hunt.outcome, hunt.reply.text) == (Outcome.CANCELLED, "A reply.")
