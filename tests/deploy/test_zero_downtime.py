"""Every replica is replaced while runs hunt, watchers follow and a client asks for health: nobody notices, no hunt is
lost or doubled, and every watcher has every event once and in order.
"""

import asyncio
import json
import time
from dataclasses import replace

import httpx
import pytest

from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.deploy.hammering import hammering
from tests.deploy.replicas import ADDRESSES, open_stack
from tests.deploy.watching import Watcher

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
FIRST, SECOND, THIRD = ADDRESSES
RUNS, HUNTS, WATCHERS, CALLS = 3, 60, 4, 6
SCRIPT = json.dumps({"seed": 5, "target_latency_ms": 1000, "judge_latency_ms": 20, "chunk_chars": 200})
PAUSE_S = 0.05
"""Between the requests of a client: without it these four would take half of the machine from what is tested."""
NAMES_WAIT_S = 3.0
"""From a new replica to the end of an old one, as deploy.sh waits (HUNTER_NAMES_WAIT): nginx uses an answer of the name
server for a second, and tries a replica that has ended for another second."""
HEALTH = ("GET", "/api/health", None)
OPEN = ("POST", "/api/sessions", {"example": "word-budget"})
ORDER = {"models": ["openrouter/hasty"], "hunts": HUNTS, "judge_model": "openai/judge"}


async def test_a_rolling_restart_under_work_is_noticed_by_nobody(tmp_path, redis_server):
    async with (
        open_server(read_script(SCRIPT)) as provider,
        open_stack(tmp_path, FIRST, SECOND, **behind(provider.port, redis_server.url, tmp_path)) as stack,
        httpx.AsyncClient(base_url=stack.edge.address, timeout=60, limits=httpx.Limits()) as http,
    ):
        runs = [await started(http) for _ in range(RUNS)]
        await first_call(provider)
        watchers = [Watcher(f"{here}/events") for here, _ in runs for _ in range(WATCHERS)]
        following = [asyncio.create_task(w.follow(http), name="watcher") for w in watchers]
        async with hammering(stack.edge.address, HEALTH, OPEN, clients=2, pause_s=PAUSE_S) as asked:
            for old, new in ((FIRST, THIRD), (SECOND, FIRST)):
                await stack.start(new)
                await asyncio.sleep(NAMES_WAIT_S)
                calls = provider.counters.as_json()["by_purpose"]["target"]["calls"]
                assert calls < RUNS * HUNTS, "all was hunted before this replica ended"
                assert await stack.end(old) == 0
            told = [await finished(http, here, rid) for here, rid in runs]
        events = [await every_event(http, here) for here, _ in runs]
        await caught_up(watchers, [ids for ids in events for _ in range(WATCHERS)])
        for task in following:
            task.cancel()
        await asyncio.wait(following)
        target = provider.counters.as_json()["by_purpose"]["target"]
    assert (asked.failed(), asked.broken) == ({}, [])
    assert asked.answers["POST", 201] > 20
    for run, hunts in told:
        assert (run["status"], run["counts"]["done"], run["counts"]["interrupted"]) == ("completed", HUNTS, 0)
        assert sorted(hunt["number"] for hunt in hunts) == list(range(1, HUNTS + 1))
        assert all(hunt["response"] for hunt in hunts)
    # Two replicas ended: what they had in flight is asked for again, and nothing else.
    assert RUNS * HUNTS <= target["calls"] <= RUNS * HUNTS + 2 * CALLS
    assert target["in_flight_most"] <= CALLS
    for watcher, ids in zip(watchers, [ids for ids in events for _ in range(WATCHERS)], strict=True):
        assert (watcher.ids, watcher.refused, watcher.cut, watcher.failed) == (ids, [], 0, [])
    assert sum(watcher.farewells for watcher in watchers) >= WATCHERS


def behind(port, redis_url, folder):
    address = f"http://127.0.0.1:{port}/v1"
    return {
        # Other tests share the machine: a busy Redis is not one that went away.
        "REDIS_URL": redis_url, "REDIS_TIMEOUT": "5", "JOURNAL_DIR": str(folder / "journal"), "DRAIN_TIMEOUT": "20",
        "OPENROUTER_BASE_URL": address, "OPENROUTER_API_KEY": "key-target", "OPENROUTER_CONCURRENCY": str(CALLS),
        "OPENAI_BASE_URL": address, "OPENAI_API_KEY": "key-judge", "OPENAI_CONCURRENCY": "20",
    }  # fmt: skip


async def started(http):
    sid = (await http.post("/api/sessions", json={"example": "word-budget"})).json()["session_id"]
    here = f"/api/sessions/{sid}"
    answer = await http.post(f"{here}/runs", json=ORDER, headers={"Idempotency-Key": sid})
    return here, answer.json()["run_id"]


async def first_call(provider):
    """The first hunt has begun: there are numbers of the target's calls from then on."""
    async with asyncio.timeout(30):
        while "target" not in provider.counters.as_json()["by_purpose"]:
            await asyncio.sleep(0.02)


async def finished(http, here, rid):
    async with asyncio.timeout(150):
        while not (run := (await http.get(f"{here}/runs/{rid}")).json())["finished_at"]:
            await asyncio.sleep(0.2)
    return run, (await http.get(f"{here}/hunts?limit=1000")).json()["hunts"]


async def every_event(http, here):
    """The ids of the whole log, in order."""
    ids, after = [], "0-0"
    while True:
        answer = await http.get(f"{here}/events?format=json&after={after}&limit=1000")
        assert answer.status_code == 200, answer.text
        if not (found := answer.json()["events"]):
            return ids
        ids += [event["id"] for event in found]
        after = ids[-1]


async def caught_up(watchers, wanted):
    """Every watcher has the newest event of its session; those that have not are told with what they met."""
    until = time.monotonic() + 30
    while late := [(w, ids) for w, ids in zip(watchers, wanted, strict=True) if w.ids[-1:] != ids[-1:]]:
        assert time.monotonic() < until, [(ids[-1:], replace(w, ids=w.ids[-3:])) for w, ids in late]
        await asyncio.sleep(0.05)
