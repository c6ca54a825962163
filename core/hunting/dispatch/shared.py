"""Shares jobs among processes. A job is listed in Redis while it is open (open_jobs.py); every process that takes jobs
begins every listed run, and all of them claim its parts one by one (claims.py). A job of another kind has one part: it
is begun only if no process works on it.

The submitting process begins at once. When a process dies, its parts are free after `part_lease_s`, and the others
continue the job. Without Redis only the submitting process works on a job; it lists the job when Redis is back, and
other processes then see which parts are claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from core.clock import RedisTime, steady_s
from core.errors import RedisAway, Unavailable
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, Work
from core.hunting.dispatch.claims import LeaseConfig, RedisClaims
from core.hunting.dispatch.open_jobs import OpenJob, OpenJobs
from core.redis.client import RedisClients
from core.supervise import running

log = structlog.get_logger(__name__)
MAX_OPEN = 500
"""Jobs that a process joins at once. Large, since jobs mostly wait and the throttle limits their calls."""


@dataclass
class _Open:
    """A job that runs in this process."""

    job: Job
    claims: RedisClaims
    task: asyncio.Task[None]
    listed: bool = False
    """Whether we have listed the job, so that other processes know of it."""
    ended: bool = False


class SharedDispatcher(Dispatcher):
    """Created by `open_shared`."""

    def __init__(
        self,
        work: Work,
        on_bug: Callable[[BaseException], None],
        redis: RedisClients,
        process: str,
        lease: LeaseConfig,
        *,
        works: bool,
    ) -> None:
        """`process`: the unique name of this process. `works`: whether it begins jobs that it finds in the list."""
        self._work = work
        self._on_bug = on_bug
        self._redis = redis
        self._process = process
        self._lease = lease
        self._works = works
        self._jobs = OpenJobs(redis, lease)
        self._redis_time = RedisTime()
        self._open: dict[str, _Open] = {}
        self._draining = False
        self._renewals = 0
        self._heartbeats: dict[str, tuple[str, float]] = {}
        """The last heartbeat of each listed job, and when we first saw it."""

    # -- Dispatcher

    async def submit(self, job: Job, *, fresh: bool = True) -> None:
        if self._draining:
            raise Unavailable("The server is shutting down.", hint="Try again in a moment.")
        if job.key in self._open:
            return
        if self._works:
            self._begin(job, fresh=fresh)
        if fresh:  # creates the job's record before others see the job: nobody has to report about a new one first
            await self._claims(job, fresh=True).renew()
        if not await self._list([job], wake=True, worked_on=self._works) and job.key not in self._open:
            self._begin(job, fresh=fresh)

    async def stop(self, key: str) -> None:
        """Stop the job. If it runs here, wait for up to `answer_s`; another process stops it at its next renewal.

        While Redis is unavailable, parts of other processes keep running.
        """
        if (here := self._open.get(key)) is not None:
            await here.claims.stop()
            here.task.cancel()
            await asyncio.wait([here.task], timeout=self._lease.answer_s)
            return
        await self._claims(Job(JobKind.RUN, "", key)).stop()

    async def drain(self, grace_s: float) -> None:  # noqa: ARG002 – other processes continue it
        """Hand back all work at once. `grace_s` is unused, since other processes continue the work."""
        self._draining = True
        every = list(self._open.values())
        for here in every:
            here.claims.handing_back = True
            here.task.cancel()
        if every:
            await asyncio.wait([here.task for here in every])
            await self._list([here.job for here in every if not here.ended], wake=True, worked_on=False)

    def active(self, kind: JobKind) -> int:
        return sum(here.job.kind is kind for here in self._open.values())

    # -- local jobs

    def _claims(self, job: Job, *, fresh: bool = False, waits: bool = True) -> RedisClaims:
        stop, time = lambda: self._cancel(job.key), self._redis_time
        return RedisClaims(
            self._redis, self._process, job.key, self._lease, stop, fresh=fresh, waits=waits, redis_time=time
        )

    def _cancel(self, key: str) -> None:
        if (here := self._open.get(key)) is not None:
            here.task.cancel()

    def _begin(self, job: Job, *, fresh: bool = False, waits: bool = True) -> None:
        claims = self._claims(job, fresh=fresh, waits=waits)
        task = asyncio.create_task(self._supervise(job, claims), name=f"{job.kind}:{job.key}")
        self._open[job.key] = _Open(job, claims, task)
        task.add_done_callback(lambda _: self._open.pop(job.key, None))  # also when it never started

    async def _supervise(self, job: Job, claims: RedisClaims) -> None:
        try:
            await self._work(job, claims)
        except* RedisAway as away:
            # The session is not available here: another process continues the job, or this one later.
            claims.handing_back = True
            log.warning("job.postponed", job=job.kind, reason=str(away.exceptions[0]))
        except* Exception as errors:
            log.exception("job.failed", job=job.kind, key=job.key)
            self._on_bug(errors)
        finally:
            if not claims.handing_back:
                await self._unlist(job)

    # -- the list of open jobs

    async def renew(self) -> None:
        """Renew the claims of every local job and list it again. Runs until cancelled by the owner."""
        while True:
            await asyncio.sleep(self._lease.renew_s)
            self._renewals += 1
            every = list(self._open.values())
            await asyncio.gather(*(here.claims.renew() for here in every))
            if going := [here for here in self._open.values() if not here.ended]:
                wake = not all(here.listed for here in going)
                await self._list([here.job for here in going], wake=wake, worked_on=True)

    async def _list(self, jobs: Sequence[Job], *, wake: bool, worked_on: bool) -> bool:
        """Returns whether it succeeded. If not, the next renewal tries again."""
        heartbeat = f"{self._process} {self._renewals}" if worked_on else ""
        try:
            await self._jobs.add(jobs, heartbeat=heartbeat, wake=wake)
        except RedisAway as error:
            log.warning("job.list_failed", jobs=len(jobs), reason=error.reason)
            return False
        for job in jobs:
            if (here := self._open.get(job.key)) is not None:
                here.listed = True
        return True

    async def _unlist(self, job: Job) -> None:
        """Remove a job that has ended. If Redis is unavailable, the next process that reads the job removes it."""
        if (here := self._open.get(job.key)) is not None:
            here.ended = True
        with suppress(RedisAway):
            await self._jobs.remove(job)

    async def watch(self) -> None:
        """Begin listed jobs that do not run here. Runs until cancelled by the owner."""
        await self._jobs.watch(self._begin_listed)

    def _begin_listed(self, listed: Sequence[OpenJob]) -> None:
        now, before = steady_s(), self._heartbeats
        self._heartbeats = {}
        for one in listed:
            key, run = one.job.key, one.job.kind is JobKind.RUN
            heartbeat, since = before.get(key, ("", now))
            self._heartbeats[key] = (one.heartbeat, since if heartbeat == one.heartbeat else now)
            free = run or not one.heartbeat or now - self._heartbeats[key][1] > self._lease.lease_s
            if free and not self._draining and key not in self._open and len(self._open) < MAX_OPEN:
                self._begin(one.job, waits=run)


@asynccontextmanager
async def open_shared(
    work: Work,
    on_bug: Callable[[BaseException], None],
    redis: RedisClients,
    process: str,
    lease: LeaseConfig,
    *,
    works: bool,
) -> AsyncIterator[SharedDispatcher]:
    """Open the dispatcher with its tasks. Its work is handed back at the end of the block."""
    dispatcher = SharedDispatcher(work, on_bug, redis, process, lease, works=works)
    tasks = {"jobs_claims": dispatcher.renew} | ({"jobs_watch": dispatcher.watch} if works else {})
    async with running(on_bug, **tasks):
        try:
            yield dispatcher
        finally:
            await dispatcher.drain(0)
