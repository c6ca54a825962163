"""The newest events of a session: ids only grow, old ones are trimmed, and who is too far behind is told."""

import asyncio

import pytest

from core.domain.events import Event, EventDraft, EventType
from core.eventlog.base import TooFarBehind
from core.eventlog.history import History


def draft(data="{}") -> EventDraft:
    return EventDraft(EventType.SESSION, data)


def ids(events) -> list[str]:
    return [event.id for event in events]


def test_ids_are_times_and_grow_also_when_the_clock_does_not():
    history = History(10)
    assert ids([history.add(draft(), ms) for ms in (5, 5, 3, 9)]) == ["5-0", "5-1", "5-2", "9-0"]
    assert (history.last_id, history.last) == ("9-0", (9, 0))


def test_the_oldest_are_trimmed_by_number_and_by_bytes_and_the_newest_always_stays():
    history = History(2)
    for ms in (1, 2, 3):
        history.add(draft(), ms)
    assert (ids(history.all()), history.trimmed) == (["2-0", "3-0"], (1, 0))
    small = History(10, max_bytes=5)
    for ms, data in ((1, "xx"), (2, "xx"), (3, "x" * 9)):
        small.add(draft(data), ms)
    assert (ids(small.all()), small.trimmed) == (["3-0"], (2, 0))


def test_a_reader_gets_what_is_after_its_id_up_to_a_limit():
    history = History(3)
    for ms in (1, 2, 3, 4):
        history.add(draft(), ms)
    assert [ids(history.after(key, 2)) for key in ((1, 0), (2, 0), (4, 0), (9, 0))] == [
        ["2-0", "3-0"], ["3-0", "4-0"], [], [],
    ]  # fmt: skip
    assert ids(history.all((3, 0))) == ["4-0"]
    with pytest.raises(TooFarBehind):
        history.after((0, 0), 2)


def test_events_of_another_log_are_inserted_once_and_in_order():
    history = History(10)
    event = Event("7-1", EventType.SESSION, "{}")
    history.insert((7, 1), event)
    history.insert((7, 1), event)
    history.insert((6, 0), Event("6-0", EventType.SESSION, "{}"))
    assert history.all() == (event,)
    assert history.add(draft(), 5).id == "7-2"


def test_ids_continue_after_a_log_that_was_lost():
    history = History(10)
    history.add(draft(), 5)
    history.start_after((4, 0))
    assert ids(history.all()) == ["5-0"]
    history.start_after((8, 0))
    assert (history.all(), history.trimmed, history.add(draft(), 6).id) == ((), (8, 0), "8-1")


async def test_everybody_who_waits_is_woken_by_the_next_event_only():
    history = History(10)
    history.wake()
    waiting = [asyncio.create_task(history.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    history.wake()
    await asyncio.wait_for(waiting[1], 5)
    assert waiting[0].cancelled() or waiting[0].cancelling()
    again = asyncio.create_task(history.wait())
    await asyncio.sleep(0)
    assert not again.done()
    history.wake()
    await asyncio.wait_for(again, 5)
