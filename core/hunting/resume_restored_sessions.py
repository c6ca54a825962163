"""Resumes work that may have lost its worker: in sessions restored from a journal or the library, or lost by Redis.

Such work may be missing from the list of open jobs, if that was lost with Redis's data and no process works on
it. A worker that still runs has `part_lease_s` to renew its claims. Resubmitting a job does not repeat parts that are
done or claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from core.domain.checks import CheckStatus, ReportStatus
from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.domain.session import Session
from core.errors import NotFound, Unavailable
from core.hunting.checks import propose_edits, robustness, two_sided
from core.hunting.checks import reference_check as checking
from core.hunting.checks import rejudge as rejudging
from core.hunting.checks.second_opinions_on_request import confirming_job, requested
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
        for job in (*await self._runs(session), *self._checks(session), *await self._judgings(session)):
            log.info("work.resumed", job=job.kind, key=job.key)
            await self.dispatcher.submit(job, fresh=False)

    async def _runs(self, session: Session) -> list[Job]:
        """Jobs of active runs, and of cancelled runs with unfinished hunts."""
        counts = await self.store.counts(session.session_id)
        return [
            Job(JobKind.RUN, session.session_id, run.run_id, run.has_parameters)
            for run in session.runs
            if run in session.active_runs
            or (run.status is RunStatus.CANCELLED and counts[run.run_id].done < run.hunts)
        ]  # fmt: skip

    def _checks(self, session: Session) -> list[Job]:
        two_sided_check = session.two_sided_check
        jobs = {
            checking.check_job(session): session.check.status is CheckStatus.RUNNING,
            two_sided.two_sided_job(session): two_sided_check.status is CheckStatus.RUNNING,
            propose_edits.edits_job(session): two_sided_check.proposals.running,
            robustness.robustness_job(session): session.robustness.status is ReportStatus.RUNNING,
        }
        return [job for job, running in jobs.items() if running]

    async def _judgings(self, session: Session) -> list[Job]:
        """Jobs for rejudging, and for requested second opinions: they are not part of a run."""
        hunts = await all_hunts(self.store, session.session_id, after=-session.trials_issued - 1)
        again = (hunt for hunt in hunts if hunt.judged and hunt.status is HuntStatus.JUDGING)
        confirming = (hunt for hunt in hunts if requested(hunt))
        return [
            *(rejudging.judging_job(session.session_id, hunt) for hunt in again),
            *(confirming_job(session.session_id, hunt) for hunt in confirming),
        ]


@asynccontextmanager
async def open_resumer(resumer: Resumer) -> AsyncIterator[None]:
    """Resume listed sessions until the block ends."""
    task = asyncio.create_task(resumer.keep(), name="resume")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
