"""All processes and Redis with its data are killed in mid run, again and again: what was acknowledged is in the library.

The long form on PostgreSQL also restarts the database under two API processes.
"""

import asyncio
import random
import time

import httpx
import pytest

from tests.chaos.processes import Trainer, ended, start_cluster, status
from tests.house.real_postgres import open_postgres

pytestmark = [pytest.mark.chaos, pytest.mark.long, pytest.mark.timeout(600)]

PROMISED_S = 5.0
HUNTS = 600


@pytest.fixture(params=["sqlite", "postgresql"])
def library(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/library.sqlite", lambda: None
        return
    with open_postgres() as server:

        def restart():
            server.stop()
            server.start()

        yield server.new_database(), restart


async def acknowledged_while(me: Trainer, seconds: float, seen: dict[str, tuple[float, str]]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for hunt in await me.hunts():
            if hunt["response"]:
                seen.setdefault(hunt["hunt_id"], (time.monotonic(), hunt["response"]))
        await asyncio.sleep(0.2)


async def test_five_kills_of_everything(library, tmp_path):
    url, restart_database = library
    chance = random.Random(5)
    variables = {"LIBRARY_URL": url, "OPENROUTER_CONCURRENCY": 8, "OPENAI_CONCURRENCY": 16}
    with start_cluster(2, script={"target_latency_ms": 400, "judge_latency_ms": 50}, **variables) as ours:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            me = Trainer(client, ours.apis[0])
            await me.start(HUNTS)
            durable: dict[str, str] = {}
            for _ in range(5):
                seen: dict[str, tuple[float, str]] = {}
                await acknowledged_while(me, PROMISED_S + chance.uniform(2.0, 4.0), seen)
                for api in ours.apis:
                    api.kill()
                ours.redis.kill()
                at = time.monotonic()
                durable |= {i: text for i, (when, text) in seen.items() if at - when > PROMISED_S}
                restart_database()
                ours.redis.start()
                for api in ours.apis:
                    api.start()
                found = {hunt["hunt_id"]: hunt for hunt in await me.hunts()}
                assert durable.items() <= {i: hunt["response"] for i, hunt in found.items()}.items()
                assert len({hunt["number"] for hunt in found.values()}) == len(found)
            run = await me.until(ended, within_s=200)
            assert (run["status"], run["counts"]["done"]) == ("completed", HUNTS)
            restart_database()
            async with asyncio.timeout(60):
                while any(status(api)["library"]["behind_s"] > 0 for api in ours.apis):
                    await asyncio.sleep(0.5)
            hunts = await me.hunts()
            assert durable.items() <= {hunt["hunt_id"]: hunt["response"] for hunt in hunts}.items()
            assert len(hunts) == HUNTS
            assert len(durable) > 50
