"""Resumes work that may have lost its worker: in sessions restored from a journal or lost by Redis.

The tokens of such work may be lost with the process that started it, or with Redis's data. A worker that still runs
has `part_lease_s` to renew its claims. Resubmitting a job does not repeat parts that are done or claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.domain.session import CheckStatus, Session
from core.errors import NotFound, Unavailable
from core.hunting.checks import reference_check as checking
from core.hunting.checks import rejudge as rejudging
from core.hunting.dispatch.base import Dispatcher, Job, JobKind
from core.hunting.hunts.queries import all_hunts
from core.sessions.base import SessionStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Resumer:
    store: SessionStore
    dispatcher: Dispatcher
    reattached: set[str]
    """IDs of the sessions to resume; the session store adds to it."""
    pause_s: float
    on_bug: Callable[[BaseException], None]

    async def keep(self) -> None:
        """Resume the listed sessions, each after one to two pauses, until cancelled by the owner."""
        ripe: set[str] = set()
        while True:
            await asyncio.sleep(self.pause_s)
            fresh = set(self.reattached)
            self.reattached.clear()
            for session_id in ripe:
                try:
                    await self.resume(session_id)
                except NotFound:
                    continue  # the session expired
                except Unavailable as error:
                    log.debug("work.resume_postponed", reason=error.message)
                    self.reattached.add(session_id)
                except Exception as error:  # other sessions are still resumed
                    log.exception("work.resume_failed")
                    self.on_bug(error)
            ripe = fresh

    async def resume(self, session_id: str) -> None:
        """Submit all unfinished work of a session. Raises NotFound, Unavailable."""
        session = await self.store.read(session_id)
        for job in (*await self._runs(session), *self._check(session), *await self._judgings(session)):
            log.info("work.resumed", job=job.kind, key=job.key)
            await self.dispatcher.submit(job, fresh=False)

    async def _runs(self, session: Session) -> list[Job]:
        """Jobs of active runs, and of cancelled runs with unfinished hunts."""
        counts = await self.store.counts(session.session_id)
        return [
            Job(JobKind.RUN, session.session_id, run.run_id)
            for run in session.runs
            if run in session.active_runs
            or (run.status is RunStatus.CANCELLED and counts[run.run_id].done < run.hunts)
        ]  # fmt: skip

    def _check(self, session: Session) -> list[Job]:
        running = session.check.status is CheckStatus.RUNNING
        return [Job(JobKind.CHECK, session.session_id, checking.job_key(session))] if running else []

    async def _judgings(self, session: Session) -> list[Job]:
        """Jobs for rejudging, which is not part of a run."""
        hunts = await all_hunts(self.store, session.session_id, after=-session.trials_issued - 1)
        again = (hunt for hunt in hunts if hunt.judged and hunt.status is HuntStatus.JUDGING)
        return [Job(JobKind.JUDGING, session.session_id, rejudging.job_key(session.session_id, hunt)) for hunt in again]


@asynccontextmanager
async def open_resumer(resumer: Resumer) -> AsyncIterator[None]:
    """Resume listed sessions until the block ends."""
    task = asyncio.create_task(resumer.keep(), name="resume")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
