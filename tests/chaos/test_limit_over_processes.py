"""The provider counts: with 1, 2 and 4 API processes an account's limit is never exceeded."""

import asyncio

import httpx
import pytest

from tests.chaos.processes import TASK, Trainer, ended, start_cluster

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
HUNTS, TARGET_LIMIT, JUDGE_LIMIT = 120, 12, 12


@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long), 4])
async def test_the_provider_never_sees_more_calls_than_the_limit(n):
    with start_cluster(n, OPENROUTER_CONCURRENCY=TARGET_LIMIT, OPENAI_CONCURRENCY=JUDGE_LIMIT) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            trainers = [Trainer(client, api) for api in ours.apis]
            await asyncio.gather(*(trainer.start(HUNTS // n) for trainer in trainers))
            runs = await asyncio.gather(*(trainer.until(ended, within_s=120) for trainer in trainers))
        assert {run["status"] for run in runs} == {"completed"}
        counted = ours.counters()["by_purpose"]
        assert [counted[p]["calls"] for p in ("target", "judge")] == [HUNTS, HUNTS * len(TASK["criteria"])]
        assert counted["target"]["in_flight_most"] <= TARGET_LIMIT
        assert counted["judge"]["in_flight_most"] <= JUDGE_LIMIT
