"""All tasks are cancelled at once, as by Ctrl-C: slots are released before waiters handle the cancellation."""

import asyncio

from core.throttle.memory import MemoryThrottle


async def hold(throttle):
    async with throttle.slot("a", "s"):
        await asyncio.Event().wait()


async def test_cancelling_all_holders_and_waiters_frees_all_slots():
    throttle = MemoryThrottle([("a", 2)], 100)
    tasks = [asyncio.create_task(hold(throttle)) for _ in range(6)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ended} == {asyncio.CancelledError}
    (load,) = throttle.load()
    assert (load.in_flight, load.queued) == (0, 0)


async def test_a_new_waiter_gets_the_slot_of_a_waiter_with_a_pending_cancellation():
    throttle = MemoryThrottle([("a", 1)], 100)
    holder, waiter = (asyncio.create_task(hold(throttle)) for _ in range(2))
    await asyncio.sleep(0)
    holder.cancel()
    late = asyncio.create_task(hold(throttle))  # runs between the two
    waiter.cancel()
    await asyncio.wait([holder, waiter])
    await asyncio.sleep(0)
    (load,) = throttle.load()
    assert (load.in_flight, load.queued, late.done()) == (1, 0, False)
    late.cancel()
    await asyncio.wait([late])
    assert throttle.load()[0].in_flight == 0
