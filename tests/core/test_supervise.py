"""A task that is always needed begins again when it fails, and ends when it is told to."""

import asyncio

import pytest

from core import supervise as keeping
from core.supervise import run_forever


async def test_a_failure_is_told_and_the_task_begins_again(monkeypatch):
    monkeypatch.setattr(keeping, "PAUSE_S", 0)
    bugs, rounds = [], []

    async def task():
        rounds.append(True)
        if len(rounds) < 3:
            raise ZeroDivisionError(len(rounds))

    await asyncio.wait_for(run_forever(task, bugs.append), 5)
    assert [str(bug) for bug in bugs] == ["1", "2"]


async def test_it_ends_when_it_is_cancelled():
    running = asyncio.create_task(run_forever(asyncio.Event().wait, pytest.fail))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
