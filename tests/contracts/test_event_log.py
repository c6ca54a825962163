"""The contract of the event log, for every implementation."""

import asyncio
from contextlib import aclosing

import pytest

from core.domain.events import EventDraft, EventType, id_key
from core.errors import BadInput, NotFound
from core.eventlog.base import START, TooFarBehind
from tests.backends import opened


def drafts(*numbers: int) -> list[EventDraft]:
    return [EventDraft(EventType.HUNT, f'{{"n": {n}}}') for n in numbers]


@pytest.fixture(params=["memory", "redis"])
async def logs(request):
    """The log as two processes see it (in memory there is only one process)."""
    async with opened(request, max_events=100) as backend:
        yield backend.log, backend.second_log


@pytest.fixture
def log(logs):
    return logs[0]


async def test_a_session_without_events_has_none(log):
    assert await log.read("s", START, 10) == ()
    assert await log.last_id("s") == START


async def test_ids_grow_within_one_millisecond_and_a_read_continues_after_any_id(log):
    events = await log.append("s", drafts(1, 2, 3))
    keys = [id_key(e.id) for e in events]
    assert keys == sorted(set(keys))
    assert await log.read("s", events[0].id, 10) == events[1:]
    assert await log.read("s", START, 2) == events[:2]
    assert await log.last_id("s") == events[-1].id


@pytest.mark.parametrize("bad", ["x", "1-x", "", "-"])
async def test_a_malformed_id_is_rejected(log, bad):
    with pytest.raises(BadInput):
        await log.read("s", bad, 10)


async def test_a_reader_too_far_behind_gets_an_error(log):
    events = await log.append("s", drafts(*range(102)))
    for gone in (START, events[0].id):
        with pytest.raises(TooFarBehind):
            await log.read("s", gone, 10)
    assert await log.read("s", events[1].id, 1000) == events[2:]


async def test_every_watcher_sees_every_event_once_in_order(log):
    async def watch(after: str, n: int) -> list[str]:
        seen: list[str] = []
        async for batch in log.watch("s", after):
            seen += [e.data for e in batch]
            if len(seen) >= n:
                return seen
        return seen

    await log.append("s", drafts(0))
    watchers = [asyncio.create_task(watch(START, 21)) for _ in range(5)]
    for n in range(1, 21):
        await log.append("s", drafts(n))
        await asyncio.sleep(0)
    expected = [d.data for d in drafts(*range(21))]
    assert await asyncio.gather(*watchers) == [expected] * 5


async def test_forgetting_a_session_ends_its_watchers(log):
    await log.append("s", drafts(1))

    async def watch() -> None:
        async for _ in log.watch("s", START):
            pass

    watcher = asyncio.create_task(watch())
    while not log.watchers():
        await asyncio.sleep(0)
    await log.forget("s")
    with pytest.raises(NotFound):
        await watcher
    assert log.watchers() == 0


async def test_watchers_of_two_processes_see_every_event_once_in_order(logs):
    first, second = logs

    async def watch(log, n: int) -> list[str]:
        seen: list[str] = []
        async with aclosing(log.watch("s", START)) as batches:
            async for batch in batches:
                seen += [e.id for e in batch]
                if len(seen) >= n:
                    return seen
        return seen

    await first.append("s", drafts(0))
    watchers = [asyncio.create_task(watch(log, 61)) for log in (first, second, first, second)]
    for n in range(1, 31):
        await asyncio.gather(first.append("s", drafts(n)), second.append("s", drafts(n)))
    everything = [e.id for e in await first.read("s", START, 100)]
    assert len(set(everything)) == 61
    assert await asyncio.gather(*watchers) == [everything] * 4
    assert (first.watchers(), second.watchers()) == (0, 0)


async def test_a_watcher_that_starts_too_far_behind_gets_an_error(log):
    events = await log.append("s", drafts(*range(150)))
    async with aclosing(log.watch("s", events[0].id)) as batches:
        with pytest.raises(TooFarBehind):
            await anext(batches)


async def test_a_watcher_that_live_events_overtake_gets_an_error(logs):
    local, remote = logs
    (first,) = await local.append("s", drafts(0))
    async with aclosing(local.watch("s", START)) as batches:
        assert await anext(batches) == (first,)
        waiting = asyncio.ensure_future(anext(batches))
        await remote.append("s", drafts(*range(1, 300)))  # in one step: most are trimmed before they can be read
        with pytest.raises(TooFarBehind):
            await waiting


async def test_a_watcher_replays_missed_events_and_continues(log):
    events = await log.append("s", drafts(*range(50)))
    seen: list[str] = []
    async with aclosing(log.watch("s", events[9].id)) as batches:
        async for batch in batches:
            seen += [e.data for e in batch]
            if len(seen) == 40:
                await log.append("s", drafts(50))
            if len(seen) == 41:
                break
    assert seen == [d.data for d in drafts(*range(10, 51))]


async def test_an_id_from_the_far_future_has_nothing_after_it(log):
    await log.append("s", drafts(1))
    for far in ("99999999999999999999-0", "99999999999999999999-99999999999999999999", "1-99999999999999999999"):
        assert [e.data for e in await log.read("s", far, 10)] == ([] if far[0] == "9" else ['{"n": 1}'])
