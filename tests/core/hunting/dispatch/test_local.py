"""Jobs of one process: each runs once, is stopped, and ends before the process does."""

import asyncio

import pytest

from core.errors import Unavailable
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.dispatch.local import LocalClaims, LocalDispatcher

RUN = Job(JobKind.RUN, "s_one", "r_one")


def dispatcher_of(work, bugs=None):
    return LocalDispatcher(work, (bugs if bugs is not None else []).append)


async def test_parts_are_given_once_and_the_job_is_finished_when_all_are_done():
    claims = LocalClaims()
    assert [await claims.next(2), await claims.next(2)] == [0, 1]
    finishing = asyncio.create_task(claims.next(2))
    await claims.finish(0)
    await asyncio.sleep(0)
    assert (claims.held, finishing.done()) == ({1}, False)
    await claims.finish(1)
    assert (await finishing, await claims.next(2)) == (2, None)


async def test_released_parts_are_given_again():
    claims = LocalClaims()
    await claims.next(2)
    await claims.next(2)
    await claims.finish(0)
    await claims.release()
    assert (await claims.next(2), claims.fence(1), await claims.holds(1)) == (1, None, True)


async def test_a_job_that_runs_is_not_started_again_and_can_be_stopped():
    started = []

    async def work(job, _claims):
        started.append(job.key)
        await asyncio.sleep(60)

    dispatcher = dispatcher_of(work)
    await dispatcher.submit(RUN)
    await dispatcher.submit(RUN)
    await asyncio.sleep(0)
    assert (started, dispatcher.active(JobKind.RUN), dispatcher.active(JobKind.CHECK)) == (["r_one"], 1, 0)
    await dispatcher.stop("r_one")
    await dispatcher.stop("r_one")
    assert dispatcher.active(JobKind.RUN) == 0


async def test_an_unexpected_error_is_recorded_and_takes_no_other_job_along():
    bugs = []

    async def work(job, _claims):
        if job.kind is JobKind.RUN:
            raise RuntimeError("a bug")
        await asyncio.sleep(60)

    dispatcher = dispatcher_of(work, bugs)
    await dispatcher.submit(RUN)
    await dispatcher.submit(Job(JobKind.CHECK, "s_one", "c_one"))
    async with asyncio.timeout(5):
        while dispatcher.active(JobKind.RUN):
            await asyncio.sleep(0)
    assert ([str(bug) for bug in bugs], dispatcher.active(JobKind.CHECK)) == (["a bug"], 1)
    await dispatcher.drain(0)


async def test_at_the_end_jobs_may_finish_within_the_grace_and_none_begins():
    ended = []

    async def work(job, claims):
        await claims.ending.wait()
        if job.key == "late":
            await asyncio.sleep(60)
        ended.append(job.key)

    dispatcher = dispatcher_of(work)
    for key in ("soon", "late"):
        await dispatcher.submit(Job(JobKind.RUN, "s_one", key))
    await asyncio.sleep(0)
    await dispatcher.drain(0.1)
    assert (ended, dispatcher.active(JobKind.RUN)) == (["soon"], 0)
    with pytest.raises(Unavailable):
        await dispatcher.submit(RUN)
