"""Event streams: replay, heartbeat, farewell, too far behind."""

import asyncio

from api.sse import event_stream
from core.domain.events import EventDraft, EventType
from core.eventlog.memory import MemoryEventLog
from tests.builders import HandClock


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


async def test_a_reader_too_far_behind_is_told_to_start_anew_and_goes_on():
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
