"""A run: every hunt gets one end, whatever happens on the way."""

import asyncio
import json

import pytest

from core.domain.events import EventType
from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.domain.verdict import Outcome, Verdict
from core.hunting.dispatch.local import LocalShards
from core.hunting.runs.runner import SERVER_ENDED
from core.hunting.views.events import run_events
from core.telemetry.records import HuntRecord, RunRecord
from tests.builders import NOW, a_hunt, a_run, a_session, a_verdict
from tests.core.hunting.fakes import Bench, Reply, fails, passes


def a_told_session(hunts: int = 6, **changes):
    return a_session(runs=(a_run(hunts, models=("told/a", "told/b"), judge_model="told/judge", **changes),))


async def test_every_hunt_is_called_once_judged_on_every_criterion_and_told():
    bench = Bench()
    await bench.open(a_told_session())
    await bench.runner.work("s_one", "r_one", LocalShards())
    hunts = await bench.hunts()
    assert [(h.number, h.model, h.outcome) for h in hunts] == [
        (n, "told/a" if n % 2 else "told/b", Outcome.HELD) for n in range(1, 7)
    ]
    assert (bench.provider.targets, bench.provider.judgements) == (6, 18)
    run = await bench.run()
    assert (run.status, run.finished_at is not None) == (RunStatus.COMPLETED, True)
    assert sum(isinstance(r, HuntRecord) for r in bench.records) == 6
    assert [r.status for r in bench.records if isinstance(r, RunRecord)] == ["completed"]


async def test_a_failing_provider_is_an_error_and_never_judged():
    def fail_target(request):
        if request.purpose == "target":
            raise fails("timeout")
        return passes(request)

    bench = Bench(fail_target)
    await bench.open(a_told_session(3))
    await bench.runner.work("s_one", "r_one", LocalShards())
    assert [(h.outcome, h.error.code, h.verdicts) for h in await bench.hunts()] == [(Outcome.ERROR, "timeout", ())] * 3
    assert bench.provider.judgements == 0


async def test_a_failing_judge_is_undetermined_and_never_a_break():
    def fail_judge(request):
        if request.purpose == "judge":
            raise fails("overloaded")
        return passes(request)

    bench = Bench(fail_judge)
    await bench.open(a_told_session(2))
    await bench.runner.work("s_one", "r_one", LocalShards())
    hunts = await bench.hunts()
    assert {h.outcome for h in hunts} == {Outcome.UNDETERMINED}
    assert {v.verdict for h in hunts for v in h.verdicts} == {Verdict.UNDETERMINED}


async def test_the_same_failure_again_and_again_stops_the_run_with_its_cause():
    def refuse(_request):
        raise fails("unauthorized")

    bench = Bench(refuse, calls__max_same_failures=5)
    await bench.open(a_told_session(60))
    await bench.runner.work("s_one", "r_one", LocalShards())
    run = await bench.run()
    assert (run.status, "unauthorized" in run.stop_reason) == (RunStatus.FAILED, True)
    hunts = await bench.hunts()
    assert len(hunts) == 60
    assert {h.outcome for h in hunts} == {Outcome.ERROR, Outcome.INTERRUPTED}
    assert bench.provider.targets < 60


async def test_cancelling_ends_every_hunt_and_keeps_replies():
    bench = Bench()
    await bench.open(a_told_session(40))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalShards()))
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


async def test_a_hunt_with_a_reply_is_only_judged_and_verdicts_are_not_asked_again():
    bench = Bench()
    await bench.open(a_told_session(1))
    begun = a_hunt(
        model="told/a",
        status=HuntStatus.JUDGING,
        reply=Reply(text="Paid for."),
        verdicts=(a_verdict("C1", Verdict.FAIL),),
    )
    await bench.store.save_hunt("s_one", begun)
    await bench.runner.work("s_one", "r_one", LocalShards())
    (hunt,) = await bench.hunts()
    assert (bench.provider.targets, bench.provider.judgements) == (0, 2)
    assert [v.verdict for v in hunt.verdicts] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS]
    assert (hunt.outcome, hunt.reply.text) == (Outcome.HELD, "Paid for.")


async def test_finished_hunts_of_a_part_that_is_taken_over_are_recorded_again():
    """Their owner may have died after it saved them and before it wrote their records."""
    bench = Bench()
    await bench.open(a_told_session(2))
    await bench.store.save_hunt(
        "s_one",
        a_hunt(
            model="told/a", status=HuntStatus.DONE, outcome=Outcome.HELD, reply=Reply(text="Paid."), finished_at=NOW
        ),
    )
    await bench.runner.work("s_one", "r_one", LocalShards())
    assert bench.provider.targets == 1
    records = [r for r in bench.records if isinstance(r, HuntRecord)]
    assert sorted((r.number, r.outcome) for r in records) == [(1, "held"), (2, "held")]


async def test_a_deleted_session_ends_its_run_without_a_word():
    bench = Bench()
    await bench.open(a_told_session(20))
    bench.provider.gate.clear()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalShards()))
    while not bench.provider.in_flight:
        await asyncio.sleep(0)
    await bench.store.delete("s_one")
    bench.provider.gate.set()
    await work
    assert bench.provider.in_flight == 0


async def test_judge_calls_find_a_place_between_target_calls():
    order = []

    def note(request):
        order.append(request.purpose)
        return passes(request)

    bench = Bench(note)
    await bench.open(a_told_session(100))
    await bench.runner.work("s_one", "r_one", LocalShards())
    assert order.index("judge") < 40


async def test_a_server_that_ends_begins_no_hunt_and_lets_those_in_flight_finish():
    bench = Bench()
    await bench.open(a_told_session(40))
    bench.provider.gate.clear()
    shards = LocalShards()
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", shards))
    while bench.provider.in_flight < 16:
        await asyncio.sleep(0)
    shards.ending.set()
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
    shards = LocalShards()
    assert await shards.next(3) == 0
    await shards.finish(0)  # by a process that was started with another `part_hunts`
    await bench.runner.work("s_one", "r_one", shards)
    assert [hunt.number for hunt in await bench.hunts()] == [3, 4, 5]


async def test_whoever_comes_to_a_run_that_has_ended_tells_nothing_of_it():
    bench = Bench()
    await bench.open(a_told_session(3))
    await bench.runner.work("s_one", "r_one", LocalShards())
    before = await bench.log.last_id("s_one")
    await bench.runner.work("s_one", "r_one", LocalShards())
    assert await bench.log.read("s_one", before, 10) == ()
    assert bench.activity.runs_started == bench.activity.runs_finished == 1


async def test_a_helper_whose_news_come_late_does_not_turn_an_ended_run_back():
    bench = Bench()
    await bench.open(a_told_session(3))
    bench.provider.gate.clear()
    helper = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalShards()))
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
    await bench.runner._publish_progress("s_one", "r_one")
    told = await bench.log.read("s_one", "0-0", 50)
    assert json.loads([e for e in told if e.type == EventType.RUN][-1].data)["run"]["status"] == "completed"
    bench.provider.gate.set()
    await helper


def _completed(session):
    return session.with_run(session.runs[0].model_copy(update={"status": RunStatus.COMPLETED, "finished_at": NOW}))
