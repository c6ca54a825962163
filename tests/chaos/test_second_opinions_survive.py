"""Failures while second opinions are asked for: every break gets all of its votes, and no vote is paid for again but
those in flight.

`make test` has Redis emptied under one process and the kill of one of two; `make chaos` has all faults of
test_calls_are_paid_once.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from core.domain.confirmation import in_question
from core.domain.verdict import Outcome
from core.hunting.orders import ConfirmRequest, JudgeChoice
from tests.chaos.hunting import chaos_settings, hunting
from tests.chaos.processes import JUDGE, TASK, Cluster, Trainer, ended, start_cluster, status
from tests.chaos.test_calls_are_paid_once import FAULTS, LIMITS
from tests.chaos.test_redis_breaks import flushed, restarted_with_its_data
from tests.house.real_redis import open_redis

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]
OTHER = "openai/other"
CONFIRM = {"policy": "breaks", "judges": [{"model": OTHER}], "max_extra_calls": 10_000}
SCRIPT = {"target_latency_ms": 200, "break_rate": 0.5, "models": {"other": {"judge_latency_ms": 400}}}
"""The other judge is slow: at a fault, some hunts are done whose votes are in flight."""
HUNTS = 40
ON_THE_WAY = 2 * LIMITS["OPENAI_CONCURRENCY"]
"""Most calls that a fault may cost: those in flight, and as many answers on their way to Redis."""


@pytest.mark.parametrize("broken", [flushed, restarted_with_its_data], ids=lambda b: b.__name__)
async def test_votes_outlast_redis_and_none_is_paid_for_again(broken, tmp_path):
    confirm = ConfirmRequest(policy="breaks", judges=(JudgeChoice(model="simulated/strict"),), max_extra_calls=10_000)
    with open_redis() as server:
        async with hunting(chaos_settings(server, tmp_path), confirm=confirm) as h:
            async with asyncio.timeout(20):
                while sum(bool(hunt.opinions) for hunt in await h.hunts()) < 4:
                    await asyncio.sleep(0.01)
            async with broken(server):
                await h.until(lambda: h.asker.seen("degraded"))
                await asyncio.sleep(0.2)
            await h.until_ended()
            await h.until_back()
            hunts, run = await h.hunts(), (await h.runtime.store.read(h.sid)).run(h.run_id)
            assert h.runtime.activity.bugs == 0
    asked = {hunt.hunt_id: in_question("breaks", hunt.verdicts, run.task.pass_rule) for hunt in hunts}
    assert {
        hunt.hunt_id: tuple(v.criterion_id for o in hunt.opinions for v in o.verdicts) or None for hunt in hunts
    } == asked
    assert [hunt.hunt_id for hunt in hunts if hunt.open_opinions] == []
    lines = [json.loads(line) for path in (tmp_path / "telemetry").glob("*.jsonl") for line in path.open()]
    calls = sum(line["type"] == "call" and line["data"]["model"] == "strict" for line in lines)
    assert calls == sum(len(hunt.opinions[0].asked) for hunt in hunts if hunt.outcome is Outcome.BROKE) > 0


@pytest.mark.long
@pytest.mark.e2e
@pytest.mark.slow
async def test_another_process_asks_for_the_votes_that_a_killed_one_had_not_got():
    async with confirming(SHARD_LEASE=3) as (ours, trainer):
        await in_flight_votes(ours)
        ours.apis[0].kill()
        await trainer.until(ended, within_s=60)
        await every_break_has_its_votes(ours, trainer, paid_again=ON_THE_WAY)
        assert status(ours.apis[1])["bugs"] == 0


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.long
async def test_a_process_that_is_asked_to_end_hands_open_votes_back():
    async with confirming() as (ours, trainer):
        await in_flight_votes(ours)
        assert await asyncio.to_thread(ours.apis[0].end) < 8
        await trainer.until(ended, within_s=60)
        await every_break_has_its_votes(ours, trainer, paid_again=ON_THE_WAY)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
async def test_a_fault_under_two_processes_costs_votes_in_flight_at_most(fault):
    async with confirming() as (ours, trainer):
        await in_flight_votes(ours)
        async with fault(ours):
            await trainer.until(ended, within_s=120)
        await asyncio.sleep(3)  # what a process that continues would still begin
        await every_break_has_its_votes(ours, trainer, paid_again=ON_THE_WAY)
        assert [status(api)["bugs"] for api in ours.apis] == [0, 0]


@asynccontextmanager
async def confirming(**settings: object) -> AsyncIterator[tuple[Cluster, Trainer]]:
    """Two processes work on a run with second opinions; the trainer is at the second one."""
    limits = httpx.Limits(max_keepalive_connections=0)
    with start_cluster(2, script=SCRIPT, **LIMITS | {"SHARD_HUNTS": 10} | settings) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:
            trainer = Trainer(client, ours.apis[1])
            await trainer.start(HUNTS, ours.apis[0], confirm=CONFIRM)
            yield ours, trainer


async def in_flight_votes(ours: Cluster) -> None:
    """Some votes have arrived and others are in flight."""
    async with asyncio.timeout(60):
        while True:
            votes = ours.counters()["by_model"].get("other", {"calls": 0, "in_flight": 0})
            if votes["calls"] - votes["in_flight"] >= 4 and votes["in_flight"] >= 2:
                return
            await asyncio.sleep(0.02)


async def every_break_has_its_votes(ours: Cluster, trainer: Trainer, *, paid_again: int) -> None:
    hunts = await trainer.hunts()
    fails = {
        hunt["hunt_id"]: [v["criterion_id"] for v in hunt["verdicts"] if v["verdict"] == "FAIL"]
        for hunt in hunts
        if hunt["outcome"] == "broke"
    }
    votes = {hunt["hunt_id"]: [v["criterion_id"] for v in hunt["votes"]] for hunt in hunts if hunt["votes"]}
    assert (len(hunts), {hunt["outcome"] for hunt in hunts}) == (HUNTS, {"broke", "held"})
    assert votes == fails
    assert {hunt["confirmation"] for hunt in hunts if hunt["outcome"] == "broke"} <= {"confirmed", "contested"}
    needed, by_model = sum(map(len, votes.values())), ours.counters()["by_model"]
    assert 0 <= by_model["other"]["calls"] - needed <= paid_again
    first = by_model[JUDGE.partition("/")[2]]["calls"]
    assert 0 <= first - HUNTS * len(TASK["criteria"]) <= paid_again
