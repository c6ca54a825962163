"""Event streams: replay, heartbeat, farewell, too far behind."""

import asyncio
import json

from api.app import create_app
from api.event_stream import event_stream, text_frames
from core.domain.events import EventDraft, EventType
from core.eventlog.memory import MemoryEventLog
from core.livetext.local import LocalLiveText
from core.runtime import open_runtime
from tests.api.conftest import QUICK, TASK
from tests.builders import HandClock
from tests.core.livetext.test_transcript import Growing
from tests.settings import make_settings


def drafts(*numbers):
    return [EventDraft(EventType.HUNT, f'{{"n":{n}}}') for n in numbers]


def open_stream(log, after="0-0", heartbeat_s=5.0):
    draining = asyncio.Event()
    return event_stream(log, "s", after, draining=draining, heartbeat_s=heartbeat_s, life_s=60), draining


async def test_a_stream_replays_then_follows_and_ends_with_a_farewell():
    log = MemoryEventLog(HandClock(), 100)
    first, second = await log.append("s", drafts(1, 2))
    stream, draining = open_stream(log, first.id)
    assert await anext(stream) == b"retry: 1000\n\n"
    assert await anext(stream) == f'id: {second.id}\nevent: hunt.changed\ndata: {{"n":2}}\n\n'.encode()
    third = (await log.append("s", drafts(3)))[0]
    assert third.id.encode() in await anext(stream)
    draining.set()
    assert await anext(stream) == b"event: reconnect\ndata: {}\n\n"
    assert [left async for left in stream] == []
    assert log.watchers() == 0


async def test_a_quiet_stream_shows_that_it_lives():
    stream, _ = open_stream(MemoryEventLog(HandClock(), 100), heartbeat_s=0.01)
    await anext(stream)
    assert await anext(stream) == b": alive\n\n"
    await stream.aclose()


async def test_a_reader_too_far_behind_gets_reset_and_continues():
    log = MemoryEventLog(HandClock(), 100)
    events = await log.append("s", drafts(*range(150)))
    stream, _ = open_stream(log, events[0].id)
    await anext(stream)
    assert await anext(stream) == f"id: {events[-1].id}\nevent: reset\ndata: {{}}\n\n".encode()
    later = (await log.append("s", drafts(999)))[0]
    assert later.id.encode() in await anext(stream)
    await stream.aclose()
    assert log.watchers() == 0


async def test_a_forgotten_session_ends_its_streams():
    log = MemoryEventLog(HandClock(), 100)
    await log.append("s", drafts(1))
    stream, _ = open_stream(log)
    await anext(stream)
    await anext(stream)
    ending = asyncio.create_task(anext(stream, b"over"))
    while not log.watchers():
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    await log.forget("s")
    assert await ending == b"over"


async def test_leaving_a_stream_leaves_nothing_behind():
    log = MemoryEventLog(HandClock(), 100)
    stream, _ = open_stream(log)
    await anext(stream)
    reading = asyncio.create_task(anext(stream))
    while not log.watchers():
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.wait([reading])
    await stream.aclose()
    assert log.watchers() == 0


async def test_a_malformed_id_is_refused(client, sid):
    response = await client.get(f"/api/sessions/{sid}/events?after=x&format=json")
    assert response.status_code == 400


async def test_text_comes_between_events_without_an_id_and_ends_with_the_stream():
    log, live, call = MemoryEventLog(HandClock(), 100), LocalLiveText(HandClock(), lambda _error: None), Growing("Par")
    live.begin("s", "r_one.1", call)
    draining = asyncio.Event()
    stream = event_stream(
        log, "s", "0-0", draining=draining, heartbeat_s=5, texts=text_frames(live, "s", "r_one.1")
    )  # fmt: skip
    await anext(stream)
    assert await anext(stream) == text_frame("Par", restart=True)
    (event,) = await log.append("s", drafts(1))
    assert event.id.encode() in await anext(stream)
    call.text = "Paris"
    assert await anext(stream) == text_frame("is", restart=False)
    draining.set()
    assert await anext(stream) == b"event: reconnect\ndata: {}\n\n"
    assert [left async for left in stream] == []
    assert live.watchers() == 0


async def test_a_stream_that_is_closed_in_the_middle_of_a_text_stops_watching():
    log, live = MemoryEventLog(HandClock(), 100), LocalLiveText(HandClock(), lambda _error: None)
    live.begin("s", "r_one.1", Growing("Par"))
    stream = event_stream(
        log, "s", "0-0", draining=asyncio.Event(), heartbeat_s=5, texts=text_frames(live, "s", "r_one.1")
    )  # fmt: skip
    await anext(stream)
    await anext(stream)
    assert live.watchers() == 1
    await stream.aclose()
    assert (live.watchers(), log.watchers()) == (0, 0)


def text_frame(response, *, restart):
    data = {"hunt_id": "r_one.1", "restart": restart, "response": response, "reasoning": "", "truncated": False}
    return b"event: hunt.text\ndata: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


async def test_too_many_streams_with_text_are_refused_and_those_without_are_not(tmp_path):
    settings = make_settings(
        telemetry__directory=str(tmp_path), providers__simulated_script=QUICK, server__max_text_streams=1
    )
    async with open_runtime(settings, seed=1) as runtime:
        client = create_app(runtime).test_client()
        sid = (await (await client.post("/api/sessions", json={"task": TASK})).get_json())["session_id"]
        order = {"models": ["simulated/hasty"], "hunts": 1}
        run_id = (await (await client.post(f"/api/sessions/{sid}/runs", json=order)).get_json())["run_id"]
        watching = asyncio.create_task(anext(runtime.live_text.watch("s_other", "r_other.1")))
        await asyncio.sleep(0)
        refused = await client.get(f"/api/sessions/{sid}/events?text={run_id}.1")
        assert (refused.status_code, (await refused.get_json())["error"]["code"]) == (429, "busy")
        as_json = await client.get(f"/api/sessions/{sid}/events?format=json")
        assert as_json.status_code == 200
        watching.cancel()
        await asyncio.wait([watching])
