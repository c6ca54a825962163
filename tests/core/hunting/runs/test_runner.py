"""A run: every hunt gets one end, whatever happens on the way."""

import asyncio
import json

import pytest

from core.domain.events import EventType
from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.hunting.dispatch.local import LocalClaims
from core.hunting.runs.runner import SERVER_ENDED
from core.hunting.views.events import run_events
from core.telemetry.records import HuntRecord, RunRecord
from tests.builders import NOW, a_run, a_session
from tests.core.hunting.fakes import Bench, a_started_session, fails


async def test_every_hunt_is_called_once_judged_on_every_criterion_and_published():
    bench = Bench()
    await bench.open(a_started_session())
    await bench.runner.work("s_one", "r_one", LocalClaims())
    hunts = await bench.hunts()
    assert [(h.number, h.model, h.outcome) for h in hunts] == [
        (n, "told/a" if n % 2 else "told/b", Outcome.HELD) for n in range(1, 7)
    ]
    assert (bench.provider.targets, bench.provider.judgements) == (6, 18)
    run = await bench.run()
    assert (run.status, run.finished_at is not None) == (RunStatus.COMPLETED, True)
    assert sum(isinstance(r, HuntRecord) for r in bench.records) == 6
    assert [r.status for r in bench.records if isinstance(r, RunRecord)] == ["completed"]


async def test_the_same_failure_again_and_again_stops_the_run_with_its_cause():
    def refuse(_request):
        raise fails("unauthorized")

    bench = Bench(refuse, calls__max_same_failures=5)
    await bench.open(a_started_session(60))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    run = await bench.run()
    assert (run.status, "unauthorized" in run.stop_reason) == (RunStatus.FAILED, True)
    hunts = await bench.hunts()
    assert len(hunts) == 60
    assert {h.outcome for h in hunts} == {Outcome.ERROR, Outcome.INTERRUPTED}
    assert bench.provider.targets < 60


async def test_cancelling_ends_every_hunt_and_keeps_replies():
    bench = Bench()
    await bench.open(a_started_session(40))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    while bench.provider.in_flight < 16:
        await asyncio.sleep(0)
    await bench.store.change(
        "s_one", lambda s: s.with_run(s.runs[0].model_copy(update={"status": RunStatus.CANCELLED}))
    )
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert {h.outcome for h in await bench.hunts()} == {Outcome.CANCELLED}
    assert len(await bench.hunts()) == 40
    assert (await bench.run()).status is RunStatus.CANCELLED
    assert bench.provider.in_flight == 0


async def test_a_deleted_session_ends_its_run_without_a_word():
    bench = Bench()
    await bench.open(a_started_session(20))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    while not bench.provider.in_flight:
        await asyncio.sleep(0)
    await bench.store.delete("s_one")
    bench.provider.gate.set()
    await work
    assert bench.provider.in_flight == 0


async def test_a_server_that_ends_begins_no_hunt_and_lets_those_in_flight_finish():
    bench = Bench()
    await bench.open(a_started_session(40))
    bench.provider.gate.clear()
    claims = LocalClaims()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", claims))
    while bench.provider.in_flight < 16:
        await asyncio.sleep(0)
    claims.ending.set()
    await asyncio.sleep(0)
    bench.provider.gate.set()
    await asyncio.wait_for(work, 10)
    hunts = await bench.hunts()
    assert len(hunts) == 40
    assert [h.outcome for h in hunts].count(Outcome.HELD) == bench.provider.targets < 40
    assert {h.outcome for h in hunts} == {Outcome.HELD, Outcome.INTERRUPTED}
    run = await bench.run()
    assert (run.status, run.stop_reason) == (RunStatus.FAILED, SERVER_ENDED)


async def test_parts_are_numbered_as_the_run_says_whatever_the_settings_of_this_process():
    bench = Bench(hunting__part_hunts=40)
    run = a_run(5, models=("told/model",), judge_model="told/judge", part_hunts=2)
    await bench.open(a_session(runs=(run,), hunts_issued=5))
    claims = LocalClaims()
    assert await claims.next(3) == 0
    await claims.finish(0)  # by a process that was started with another `part_hunts`
    await bench.runner.work("s_one", "r_one", claims)
    assert [hunt.number for hunt in await bench.hunts()] == [3, 4, 5]


async def test_a_process_that_joins_an_ended_run_publishes_nothing():
    bench = Bench()
    await bench.open(a_started_session(3))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    before = await bench.log.last_id("s_one")
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert await bench.log.read("s_one", before, 10) == ()
    assert bench.activity.runs_started == bench.activity.runs_finished == 1


async def test_a_helper_whose_news_come_late_does_not_turn_an_ended_run_back():
    bench = Bench()
    await bench.open(a_started_session(3))
    bench.provider.gate.clear()
    helper = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    while not bench.provider.in_flight:
        await asyncio.sleep(0)
    counts = bench.store.counts

    async def ended_meanwhile(session_id):
        bench.store.counts = counts
        found = await counts(session_id)
        await bench.store.change(
            "s_one", _completed, events=lambda s: run_events(s.runs[0], found["r_one"], NOW, sealed=False)
        )
        return found

    bench.store.counts = ended_meanwhile  # the other process settles while the helper has its counts already
    await bench.runner._publish_progress(await bench.store.read("s_one"), "r_one")
    told = await bench.log.read("s_one", "0-0", 50)
    assert json.loads([e for e in told if e.type == EventType.RUN][-1].data)["run"]["status"] == "completed"
    bench.provider.gate.set()
    await helper


def _completed(session):
    return session.with_run(session.runs[0].model_copy(update={"status": RunStatus.COMPLETED, "finished_at": NOW}))
