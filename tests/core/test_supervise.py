"""A supervised task restarts after a failure and ends when it is cancelled."""

import asyncio

import pytest

from core import supervise
from core.supervise import run_forever, running


async def test_a_failure_is_reported_and_the_task_restarts(monkeypatch):
    monkeypatch.setattr(supervise, "RESTART_DELAY_S", 0)
    bugs, rounds = [], []

    async def task():
        rounds.append(True)
        if len(rounds) < 3:
            raise ZeroDivisionError(len(rounds))

    await asyncio.wait_for(run_forever(task, bugs.append), 5)
    assert [str(bug) for bug in bugs] == ["1", "2"]


async def test_it_ends_when_it_is_cancelled():
    task = asyncio.create_task(run_forever(asyncio.Event().wait, pytest.fail))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_tasks_run_under_their_names_until_the_block_ends():
    begun, ended = asyncio.Event(), []

    async def task():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(asyncio.current_task().get_name())

    async with running(pytest.fail, heartbeat=task):
        await begun.wait()
        assert ended == []
    assert ended == ["heartbeat"]
