"""Executes a run: claims its parts, publishes progress, and settles the run however it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from core.clock import Clock, not_before
from core.domain.ids import hunt_id
from core.domain.run import RUN_ENDED, RunStatus
from core.domain.session import Session
from core.errors import NotFound, RedisAway
from core.hunting.activity import Activity
from core.hunting.dispatch.base import PartClaims
from core.hunting.records import WriteRecord, run_record
from core.hunting.run_plan import FailureStreak, JudgeFailureStreak, active_hunts, active_hunts_of, retry_budget
from core.hunting.runs.context import RunContext, StopRun
from core.hunting.runs.part_worker import PartWorker
from core.hunting.runs.publish import publish_run
from core.hunting.runs.stop import Stopping
from core.hunting.views.events import run_events
from core.providers.base import RetryBudget
from core.sessions.base import SessionStore
from core.settings import CallSettings, HuntingSettings

FAULT = "An internal error stopped the run. It has been logged; start the remaining hunts again."
SERVER_ENDED = "The server was shut down during the run."
PROGRESS_EVERY_S = 0.5
COPY_INTERVAL_S = 0.25
"""Interval of copying results of other processes: those that are lost with Redis and them must be paid for again."""


@dataclass(frozen=True)
class Runner:
    store: SessionStore
    clock: Clock
    activity: Activity
    write_record: WriteRecord
    parts: PartWorker
    _: KW_ONLY
    calls: CallSettings
    hunting: HuntingSettings
    max_queued_calls: int

    async def work(self, session_id: str, run_id: str, claims: PartClaims) -> None:
        """Work on the run until it ends, possibly together with other processes. Hunts with a result are skipped.

        Cancelling ends it: unfinished hunts become `cancelled` if a person cancelled the run, else `interrupted`. If
        the run is handed back, they wait for another process to continue.

        Returns silently if the session is deleted or expires.
        """
        try:
            await self._work(session_id, run_id, claims)
        except* NotFound:
            self.activity.runs_finished += 1

    async def _work(self, session_id: str, run_id: str, claims: PartClaims) -> None:
        session = await self._begin(session_id, run_id)
        run = session.run(run_id)
        if run.status in RUN_ENDED and run.status is not RunStatus.CANCELLED:
            return
        self.activity.runs_started += 1
        await self._publish_progress(session, run_id)
        active = active_hunts(self.hunting.max_active_hunts, self.max_queued_calls, len(run.task.criteria))
        failures, outage_s = self.calls.max_same_failures, self.calls.judge_outage_s
        context = RunContext(
            session=session,
            run=run,
            claims=claims,
            parts=-(-run.hunts // run.part_hunts),
            budget=retry_budget(run, self.calls.retry_budget_ratio),
            streak=FailureStreak(failures),
            judge_failures=JudgeFailureStreak(run.judge_model, failures, outage_s),
            active=asyncio.Semaphore(active_hunts_of(run, active)),
            confirming=asyncio.Semaphore(max(1, active // max(1, len(run.confirm.judges)))),
            confirm_budget=RetryBudget(10 + int(run.confirm.max_extra_calls * self.calls.retry_budget_ratio)),
            opinion_failures={
                judge.target: JudgeFailureStreak(judge.model, failures, outage_s) for judge in run.confirm.judges
            },
            stopping=Stopping(run.stop, over=run.stop_met),
        )
        claims.on_lost = context.give_up
        stopped = ""
        try:
            if run.status is not RunStatus.CANCELLED:
                stopped = await self._hunt_all(context)
        except Exception:
            stopped = FAULT
            raise  # the dispatcher logs and counts it
        finally:
            # also when cancelled: results are saved before the task ends
            if claims.handing_back:
                await self._requeue(context)
            else:
                await self._finish(context, stopped)

    async def _begin(self, session_id: str, run_id: str) -> Session:
        def begin(session: Session) -> Session:
            run = session.run(run_id)
            if run.status is not RunStatus.QUEUED:
                return session
            started = {"status": RunStatus.RUNNING, "started_at": not_before(self.clock.now(), run.created_at)}
            return session.with_run(run.model_copy(update=started))

        return await self.store.change(session_id, begin)

    async def _hunt_all(self, context: RunContext) -> str:
        """Hunt all parts. Returns why the run was stopped early, or ""."""
        stopped = ""
        await self.parts.look_at_rules(context)
        try:
            async with asyncio.TaskGroup() as group:
                beside = (
                    group.create_task(self._report(context), name="progress"),
                    group.create_task(self._copy_results(context), name="copy-results"),
                    group.create_task(context.stop_on_shutdown(SERVER_ENDED), name="stop-on-shutdown"),
                )
                await self._hunt_parts(context)
                for task in beside:
                    task.cancel()
        except* StopRun:
            stopped = context.streak.reason
            await self.parts.store_reason(context, stopped)
            await context.claims.stop()
        return stopped or (context.stopping.over if context.stopping.failed else "")

    async def _hunt_parts(self, context: RunContext) -> None:
        """Claim parts. The next part follows when all hunts of the last one have started, on at least one account."""
        async with asyncio.TaskGroup() as group:
            while (part := await context.claims.next(context.parts)) is not None:
                if part == context.parts:
                    context.last = True
                    return
                begun = asyncio.Event()
                context.mine.add(part)
                context.tasks[part] = task = group.create_task(
                    self.parts.hunt(context, part, begun), name=f"part:{part}"
                )
                task.add_done_callback(_sets(begun))  # also when it is cancelled before it starts
                await begun.wait()

    async def _report(self, context: RunContext) -> None:
        """Publish the run's counts while it is active, when they have changed."""
        published = -1
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            session = await self.parts.end_cancelled(context)
            ended = context.ended + context.confirmed
            if ended != published and await self._publish_progress(session, context.run.run_id):
                published = ended

    async def _copy_results(self, context: RunContext) -> None:
        """Copy results of other processes for this run, to keep them if Redis and those processes are lost."""
        while True:
            await asyncio.sleep(COPY_INTERVAL_S)
            places = (place for part in context.claims.elsewhere for place in context.places(part))
            if hunt_ids := [hunt_id(context.run.run_id, place) for place in places]:
                with contextlib.suppress(RedisAway, NotFound):  # other tasks handle this
                    await self.store.refresh_hunts(context.session.session_id, hunt_ids)

    async def _requeue(self, context: RunContext) -> None:
        """Release our parts. Hunts with a reply are judged by the process that continues the run."""
        for part in sorted(context.mine & context.claims.held):  # without parts that others own by now
            await self.parts.requeue(context, part)
        await context.claims.release()

    async def _finish(self, context: RunContext, stopped: str) -> None:
        """End every hunt that no other process ends, and the run if we are the last process."""
        run = (await self.store.read(context.session.session_id)).run(context.run.run_id)
        by_person, stopped = run.status is RunStatus.CANCELLED, stopped or run.stop_reason
        for part in sorted(context.mine):
            await self.parts.end(context, part, by_person=by_person, why=stopped)
        while not context.last and (left := await context.claims.next(context.parts)) is not None:
            if left == context.parts:
                context.last = True
            elif await self.parts.take(context, left):
                await self.parts.end(context, left, by_person=by_person, why=stopped)
        if context.last:
            await self._settle(context, stopped)
            await context.claims.finish(context.parts)
        self.activity.runs_finished += 1

    async def _settle(self, context: RunContext, stopped: str) -> None:
        """Set the run's final status, after all of its hunts have ended."""
        session_id, run_id = context.session.session_id, context.run.run_id
        counts = (await self.store.counts(session_id))[run_id]
        status = RunStatus.FAILED if stopped else RunStatus.COMPLETED
        if counts.interrupted and not stopped:
            status, stopped = RunStatus.FAILED, SERVER_ENDED
        if counts.cancelled and not stopped:
            stopped = context.run.stop.met(counts)

        def end(session: Session) -> Session:
            now = session.run(run_id)
            final = now.status if now.status in RUN_ENDED else status
            finished_at = not_before(self.clock.now(), now.started_at)
            why = stopped or (now.stop_met if counts.cancelled else "")
            ended = {"status": final, "finished_at": finished_at, "stop_reason": why}
            return session.with_run(now.model_copy(update=ended))

        ended = await self.store.change(
            session_id, end, events=lambda s: run_events(s.run(run_id), counts, self.clock.now(), sealed=s.sealed)
        )
        if not context.run.trial:
            self.write_record(run_record(ended, ended.run(run_id), counts))

    async def _publish_progress(self, session: Session, run_id: str) -> bool:
        """Publish the run's current state. Returns False if the session has changed since it was read.

        An ended run is not published: another process has published its end, which must be the last event.
        """
        return session.run(run_id).status in RUN_ENDED or await publish_run(self.store, self.clock, session, run_id)


def _sets(event: asyncio.Event) -> Callable[[object], None]:
    return lambda _: event.set()
