"""States that wait together are written together, each caller gets its own result, and none is dropped."""

import asyncio

import pytest

from core.errors import RedisAway
from core.sessions.save_batches import MAX_BATCH, MAX_BATCH_BYTES, HuntSave, SaveBatches
from tests.backends import opened
from tests.builders import a_finished_hunt, a_hunt, a_session


def a_save(number: int, size_bytes: int = 1) -> HuntSave:
    return HuntSave((number,), size_bytes)


class Store:
    """Writes batches when it may. The result of a state is its number."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.error: BaseException | None = None

    async def write(self, session_id, saves):
        self.batches.append((session_id, [one.arguments[0] for one in saves]))
        await self.may_write.wait()
        if self.error is not None:
            raise self.error
        return [one.arguments[0] for one in saves]


async def test_states_of_one_session_that_wait_together_are_one_batch():
    store = Store()
    batches = SaveBatches(store.write)
    results = await asyncio.gather(
        *(batches.save("s_one", a_save(n)) for n in range(5)), batches.save("s_two", a_save(9))
    )
    assert results == [0, 1, 2, 3, 4, 9]
    assert sorted(store.batches) == [("s_one", [0, 1, 2, 3, 4]), ("s_two", [9])]


async def test_a_state_that_is_ready_one_pass_later_joins_the_batch():
    store = Store()
    batches = SaveBatches(store.write)

    async def later() -> int:
        await asyncio.sleep(0)
        return await batches.save("s_one", a_save(2))

    assert await asyncio.gather(batches.save("s_one", a_save(1)), later()) == [1, 2]
    assert store.batches == [("s_one", [1, 2])]


async def test_states_that_come_during_a_batch_are_the_next_one():
    store = Store()
    batches = SaveBatches(store.write)
    store.may_write.clear()
    first = asyncio.create_task(batches.save("s_one", a_save(1)))
    while not store.batches:
        await asyncio.sleep(0)
    others = [asyncio.create_task(batches.save("s_one", a_save(n))) for n in (2, 3)]
    await asyncio.sleep(0)
    store.may_write.set()
    assert await asyncio.gather(first, *others) == [1, 2, 3]
    assert store.batches == [("s_one", [1]), ("s_one", [2, 3])]


async def test_batches_are_bounded_in_number_and_in_bytes():
    store = Store()
    batches = SaveBatches(store.write)
    await asyncio.gather(*(batches.save("s_one", a_save(n)) for n in range(MAX_BATCH + 1)))
    assert [len(numbers) for _, numbers in store.batches] == [MAX_BATCH, 1]
    store.batches.clear()
    large = MAX_BATCH_BYTES // 2 + 1
    await asyncio.gather(*(batches.save("s_one", a_save(n, large)) for n in range(3)))
    assert [numbers for _, numbers in store.batches] == [[0], [1], [2]]


async def test_a_failed_batch_fails_with_the_states_behind_it_and_the_next_one_is_tried_again():
    store = Store()
    batches = SaveBatches(store.write)
    store.may_write.clear()
    store.error = RedisAway("Redis did not answer in time.", reason="timeout")
    first = asyncio.create_task(batches.save("s_one", a_save(1)))
    while not store.batches:
        await asyncio.sleep(0)
    second = asyncio.create_task(batches.save("s_one", a_save(2)))
    await asyncio.sleep(0)
    store.may_write.set()
    assert await asyncio.gather(first, second, return_exceptions=True) == [store.error, store.error]
    store.error = None
    assert await batches.save("s_one", a_save(3)) == 3
    assert store.batches == [("s_one", [1]), ("s_one", [3])]


@pytest.mark.parametrize("passes", range(3))
async def test_a_state_whose_caller_is_cancelled_is_written_before_the_store_closes(passes):
    store = Store()
    batches = SaveBatches(store.write)
    saving = asyncio.create_task(batches.save("s_one", a_save(1)))
    await asyncio.sleep(0)
    for _ in range(passes):
        await asyncio.sleep(0)
    saving.cancel()
    await batches.close()
    assert saving.cancelled() or saving.result() == 1
    assert store.batches == [("s_one", [1])]


@pytest.fixture
async def kept(request):
    request.param = "redis"
    async with opened(request) as backend:
        yield backend


async def test_a_hundred_states_saved_together_take_two_round_trips(kept):
    await kept.store.create(a_session(), b"")
    await kept.store.save_hunt("s_one", a_hunt(101))
    await kept.redis.config_resetstat()
    await asyncio.gather(*(kept.store.save_hunt("s_one", a_finished_hunt(n)) for n in range(1, 101)))
    assert (await kept.redis.info("commandstats"))["cmdstat_evalsha"]["calls"] == 2
    page = await kept.store.hunts("s_one", limit=200)
    assert [hunt.number for hunt in page.hunts] == list(range(1, 102))
