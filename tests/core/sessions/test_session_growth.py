"""The cost of saving a hunt in Redis is the same in a session of 10,000 hunts as in one of 10."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from api.app import create_app
from core.domain.events import EventDraft, EventType
from core.runtime import open_runtime
from tests.backends import PATIENT_S
from tests.builders import a_finished_hunt, a_run, a_session
from tests.settings import make_settings

SMALL, LARGE = 10, 10_000
MAX_HUNTS = 1000
"""Of one run."""
RUNS = LARGE // MAX_HUNTS + 1
MEASURED = 40
MAX_SNAPSHOT_S = 0.3
EVENT = (EventDraft(EventType.HUNT, '{"hunt":{}}'),)


def a_hunt_of_its_run(number):
    run, place = divmod(number - 1, MAX_HUNTS)
    return a_finished_hunt(number, run_id=f"r_{run}", hunt_id=f"r_{run}.{place + 1}")


async def filled(store, first, last):
    """Hunts of the run, saved as hunting saves them, many at a time."""
    for start in range(first, last + 1, 100):
        numbers = range(start, min(start + 100, last + 1))
        await asyncio.gather(*(store.save_hunt("s_one", a_hunt_of_its_run(n), EVENT) for n in numbers))


async def cost_of_one_more(store, redis, first):
    """Bytes that Redis reads and writes for a hunt, and the quickest of some, in seconds."""
    before, quickest = await redis.info("stats"), float("inf")
    for number in range(first, first + MEASURED):
        began = time.perf_counter()
        await store.save_hunt("s_one", a_hunt_of_its_run(number), EVENT)
        quickest = min(quickest, time.perf_counter() - began)
    after = await redis.info("stats")
    told = sum(after[name] - before[name] for name in ("total_net_input_bytes", "total_net_output_bytes"))
    return told / MEASURED, quickest


@pytest.mark.slow
@pytest.mark.long
async def test_saving_a_hunt_and_reading_its_page_cost_the_same_in_a_session_of_ten_thousand(redis_server, tmp_path):
    settings = make_settings(
        redis__url=redis_server.url,
        redis__timeout_s=PATIENT_S,
        telemetry__directory=f"{tmp_path}/t",
        redis__journal_dir=f"{tmp_path}/j",
    )
    async with open_runtime(settings) as runtime:
        store, client = runtime.store.redis, create_app(runtime).test_client()
        runs = [a_run(MAX_HUNTS, run_id=f"r_{n}", first_number=n * MAX_HUNTS + 1) for n in range(RUNS)]
        await store.create(a_session(runs=tuple(runs), hunts_issued=RUNS * MAX_HUNTS), b"{}")
        async with Redis.from_url(redis_server.url) as redis:
            await filled(store, 1, SMALL)
            bytes_small, quick_small = await cost_of_one_more(store, redis, SMALL + 1)
            await filled(store, SMALL + MEASURED + 1, LARGE)
            bytes_large, quick_large = await cost_of_one_more(store, redis, LARGE + 1)
        for path in ("/api/sessions/s_one", "/api/sessions/s_one/hunts?limit=200&texts=false"):
            assert min([await asked_s(client, path) for _ in range(3)]) < MAX_SNAPSHOT_S, path
    assert bytes_large == pytest.approx(bytes_small, rel=0.05)
    assert quick_large < 3 * quick_small


async def asked_s(client, path):
    began = time.perf_counter()
    answer = await client.get(path, headers={"Host": "localhost"})
    await answer.get_data()
    assert answer.status_code == 200
    return time.perf_counter() - began
