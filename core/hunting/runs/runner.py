"""Executes a run: starts its hunts, publishes progress, and settles every hunt and the run however they end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import KW_ONLY, dataclass

from core.clock import Clock, not_before
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.ids import hunt_id, hunt_index
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.session import Session
from core.domain.verdict import Outcome
from core.errors import NotFound, RedisAway
from core.hunting.activity import Activity
from core.hunting.dispatch.base import Shards
from core.hunting.hunts.blind_judging import judging_rules
from core.hunting.hunts.hunter import Hunter
from core.hunting.records import WriteRecord, hunt_record, run_record
from core.hunting.run_plan import FailureStreak, JudgeFailureStreak, active_hunts, max_calling, retry_budget, shares
from core.hunting.runs.context import CallOnce, HuntElsewhere, RunContext, StopRun
from core.hunting.runs.publish import publish_run
from core.hunting.runs.stop import Stopping
from core.hunting.views.events import hunt_events, run_events
from core.sessions.base import Saved, SessionStore
from core.settings import CallSettings, HuntingSettings

FAULT = "An internal error stopped the run. It has been logged; start the remaining hunts again."
SERVER_ENDED = "The server was shut down during the run."
PROGRESS_EVERY_S = 0.5
COPY_INTERVAL_S = 0.25
"""Interval of copying results of other processes: those that are lost with Redis and them must be paid for again."""


async def _nothing_to_write() -> None:
    """No records are written."""


@dataclass(frozen=True)
class Runner:
    store: SessionStore
    hunter: Hunter
    clock: Clock
    activity: Activity
    write_record: WriteRecord
    flush: Callable[[], Awaitable[None]] = _nothing_to_write
    """Writes the queued records to disk."""
    _: KW_ONLY
    calls: CallSettings
    hunting: HuntingSettings
    max_queued_calls: int
    max_reply_chars: int
    """Longest reply in a telemetry record."""

    async def work(self, session_id: str, run_id: str, shards: Shards) -> None:
        """Work on the run until it ends, possibly together with other processes. Hunts with a result are skipped.

        Cancelling ends it: unfinished hunts become `cancelled` if a person cancelled the run, else `interrupted`. If
        the run is handed back, they wait for another process to continue.

        Returns silently if the session is deleted or expires.
        """
        try:
            await self._work(session_id, run_id, shards)
        except* NotFound:
            self.activity.runs_finished += 1

    async def _work(self, session_id: str, run_id: str, shards: Shards) -> None:
        session = await self._begin(session_id, run_id)
        run = session.run(run_id)
        if run.status in RUN_ENDED and run.status is not RunStatus.CANCELLED:
            return
        self.activity.runs_started += 1
        await self._publish_progress(session_id, run_id)
        active = active_hunts(self.hunting.max_active_hunts, self.max_queued_calls, len(run.task.criteria))
        context = RunContext(
            session=session,
            run=run,
            shards=shards,
            parts=-(-run.hunts // run.part_hunts),
            budget=retry_budget(run, self.calls.retry_budget_ratio),
            streak=FailureStreak(self.calls.max_same_failures),
            judge_failures=JudgeFailureStreak(run.judge_model, self.calls.max_same_failures, self.calls.judge_outage_s),
            active=asyncio.Semaphore(active),
            stopping=Stopping(run.stop),
        )
        shards.on_lost = context.give_up
        stopped = ""
        try:
            if run.status is not RunStatus.CANCELLED:
                stopped = await self._hunt_all(context)
        except Exception:
            stopped = FAULT
            raise  # the dispatcher logs and counts it
        finally:
            # also when cancelled: results are saved before the task ends
            if shards.handing_back:
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
        await self._look_at_rules(context)
        try:
            async with asyncio.TaskGroup() as group:
                beside = (
                    group.create_task(self._report(context), name="progress"),
                    group.create_task(self._copy_results(context), name="copy-results"),
                    group.create_task(_stop_on_shutdown(context), name="stop-on-shutdown"),
                )
                await self._hunt_parts(context)
                for task in beside:
                    task.cancel()
        except* StopRun:
            stopped = context.streak.reason
            await self._store_reason(context, stopped)
            await context.shards.stop()
        return stopped or (context.stopping.over if context.stopping.failed else "")

    async def _hunt_parts(self, context: RunContext) -> None:
        """Claim parts. The next part follows when all hunts of the last one have started, on at least one account."""
        async with asyncio.TaskGroup() as group:
            while (part := await context.shards.next(context.parts)) is not None:
                if part == context.parts:
                    context.last = True
                    return
                begun = asyncio.Event()
                context.mine.add(part)
                context.tasks[part] = task = group.create_task(
                    self._hunt_part(context, part, begun), name=f"part:{part}"
                )
                task.add_done_callback(_sets(begun))  # also when it is cancelled before it starts
                await begun.wait()

    async def _hunt_part(self, context: RunContext, part: int, begun: asyncio.Event) -> None:
        if not await self._take(context, part):
            return
        await self._end_cancelled(context)
        saved = {h.hunt_id: h for h in await self._saved(context, part)}
        self._record_again(context, saved.values())
        accounts = {model: self._account(model) for model in context.run.models}
        async with asyncio.TaskGroup() as group:
            for account, places in shares(context.run, accounts, self._places(context, part)).items():
                group.create_task(self._hunt_share(context, account, places, saved, begun), name=f"account:{account}")
        if context.stopping.leaves_unfinished:
            await self._end_part(context, part, by_person=False, why=context.stopping.over)
        else:
            await self._done(context, part)

    async def _take(self, context: RunContext, part: int) -> bool:
        """Invalidate later saves of the part by its earlier owners. Returns False if another process owns the part by
        now."""
        claim = context.claim(part)
        taken = claim is None or await self.store.accept_claim(context.session.session_id, claim)
        if not taken:
            context.shards.lose(part)
        return taken

    def _places(self, context: RunContext, part: int) -> range:
        size = context.run.part_hunts
        return range(part * size, min(context.run.hunts, (part + 1) * size))

    async def _done(self, context: RunContext, part: int) -> None:
        await self.flush()  # a finished part implies that its records are on disk
        await context.shards.finish(part)
        context.mine.discard(part)

    def _account(self, model: str) -> str:
        return self.hunter.catalog.resolve(model)[0].account

    async def _hunt_share(
        self, context: RunContext, account: str, places: Iterable[int], saved: dict[str, Hunt], begun: asyncio.Event
    ) -> None:
        """Start the hunts of one account, a few calls ahead of its limit, so that judge calls are not delayed."""
        most = max_calling(self.hunter.catalog.limit(account))
        gate = context.gates.setdefault(account, asyncio.Semaphore(most))
        async with asyncio.TaskGroup() as group:
            for place in places:
                hunt = saved.get(hunt_id(context.run.run_id, place)) or context.run.hunt(place)
                if hunt.status is HuntStatus.DONE or hunt.judged:
                    continue  # rejudging is a separate job
                if hunt.status is HuntStatus.CALLING:  # from a previous owner of the part
                    hunt = _waiting_again(hunt)
                await context.active.acquire()
                await gate.acquire()
                group.create_task(self._hunt_one(context, hunt, gate), name=f"hunt:{hunt.hunt_id}")
            begun.set()

    async def _hunt_one(self, context: RunContext, hunt: Hunt, gate: asyncio.Semaphore) -> None:
        session, part = context.session, context.part(hunt)
        ended_here = False

        async def save(state: Hunt) -> None:
            nonlocal ended_here
            context.stopping.record(state)
            if _reply_to_judge(state, context.run):
                context.streak.record(
                    None
                )  # reset when the reply arrives, since judging it can take longer than many failures
            saved = await self._save(context, state)
            if saved is Saved.REFUSED or (saved is Saved.PASSED_OVER and state.status is HuntStatus.CALLING):
                raise HuntElsewhere
            ended_here = saved is Saved.KEPT

        self.activity.hunts_active += 1
        called = CallOnce(gate.release)
        try:
            if not context.stopping.begins(hunt):
                return
            ended = await self.hunter.conduct(
                hunt,
                context.run,
                session=session.session_id,
                budget=context.budget,
                save=save,
                on_reply=called,
                before_call=lambda: context.shards.ensure(part),
                history=session.history(context.run.turn),
                rules=judging_rules(self.store, session, context.run, self.hunting.blind_outcome_step_s),
            )
        except HuntElsewhere:
            return
        except asyncio.CancelledError:
            if not context.stopping.took_off(hunt.hunt_id) or context.shards.handing_back:
                raise
            if context.stopping.cancelled(hunt.hunt_id):
                await self._end(context, context.stopping.state(hunt), Outcome.CANCELLED)
            return
        finally:
            called()
            context.active.release()
            self.activity.hunts_active -= 1
        self._note(context, ended, record=ended_here)
        await self._stop_if_due(context, ended)

    async def _stop_if_due(self, context: RunContext, ended: Hunt) -> None:
        """Start no further hunts if the finished one is a reason to stop."""
        await self._look_at_rules(context)
        if ended.error and context.streak.record(ended.error.code):
            raise StopRun
        why = context.judge_failures.add(ended, self.clock.monotonic())
        if why and not context.stopping.over:
            context.stopping.fail(why)
            await self._store_reason(context, why)

    async def _store_reason(self, context: RunContext, why: str) -> None:
        """Store why the run fails, for other processes that work on it or resume it."""

        def keep(session: Session) -> Session:
            run = session.run(context.run.run_id)
            if run.stop_reason or run.status in RUN_ENDED:
                return session
            return session.with_run(run.model_copy(update={"stop_reason": why}))

        await self.store.change(context.session.session_id, keep)

    async def _look_at_rules(self, context: RunContext) -> None:
        """Start no further hunt if the hunts of all processes meet the run's stop rule."""
        if context.stopping.counts_matter:
            counts = await self.store.counts(context.session.session_id)
            context.stopping.look_at(counts[context.run.run_id])

    async def _end_cancelled(self, context: RunContext) -> None:
        """End the cancelled hunts of our parts, whichever process received the request. Start no further hunt if
        another process found that the run fails."""
        run = (await self.store.read(context.session.session_id)).run(context.run.run_id)
        if run.stop_reason:
            context.stopping.fail(run.stop_reason)
        for cancelled in context.stopping.cancel(run.cancelled_hunts):
            place = hunt_index(cancelled)
            part = place // run.part_hunts
            if part in context.mine:
                saved = {h.hunt_id: h for h in await self._saved(context, part)}
                hunt = saved.get(cancelled) or run.hunt(place)
                if hunt.status is HuntStatus.QUEUED:  # a started hunt is ended by its own task
                    await self._end(context, hunt, Outcome.CANCELLED)

    async def _save(self, context: RunContext, hunt: Hunt) -> Saved:
        """Save the hunt and publish its event, unless another process owns its part: then the part is dropped."""
        session, part = context.session, context.part(hunt)
        events = hunt_events(hunt, sealed=session.sealed)
        saved = await self.store.save_hunt(session.session_id, hunt, events, claim=context.claim(part))
        if saved is Saved.REFUSED:
            context.shards.lose(part)
        return saved

    async def _report(self, context: RunContext) -> None:
        """Publish the run's counts while it is active, when they have changed."""
        published = -1
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            await self._end_cancelled(context)
            ended = context.ended
            if ended != published and await self._publish_progress(context.session.session_id, context.run.run_id):
                published = ended

    async def _copy_results(self, context: RunContext) -> None:
        """Copy results of other processes for this run, to keep them if Redis and those processes are lost."""
        while True:
            await asyncio.sleep(COPY_INTERVAL_S)
            places = (place for part in context.shards.elsewhere for place in self._places(context, part))
            if hunt_ids := [hunt_id(context.run.run_id, place) for place in places]:
                with contextlib.suppress(RedisAway, NotFound):  # other tasks handle this
                    await self.store.refresh_hunts(context.session.session_id, hunt_ids)

    async def _requeue(self, context: RunContext) -> None:
        """Requeue hunts that were calling. Hunts with a reply keep it and are judged by the process that continues the
        run."""
        for part in sorted(context.mine & context.shards.held):  # without parts that others own by now
            for hunt in await self._saved(context, part):
                if hunt.status is HuntStatus.CALLING:
                    await self._save(context, _waiting_again(hunt))
        await context.shards.release()

    async def _finish(self, context: RunContext, stopped: str) -> None:
        """End every hunt that no other process ends, and the run if we are the last process."""
        run = (await self.store.read(context.session.session_id)).run(context.run.run_id)
        by_person, stopped = run.status is RunStatus.CANCELLED, stopped or run.stop_reason
        for part in sorted(context.mine):
            await self._end_part(context, part, by_person=by_person, why=stopped)
        while not context.last and (left := await context.shards.next(context.parts)) is not None:
            if left == context.parts:
                context.last = True
            elif await self._take(context, left):
                await self._end_part(context, left, by_person=by_person, why=stopped)
        if context.last:
            await self._settle(context, stopped)
            await context.shards.finish(context.parts)
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
            ended = {"status": final, "finished_at": finished_at, "stop_reason": stopped}
            return session.with_run(now.model_copy(update=ended))

        ended = await self.store.change(
            session_id, end, events=lambda s: run_events(s.run(run_id), counts, self.clock.now(), sealed=s.sealed)
        )
        if not context.run.trial:
            self.write_record(run_record(ended, ended.run(run_id), counts))

    async def _end_part(self, context: RunContext, part: int, *, by_person: bool, why: str) -> None:
        """End every unfinished hunt of the part: `cancelled` if a person or the stop rule ended it, else
        `interrupted`."""
        saved = {h.hunt_id: h for h in await self._saved(context, part)}
        by_wish = by_person or context.stopping.by_wish
        for place in self._places(context, part):
            hunt = saved.get(hunt_id(context.run.run_id, place)) or context.run.hunt(place)
            if hunt.status is HuntStatus.DONE or hunt.judged:
                continue
            wished = by_wish or context.stopping.cancelled(hunt.hunt_id)
            await self._end(context, hunt, Outcome.CANCELLED if wished else Outcome.INTERRUPTED, why)
            if part not in context.shards.held:
                return  # the new owner ends it
        await self._done(context, part)

    async def _end(self, context: RunContext, hunt: Hunt, outcome: Outcome, why: str = "") -> None:
        error = HuntError(code="run_stopped", message=why) if why else None
        finished_at = not_before(self.clock.now(), hunt.started_at)
        ended = {"status": HuntStatus.DONE, "outcome": outcome, "finished_at": finished_at, "error": error}
        hunt = hunt.model_copy(update=ended)
        self._note(context, hunt, record=await self._save(context, hunt) is Saved.KEPT)

    def _note(self, context: RunContext, hunt: Hunt, *, record: bool) -> None:
        """Count the hunt. `record`: also write its record, because it ended in this process."""
        context.ended += 1
        if record and not hunt.trial:
            self.activity.note_hunt(hunt)
            self._record(context, hunt)

    def _record(self, context: RunContext, hunt: Hunt) -> None:
        claim = context.claim(context.part(hunt))
        number = claim.fence if claim else 0
        self.write_record(
            hunt_record(context.session, context.run, hunt, max_reply_chars=self.max_reply_chars, claim=number)
        )

    def _record_again(self, context: RunContext, hunts: Iterable[Hunt]) -> None:
        """Record a part's finished hunts again: its previous owner may have died before their records were on disk, in
        which case nobody can tell which ones were. Readers of the log count a hunt once."""
        for hunt in hunts:
            if hunt.status is HuntStatus.DONE and not hunt.trial and not hunt.judged:
                self._record(context, hunt)

    async def _publish_progress(self, session_id: str, run_id: str) -> bool:
        """Publish the run's current state. Returns False if the session changed meanwhile.

        An ended run is not published: another process has published its end, which must be the last event.
        """
        session = await self.store.read(session_id)
        return session.run(run_id).status in RUN_ENDED or await publish_run(self.store, self.clock, session, run_id)

    async def _saved(self, context: RunContext, part: int) -> Iterable[Hunt]:
        """Return the current state of the part's started hunts, possibly saved by a process that has died."""
        places = self._places(context, part)
        first = context.run.first_number
        page = await self.store.hunts(
            context.session.session_id, after=first + places.start - 1, limit=len(places), run_id=context.run.run_id
        )
        return [hunt for hunt in page.hunts if hunt.number < first + places.stop]


def _waiting_again(hunt: Hunt) -> Hunt:
    """Return the hunt as queued, after a call whose reply was lost."""
    return hunt.model_copy(update={"status": HuntStatus.QUEUED, "started_at": None})


def _reply_to_judge(hunt: Hunt, run: Run) -> bool:
    """Whether this state is the first one with a reply, which is judged next."""
    return hunt.status is HuntStatus.JUDGING and not hunt.verdicts and (not hunt.cut_off or run.judge_cut_replies)


def _sets(event: asyncio.Event) -> Callable[[object], None]:
    return lambda _: event.set()


async def _stop_on_shutdown(context: RunContext) -> None:
    await context.shards.ending.wait()
    context.stopping.end(SERVER_ENDED)
