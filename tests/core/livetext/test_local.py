"""Live text of one process: read only while somebody watches, by one task per hunt, harmless to the hunt."""

import asyncio
from contextlib import aclosing

from core.clock import SystemClock
from core.livetext.base import MAX_DELTAS_PER_S
from core.livetext.local import LocalLiveText
from tests.core.livetext.test_transcript import Growing

HUNT = ("s_one", "r_one.1")


def live_text(bugs=None):
    return LocalLiveText(SystemClock(), (bugs if bugs is not None else []).append)


def reading_tasks():
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("live text:r_")]


async def next_text(deltas, within_s=5):
    """The next delta with text."""
    async with asyncio.timeout(within_s):
        async for delta in deltas:
            if delta.response or delta.reasoning:
                return delta
    raise AssertionError("the text ended")


async def test_nothing_is_read_while_nobody_watches():
    live, call = live_text(), Growing("Blue")
    live.begin(*HUNT, call)
    await asyncio.sleep(0)
    assert (call.reads, reading_tasks()) == (0, [])
    live.end(*HUNT)
    assert live._calls == {}


async def test_many_watchers_share_one_task_that_ends_with_the_last_of_them():
    live, call = live_text(), Growing("Blue")
    live.begin(*HUNT, call)
    watches = [live.watch(*HUNT) for _ in range(20)]
    assert {(await next_text(watch)).response for watch in watches} == {"Blue"}
    assert (live.watchers(), len(reading_tasks()), call.reads) == (20, 1, 1)
    for watch in watches:
        await watch.aclose()
    await asyncio.wait(reading_tasks(), timeout=5)
    assert (live.watchers(), live._transcripts, live._readings) == (0, {}, {})


async def test_who_watches_a_waiting_hunt_gets_its_calls_one_after_the_other():
    live = live_text()
    async with aclosing(live.watch(*HUNT)) as deltas:
        waiting = asyncio.create_task(next_text(deltas))
        await asyncio.sleep(0)
        live.begin(*HUNT, Growing("First"))
        assert (await waiting).response == "First"
        live.begin(*HUNT, Growing("Second"))
        delta = await next_text(deltas)
        assert (delta.restart, delta.response) == (True, "Second")


async def test_the_last_text_of_a_call_is_delivered_after_its_end():
    live, call = live_text(), Growing("Bl")
    live.begin(*HUNT, call)
    async with aclosing(live.watch(*HUNT)) as deltas:
        await next_text(deltas)
        call.text = "Blue"
        live.end(*HUNT)
        assert (await next_text(deltas)).response == "ue"


async def test_other_hunts_and_the_same_hunt_of_another_session_are_other_texts():
    live = live_text()
    live.begin(*HUNT, Growing("mine"))
    live.begin("s_two", "r_one.1", Growing("of a loaded export"))
    live.begin("s_one", "r_one.2", Growing("of another hunt"))
    async with aclosing(live.watch(*HUNT)) as deltas:
        assert (await next_text(deltas)).response == "mine"


async def test_an_error_while_reading_is_reported_and_ends_only_the_text(caplog):
    bugs = []
    live, call = live_text(bugs), Growing("Blue")
    call.read = lambda: 1 / 0
    live.begin(*HUNT, call)
    async with aclosing(live.watch(*HUNT)) as deltas:
        waiting = asyncio.create_task(next_text(deltas))
        async with asyncio.timeout(5):
            while not bugs:
                await asyncio.sleep(0.01)
        live.begin(*HUNT, Growing("a later call"))
        assert (await waiting).response == "a later call"
    assert [type(bug) for bug in bugs] == [ZeroDivisionError]


async def test_many_watchers_get_fewer_deltas():
    live, call = live_text(), Growing()
    live.begin(*HUNT, call)
    watches = [live.watch(*HUNT) for _ in range(MAX_DELTAS_PER_S)]  # one delta a second for each
    await asyncio.gather(*(anext(watch) for watch in watches))
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    call.text = "a"
    await next_text(watches[0])
    assert loop.time() - began >= 0.9
    for watch in watches:
        await watch.aclose()


async def test_closing_ends_the_tasks_of_watched_calls():
    live = live_text()
    live.begin(*HUNT, Growing("Blue"))
    async with aclosing(live.watch(*HUNT)) as deltas:
        await next_text(deltas)
        await live.close()
        assert reading_tasks() == []
