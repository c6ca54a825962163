"""Faults under two processes that work on one run: no call is paid for again but those in flight, no hunt is recorded
twice.
"""

import asyncio
import random
import signal
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from core.telemetry.reader import TelemetryReader
from tests.chaos.processes import Cluster, Trainer, ended, start_cluster, status

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]
HUNTS = 80
LIMITS = {"OPENROUTER_CONCURRENCY": 6, "OPENAI_CONCURRENCY": 12, "REDIS_PROBE": 0.1}


@asynccontextmanager
async def stopped(ours: Cluster):
    """The process that the run began at is stopped for 20 s, as a machine without CPU stops it."""
    ours.apis[0].signal(signal.SIGSTOP)
    await asyncio.sleep(20)
    ours.apis[0].signal(signal.SIGCONT)
    yield


@asynccontextmanager
async def hung(ours: Cluster):
    with ours.redis.paused():
        await asyncio.sleep(10)
    yield


@asynccontextmanager
async def flushed(ours: Cluster):
    ours.redis.empty()
    yield


@asynccontextmanager
async def emptied_and_killed(ours: Cluster):
    """Redis comes back empty, and the process that the run began at is gone."""
    ours.redis.kill()
    ours.apis[0].kill()
    ours.redis.start()
    yield
    await asyncio.to_thread(ours.apis[0].start)


FAULTS = (stopped, hung, flushed, emptied_and_killed)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
async def test_calls_in_flight_at_most_are_paid_again_and_every_hunt_is_recorded_once(fault, seed):
    chance = random.Random(seed)
    settings = LIMITS | {"SHARD_HUNTS": chance.choice([10, 20, 40])}
    script = {"target_latency_ms": chance.choice([400, 800]), "judge_latency_ms": 100, "seed": seed}
    limits = httpx.Limits(max_keepalive_connections=0)
    with start_cluster(2, script=script, **settings) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as client:
            trainer = Trainer(client, ours.apis[1])
            await trainer.start(HUNTS, ours.apis[0])
            begin_at = chance.randint(10, 40)
            await trainer.until(lambda run: run["counts"]["done"] >= begin_at)
            in_flight = ours.counters()["by_purpose"]["target"]["in_flight"]
            async with fault(ours):
                run = await trainer.until(ended, within_s=120)
            await asyncio.sleep(3)  # what a process that continues would still begin
            hunts = await trainer.hunts()
            calls = ours.calls("target")
            bugs = [status(api)["bugs"] for api in ours.apis]
            for api in ours.apis:
                await asyncio.to_thread(api.end)
        recorded, lines = records(Path(ours.apis[0].environment["TELEMETRY_DIR"]))
    print(f"{fault.__name__} {seed}: {calls} calls, {in_flight} in flight, {lines} lines, {settings['SHARD_HUNTS']=}")
    assert (run["status"], run["counts"]["done"], bugs) == ("completed", HUNTS, [0, 0])
    assert recorded == Counter({(hunt["hunt_id"], hunt["outcome"]): 1 for hunt in hunts})
    assert calls <= HUNTS + max(in_flight, LIMITS["OPENROUTER_CONCURRENCY"])


def records(folder: Path) -> tuple[Counter, int]:
    """The dashboard's counts by hunt and outcome, and the number of hunt records in the log."""
    with TelemetryReader(folder) as reader:
        reader.refresh()
        rows = reader.query("SELECT hunt_id, outcome FROM hunts")
    lines = sum(text.count('"type":"hunt"') for text in (p.read_text() for p in folder.glob("*.jsonl")))
    return Counter(zip(rows["hunt_id"], rows["outcome"], strict=True)), lines
