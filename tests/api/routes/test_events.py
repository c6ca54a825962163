"""Event streams over real HTTP: replay, odd ids, too far behind, keep-alives, many watchers, shutdown."""

import asyncio
import json
import time

import httpx
import pytest
import pytest_asyncio

from tests.api.conftest import TASK
from tests.api.signing_in import ENTRIES, TOKENS, bearer
from tests.e2e.api_process import open_api

WATCHERS = 60
END_WITHIN_S = 6.0
"""Far above the second or two that it takes: machines in tests are busy."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(tmp_path_factory):
    """Of a server that most tests share: each test has a session of its own."""
    settings = {"SSE_KEEPALIVE": "0.1", "EVENTS_MOST": "100", "MAX_EVENT_STREAMS": str(WATCHERS)}
    async with open_api(tmp_path_factory.mktemp("api"), **settings) as running:
        yield running.address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(tmp_path_factory):
    """Of a server with tokens and a share of the streams for each name."""
    settings = {"HUNTER_TOKENS": ENTRIES, "MAX_EVENT_STREAMS_PER_USER": "2", "SSE_KEEPALIVE": "0.1"}
    async with open_api(tmp_path_factory.mktemp("guarded"), **settings) as running:
        yield running.address


@pytest.fixture
async def http(address):
    async with client_of(address) as client:
        yield client


def client_of(address):
    return httpx.AsyncClient(base_url=address, timeout=20, limits=httpx.Limits(max_connections=None))


@pytest.fixture
async def here(http):
    opened = await http.post("/api/sessions", json={"task": TASK})
    return f"/api/sessions/{opened.json()['session_id']}"


async def events_of(response):
    """(id, event, data) of each event, and ("", "comment", text) of each comment, as they come."""
    told = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            yield "", "comment", line[1:].strip()
        elif line:
            name, _, value = line.partition(": ")
            told[name] = value
        elif "event" in told:
            yield told.get("id", ""), told["event"], json.loads(told["data"])
            told = {}


async def hunted(http, here, hunts):
    """The events of a finished run, by polling as JSON."""
    await http.post(f"{here}/runs", json={"models": ["simulated/hasty"], "hunts": hunts})
    async with asyncio.timeout(30):
        while (snapshot := (await http.get(here)).json())["counts"]["done"] < hunts or not snapshot["runs"][0][
            "finished_at"
        ]:
            await asyncio.sleep(0.02)
    return snapshot


async def take(http, url, n, **headers):
    async with http.stream("GET", url, headers=headers) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["x-accel-buffering"] == "no"
        found = []
        async for event in events_of(response):
            found.append(event)
            if len(found) == n:
                return found
    return found


async def test_a_stream_continues_after_the_last_id_from_header_or_query(http, here):
    await hunted(http, here, 3)
    every = (await http.get(f"{here}/events?format=json")).json()["events"]
    shown = [(e["id"], e["type"], e["data"]) for e in every]
    middle = shown[len(shown) // 2][0]
    rest = shown[len(shown) // 2 + 1 :]
    assert await take(http, f"{here}/events", len(shown)) == shown
    assert await take(http, f"{here}/events?after={middle}", len(rest)) == rest
    assert await take(http, f"{here}/events?after=0-0", len(rest), **{"Last-Event-ID": middle}) == rest
    as_json = await http.get(f"{here}/events?after={middle}&limit=2", headers={"Accept": "application/json"})
    assert [e["id"] for e in as_json.json()["events"]] == [event[0] for event in rest[:2]]


async def test_a_malformed_id_is_refused_before_anything_streams(http, here):
    for wrong in ("x", "-", "-1-0", "1-2-3", "1-1x", "1--5", "9" * 5000):
        answer = await http.get(f"{here}/events", headers={"Last-Event-ID": wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input"), wrong


async def test_a_quiet_stream_sends_keepalives(http, here):
    last = (await http.get(here)).json()["last_event_id"]
    alive = [("", "comment", "alive")] * 3
    assert await take(http, f"{here}/events?after={last}", 3) == alive


async def test_a_reader_too_far_behind_gets_reset(http, here):
    snapshot = await hunted(http, here, 40)
    first = (await take(http, f"{here}/events", 1))[0]
    assert first == (snapshot["last_event_id"], "reset", {})
    answer = await http.get(f"{here}/events?format=json&after=1-0")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_far_behind")


async def test_many_watch_leave_and_are_counted_out_and_one_too_many_is_refused(http, here):
    last = (await http.get(here)).json()["last_event_id"]
    ready = asyncio.Semaphore(0)

    async def watch():
        async with http.stream("GET", f"{here}/events?after={last}") as response:
            async for _id, event, _data in events_of(response):
                ready.release()
                if event == "session.changed":
                    return event
        return None

    watching = [asyncio.create_task(watch()) for _ in range(WATCHERS)]
    for _ in range(WATCHERS):
        await asyncio.wait_for(ready.acquire(), 20)
    await open_streams(http, WATCHERS)
    refused = await http.get(f"{here}/events")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
    await http.patch(f"{here}/task", json={"version": 1, "pass_rule": "all"})
    assert await asyncio.gather(*watching) == ["session.changed"] * WATCHERS
    await open_streams(http, 0)


@pytest.mark.parametrize("name", ["alice", "root"])
async def test_one_name_cannot_use_up_the_streams_of_all(guarded, name):
    async with (
        httpx.AsyncClient(base_url=guarded, timeout=20, headers=bearer(name)) as mine,
        httpx.AsyncClient(base_url=guarded, timeout=20, headers=bearer("bob")) as bobs,
    ):
        opened = [await http.post("/api/sessions", json={"task": TASK}) for http in (mine, bobs)]
        here, there = (f"/api/sessions/{answer.json()['session_id']}/events" for answer in opened)
        async with mine.stream("GET", here) as first:
            told = [events_of(first)]  # held: a stream that nobody reads any more is closed
            await anext(told[0])
            async with mine.stream("GET", here) as second:
                told.append(events_of(second))
                await anext(told[1])
                refused = await mine.get(here)
                assert (refused.status_code, refused.json()["error"]["code"]) == (429, "share_used_up")
                assert f"{name} already has 2 open event streams" in refused.json()["error"]["message"]
                assert (await mine.get(f"{here}?format=json")).status_code == 200
                async with bobs.stream("GET", there) as others:
                    assert (await anext(events_of(others)))[1] == "comment"
        async with asyncio.timeout(20):  # one that was closed gives its place back
            while not await watches(mine, here):
                await asyncio.sleep(0.02)


async def watches(http, here):
    async with http.stream("GET", here) as response:
        return response.status_code == 200


async def open_streams(http, wanted):
    async with asyncio.timeout(20):
        while (await http.get("/api/admin/status")).json()["event_streams"]["open"] != wanted:
            await asyncio.sleep(0.02)


async def test_a_deleted_session_ends_its_streams(http, here):
    async with http.stream("GET", f"{here}/events") as response:
        events = events_of(response)
        await anext(events)
        await http.delete(here)
        assert "reconnect" not in [event async for _id, event, _data in events]


async def test_asked_to_end_it_says_farewell_and_is_gone_soon(tmp_path):
    async with open_api(tmp_path, SSE_KEEPALIVE="0.1") as api, client_of(api.address) as http:
        opened = await http.post("/api/sessions", json={"task": TASK})
        async with http.stream("GET", f"/api/sessions/{opened.json()['session_id']}/events") as response:
            events = events_of(response)
            await anext(events)
            began = time.monotonic()
            ended = asyncio.create_task(api.end(within_s=20))
            assert [event for _id, event, _data in [e async for e in events] if event != "comment"][-1] == "reconnect"
        assert await ended == 0
        assert time.monotonic() - began < END_WITHIN_S
        assert "Traceback" not in api.said()


async def test_a_stream_does_not_outlive_the_sign_in_of_who_watches(tmp_path):
    lasts_s = 3
    async with (
        open_api(tmp_path, HUNTER_TOKENS=ENTRIES, SIGN_IN_TTL=str(lasts_s), SSE_KEEPALIVE="60") as api,
        httpx.AsyncClient(base_url=api.address, timeout=20) as http,
    ):
        assert (await http.post("/api/sign-in", json={"token": TOKENS["alice"]})).status_code == 200
        signed_in = time.monotonic()
        opened = (await http.post("/api/sessions", json={"task": TASK})).json()
        path = f"/api/sessions/{opened['session_id']}/events"
        async with http.stream("GET", path) as by_cookie, http.stream("GET", path, headers=bearer("alice")) as by_token:
            assert [event async for _id, event, _data in events_of(by_cookie)] == ["reconnect"]
            assert lasts_s - 1.5 < time.monotonic() - signed_in < lasts_s + 3
            assert (await http.get(path)).status_code == 401
            change = {"version": 1, "pass_rule": "all"}
            await http.patch(path.replace("events", "task"), json=change, headers=bearer("alice"))
            assert (await anext(events_of(by_token)))[1] == "session.changed", "a token does not run out"
