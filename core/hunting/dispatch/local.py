"""Runs jobs as named tasks of this process and awaits each one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from core.errors import Unavailable
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, PartClaims, Work

log = structlog.get_logger(__name__)


class LocalClaims(PartClaims):
    """Gives all parts to this process."""

    def __init__(self) -> None:
        super().__init__()
        self._given: set[int] = set()
        self._done: set[int] = set()
        self._news = asyncio.Event()

    @property
    def held(self) -> frozenset[int]:
        return frozenset(self._given - self._done)

    def fence(self, part: int) -> int | None:  # noqa: ARG002 – no other process can claim it
        return None

    async def holds(self, part: int) -> bool:  # noqa: ARG002
        return True

    def lose(self, part: int) -> None:
        """Does nothing: no other process can claim a part."""

    async def next(self, parts: int) -> int | None:
        while True:
            part = next((n for n in range(parts) if n not in self._given), parts)
            if part < parts or len(self._done) >= parts:
                break
            self._news.clear()
            await self._news.wait()
        if part in self._given:
            return None
        self._given.add(part)
        return part

    async def finish(self, part: int) -> None:
        self._done.add(part)
        self._news.set()

    async def release(self) -> None:
        self._given &= self._done

    async def stop(self) -> None:
        """Does nothing: no other process works on the job."""


class LocalDispatcher(Dispatcher):
    def __init__(self, work: Work, on_bug: Callable[[BaseException], None]) -> None:
        """`on_bug` receives unexpected errors. The worker itself settles its job first."""
        self._work = work
        self._on_bug = on_bug
        self._tasks: dict[str, tuple[Job, LocalClaims, asyncio.Task[None]]] = {}
        self._draining = False

    async def submit(self, job: Job, *, fresh: bool = True) -> None:  # noqa: ARG002 – all state is local
        if self._draining:
            raise Unavailable("The server is shutting down.", hint="Try again in a moment.")
        if job.key not in self._tasks:
            claims = LocalClaims()
            task = asyncio.create_task(self._supervise(job, claims), name=f"{job.kind}:{job.key}")
            self._tasks[job.key] = (job, claims, task)

    async def stop(self, key: str) -> None:
        if key in self._tasks:
            *_, task = self._tasks[key]
            task.cancel()
            await asyncio.wait([task])

    async def drain(self, grace_s: float) -> None:
        self._draining = True
        tasks = [task for *_, task in self._tasks.values()]
        if not tasks:
            return
        log.info("jobs.draining", jobs=len(tasks), grace_s=grace_s)
        for _, claims, _ in self._tasks.values():
            claims.ending.set()
        _, late = await asyncio.wait(tasks, timeout=grace_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def active(self, kind: JobKind) -> int:
        return sum(job.kind is kind for job, *_ in self._tasks.values())

    async def _supervise(self, job: Job, claims: LocalClaims) -> None:
        try:
            await self._work(job, claims)
        except Exception as error:
            log.exception("job.failed", job=job.kind, key=job.key)
            self._on_bug(error)
        finally:
            del self._tasks[job.key]
