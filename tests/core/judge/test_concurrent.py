"""Calls at once: an error of one stops no other, unless nobody needs their results."""

import asyncio
from functools import partial

import pytest

from core.errors import BadInput, Superseded
from core.judge.concurrent import run_all


async def test_an_error_is_raised_when_the_others_have_ended():
    done = []

    async def work(number):
        await asyncio.sleep(0)
        if number == 1:
            raise BadInput("The second fails.")
        done.append(number)

    with pytest.raises(BadInput, match="second"):
        await run_all({f"work {n}": partial(work, n) for n in range(5)}, 2)
    assert done == [0, 2, 3, 4]


async def test_when_nobody_needs_the_results_the_others_are_cancelled_and_no_further_one_begins():
    began, cancelled = [], []

    async def work(number):
        began.append(number)
        if number == 1:
            raise Superseded("It was stopped.")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    with pytest.raises(Superseded):
        await run_all({f"work {n}": partial(work, n) for n in range(5)}, 2)
    assert (began, cancelled) == ([0, 1], [0])


async def test_cancelling_ends_all():
    working = asyncio.create_task(run_all({"work": asyncio.Event().wait}, 1))
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
