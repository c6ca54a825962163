"""What a verdict costs does not grow with the number of those before it, and none is lost on the way."""

import asyncio

import pytest

from core.domain.run import RunStatus
from core.errors import NotFound
from core.eventlog.base import START
from core.hunting.dispatch.local import LocalClaims
from core.hunting.hunts.verdict_batch import MAX_WAIT_S, PAUSE_S, SMALL_BYTES, GatheredSaves
from tests.builders import a_run, a_session, a_task
from tests.core.hunting.fakes import Bench


class Written:
    """A state of so many bytes; how much all saves of it wrote, and how large it was at each of them."""

    def __init__(self, size: int = 0) -> None:
        self.size, self.saved = size, []

    async def save(self) -> None:
        await asyncio.sleep(0)
        self.saved.append(self.size)

    async def until(self, saves: int) -> None:
        while len(self.saved) < saves:
            await asyncio.sleep(0)

    async def grow(self, saves: GatheredSaves, parts: int, part_bytes: int) -> None:
        for _ in range(parts):
            self.size += part_bytes
            await saves.add(part_bytes)


async def test_the_verdicts_of_a_small_state_are_saved_one_by_one():
    state = Written()
    async with GatheredSaves(state.save, 0) as saves:
        await state.grow(saves, 17, 1000)
    assert state.saved == [1000 * n for n in range(1, 18)]


async def test_verdicts_of_a_usual_hunt_that_arrive_together_are_saved_together_and_later_ones_again():
    state = Written()
    async with GatheredSaves(state.save, 0, pause_s=PAUSE_S) as saves:
        await state.grow(saves, 4, 1000)
        assert state.saved == []
        await asyncio.wait_for(state.until(1), 5)
        await state.grow(saves, 1, 1000)
        await asyncio.wait_for(state.until(2), 5)
    assert state.saved == [4000, 5000]


async def test_verdicts_that_a_finished_hunt_includes_are_not_saved_before():
    state = Written()
    async with GatheredSaves(state.save, 0, pause_s=PAUSE_S) as saves:
        await state.grow(saves, 17, 1000)
    assert state.saved == []


@pytest.mark.parametrize(("parts", "part_bytes"), [(1000, 300), (10_000, 300), (1000, 4000), (100, 40_000)])
async def test_all_saves_together_write_a_few_times_what_the_last_one_does(parts, part_bytes):
    state = Written()
    async with GatheredSaves(state.save, 0, wait_s=60) as saves:
        await state.grow(saves, parts, part_bytes)
    small = SMALL_BYTES * (SMALL_BYTES // part_bytes + 1)
    assert sum(state.saved) <= 10 * state.size + small


async def test_what_is_left_over_is_saved_after_the_wait_also_when_nothing_follows():
    state, done = Written(), asyncio.Event()

    async def save() -> None:
        await state.save()
        done.set()

    async with GatheredSaves(save, 1_000_000, wait_s=0.01) as saves:
        await state.grow(saves, 3, 100)
        assert state.saved == []
        await asyncio.wait_for(done.wait(), 5)
        assert state.saved == [300]
        done.clear()
        await state.grow(saves, 2, 100)  # and so again
        await asyncio.wait_for(done.wait(), 5)
        assert state.saved == [300, 500]


async def test_a_cancelled_hunt_saves_the_verdicts_it_has():
    state = Written()

    async def broken_off() -> None:
        async with GatheredSaves(state.save, 1_000_000, wait_s=60) as saves:
            await state.grow(saves, 3, 100)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await broken_off()
    assert state.saved == [300]


async def test_the_last_save_waits_for_a_delayed_one_that_is_slow():
    state, began, going = Written(), asyncio.Event(), asyncio.Event()
    saving = []

    async def save() -> None:
        began.set()
        saving.append("begun")
        await going.wait()
        await state.save()
        saving.append("ended")

    async def last() -> None:
        await state.grow(saves, 1, 100)
        await saves.flush()
        await saves.flush()

    async with GatheredSaves(save, 1_000_000, wait_s=0.001) as saves:
        await state.grow(saves, 1, 100)
        await began.wait()
        ending = asyncio.create_task(last())
        await asyncio.sleep(0)
        going.set()
        await ending
    assert (saving, state.saved) == (["begun", "ended"] * 2, [200, 200])


@pytest.mark.parametrize("error", [asyncio.CancelledError, OSError], ids=lambda e: e.__name__)
async def test_a_save_that_is_cancelled_or_fails_is_repeated_at_the_end(error):
    state, tries = Written(), []

    async def save() -> None:
        tries.append(state.size)
        if len(tries) == 1:
            raise error
        await state.save()

    async def broken_off() -> None:
        async with GatheredSaves(save, SMALL_BYTES) as saves:
            await state.grow(saves, 1, SMALL_BYTES)

    with pytest.raises(error):
        await broken_off()
    assert state.saved == [SMALL_BYTES]


async def test_a_failed_save_is_raised_with_the_next_verdict():
    async def save() -> None:
        raise NotFound("The session is gone.")

    async def verdict_after_verdict() -> None:
        async with GatheredSaves(save, 1_000_000, wait_s=0) as saves:
            for _ in range(1000):
                await saves.add(100)
                await asyncio.sleep(0)

    with pytest.raises(NotFound):
        await verdict_after_verdict()


async def hunted(criteria: int):
    """(hunt, bytes of its events, their number) of one hunt with so many criteria."""
    task = a_task(criteria)
    bench = Bench(hunting__max_criteria=9999)
    await bench.open(a_session(task=task, runs=(a_run(1, task=task, models=("told/a",), judge_model="told/judge"),)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert (await bench.run()).status is RunStatus.COMPLETED
    events = await bench.log.read("s_one", START, 100_000)
    (hunt,) = await bench.hunts()
    return hunt, sum(len(event.data) for event in events), len(events)


async def test_a_thousand_criteria_write_no_more_for_each_than_a_hundred():
    few, few_bytes, _ = await hunted(100)
    many, many_bytes, number = await hunted(1000)
    assert (len(few.verdicts), len(many.verdicts)) == (100, 1000)
    assert many_bytes / 1000 < 1.5 * few_bytes / 100 + 1000
    assert number < 200


def test_a_watcher_is_never_far_behind_and_a_crash_loses_little():
    assert MAX_WAIT_S <= 0.5
    assert PAUSE_S <= 0.05
