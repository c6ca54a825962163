"""What trainers did is there after the process was killed, and after a session has expired."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.e2e.api_process import open_api
from tests.e2e.trainer import MARK, TASK, WORDS, Trainer, a_trainer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

SLOW = json.dumps({"seed": 7, "target_latency_ms": 150, "judge_latency_ms": 5})
ACKNOWLEDGED_S = 3.0
"""A reply that is older than that is in the library: the promise is 5 s."""


@asynccontextmanager
async def started(folder, **variables):
    library = {"LIBRARY_URL": f"sqlite:///{folder}/library.sqlite", "SIMULATED_SCRIPT": SLOW}
    async with (
        open_api(folder, **library | variables) as api,
        httpx.AsyncClient(base_url=api.address, timeout=30) as client,
    ):
        yield api, Trainer(client)


async def killed(api):
    api.process.kill()
    await api.process.wait()


async def test_a_run_continues_after_kill_9_without_redis(tmp_path):
    async with started(tmp_path) as (api, me):
        await me.open(example="word-budget")
        order = {"models": ["simulated/hasty"], "hunts": 400}
        run = await me.here("POST", "/runs", 202, json=order)
        acknowledged, first_at = {}, {}
        while time.monotonic() - min(first_at.values(), default=time.monotonic()) < ACKNOWLEDGED_S + 1:
            for hunt in await me.hunts():
                if hunt["status"] == "done":
                    acknowledged[hunt["hunt_id"]] = hunt["response"]
                    first_at.setdefault(hunt["hunt_id"], time.monotonic())
            await asyncio.sleep(0.3)
        await killed(api)
        ended = time.monotonic()
        durable = {i: acknowledged[i] for i, at in first_at.items() if ended - at > ACKNOWLEDGED_S}
        assert durable
        assert len(acknowledged) < 400
    async with started(tmp_path) as (_, again):
        again.sid = me.sid
        found = {hunt["hunt_id"]: hunt for hunt in await again.hunts()}
        assert durable == {i: found[i]["response"] for i in durable}
        assert len({hunt["number"] for hunt in found.values()}) == len(found)
        before = sum(hunt["status"] == "done" for hunt in found.values())
        async with asyncio.timeout(20):  # it hunts again
            while sum(hunt["status"] == "done" for hunt in await again.hunts()) <= before + 5:
                await asyncio.sleep(0.1)
        cancelled = await again.here("POST", f"/runs/{run['run_id']}/cancel", 202)
        assert (cancelled["status"], cancelled["counts"]["total"]) == ("cancelled", 400)


FEW = ("", "/desk")
ALL = ("", "/hunts", "/desk", "/turns/1/hunts", "/insights", "/selection/proposal", "/trials", "/export/preview")


@pytest.mark.parametrize("paths", [FEW, pytest.param(ALL, marks=pytest.mark.long)])
async def test_a_blind_session_with_drafts_is_opened_again_after_it_expired(tmp_path, paths):
    """Every route works on it, no answer contains anything of the judge, and the export is the same to the byte."""
    variables = {"LIBRARY_URL": f"sqlite:///{tmp_path}/library.sqlite", "SESSION_TTL": "1"}
    async with a_trainer(tmp_path, **variables) as me:
        await me.open(task=TASK, visibility="blind")
        await me.hunt()
        await me.select()
        card = (await me.here("GET", "/desk"))["cards"][0]
        draft = {"verdicts": {card["criteria"][0]["id"]: "FAIL"}, "explanation": WORDS}
        await me.here("PUT", f"/reviews/{card['card_id']}", json=draft)
        before = {path: await me.here("GET", path) for path in paths}
        first = await me.here("GET", "/export")
        for path in paths:
            await asyncio.sleep(1.3)  # it expires between two requests
            assert without_times(await me.here("GET", path)) == without_times(before[path]), path
        await asyncio.sleep(1.3)
        assert await me.here("GET", "/export") == first
        assert not any(MARK in body for _, _, body in me.heard)
        await asyncio.sleep(1.3)
        summaries = await me("POST", "/summaries", json={"session_ids": [me.sid, "s_unknown"]})
        assert [("gone" in row) for row in summaries["sessions"]] == [False, True]
        await me.here("DELETE", "", 204)
        await me.here("GET", "", 404)


def without_times(answer):
    """Without what any later request says differently."""
    if isinstance(answer, dict):
        changing = {"last_event_id", "expires_at", "now", "expires_in_s"}
        return {name: without_times(value) for name, value in answer.items() if name not in changing}
    return [without_times(value) for value in answer] if isinstance(answer, list) else answer
