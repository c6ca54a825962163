"""Processes together are about as fast as the limits allow, and a long run leaves a later short one its share."""

import asyncio
import time

import httpx
import pytest

from tests.benchmarks.simulated_service import JUDGE_S, TARGET_S
from tests.chaos.processes import TASK, Trainer, ended, start_cluster

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]
TARGET_LIMIT, JUDGE_LIMIT = 6, 8
LIMITS = {"OPENROUTER_CONCURRENCY": TARGET_LIMIT, "OPENAI_CONCURRENCY": JUDGE_LIMIT}


def ideal_s(hunts: int) -> float:
    judged = hunts * len(TASK["criteria"]) * JUDGE_S / JUDGE_LIMIT
    return max(hunts * TARGET_S / TARGET_LIMIT, judged) + TARGET_S + JUDGE_S


async def ratio(processes: int, hunts: int) -> float:
    """Time taken by `hunts` in all, a run at each process, to the ideal; the limits are never exceeded."""
    with start_cluster(processes, **LIMITS) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            trainers = [Trainer(client, api) for api in ours.apis]
            began = time.monotonic()
            await asyncio.gather(*(trainer.start(hunts // processes) for trainer in trainers))
            await asyncio.gather(*(trainer.until(ended, within_s=150) for trainer in trainers))
            took_s = time.monotonic() - began
        most = ours.counters()["by_purpose"]
        assert most["target"]["in_flight_most"] <= TARGET_LIMIT
        assert most["judge"]["in_flight_most"] <= JUDGE_LIMIT
    return took_s / ideal_s(hunts)


@pytest.mark.long
async def test_four_processes_are_not_far_from_ideal():
    assert await ratio(4, 80) < 2.0


@pytest.mark.long
@pytest.mark.parametrize("processes", [1, 2, 4])
async def test_processes_are_within_a_tenth_of_ideal(processes):
    assert await ratio(processes, 400) < 1.1


@pytest.mark.long
async def test_a_long_run_leaves_a_later_short_one_its_share():
    """Two sessions share the target's slots evenly: eight hunts take twice as long as alone, and some for what flies."""
    with start_cluster(2, **LIMITS) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            long, short = (Trainer(client, api) for api in ours.apis)
            await long.start(600)
            await long.until(lambda run: run["counts"]["done"] >= 12)
            before = ours.calls("target")
            await short.start(8)
            await short.until(ended, within_s=30)
            overtaken = ours.calls("target") - before - 8
            await long.ask("POST", f"sessions/{long.sid}/runs/{long.rid}/cancel")
    assert overtaken <= 8 + 3 * TARGET_LIMIT, overtaken
