"""Executes a run: starts its hunts, publishes progress, and settles every hunt and the run however they end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

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
from core.hunting.records import Tell, hunt_record, run_record
from core.hunting.run_plan import FailureStreak, JudgeFailureStreak, active_hunts, max_calling, retry_budget, shares
from core.hunting.runs.context import CallOnce, HuntElsewhere, RunContext, StopRun
from core.hunting.runs.publish import publish_run
from core.hunting.runs.stop import Stopping
from core.hunting.views.events import hunt_events, run_events
from core.sessions.base import Saved, SessionStore
from core.settings import Settings

FAULT = "An internal error stopped the run. It has been logged; start the remaining hunts again."
SERVER_ENDED = "The server was shut down during the run."
PROGRESS_EVERY_S = 0.5
LEARN_EVERY_S = 0.25
"""Interval of copying results of other processes: those that are lost with Redis and them must be paid for again."""


async def _nothing_to_write() -> None:
    """No records are written."""


@dataclass(frozen=True)
class Runner:
    store: SessionStore
    hunter: Hunter
    clock: Clock
    settings: Settings
    activity: Activity
    tell: Tell
    flush: Callable[[], Awaitable[None]] = _nothing_to_write
    """Writes the queued records to disk."""

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
        await self._announce(session_id, run_id)
        course = RunContext(
            session,
            run,
            shards,
            -(-run.hunts // run.part_hunts),
            retry_budget(run, self.settings.calls.retry_budget_ratio),
            FailureStreak(self.settings.calls.max_same_failures),
            JudgeFailureStreak(
                run.judge_model, self.settings.calls.max_same_failures, self.settings.calls.judge_outage_s
            ),
            asyncio.Semaphore(
                active_hunts(
                    self.settings.hunting.max_active_hunts,
                    self.settings.throttle.max_queued_calls,
                    len(run.task.criteria),
                )
            ),
            Stopping(run.stop),
        )
        shards.on_lost = course.give_up
        stopped = ""
        try:
            if run.status is not RunStatus.CANCELLED:
                stopped = await self._hunt_all(course)
        except Exception:
            stopped = FAULT
            raise  # the dispatcher logs and counts it
        finally:
            # also when cancelled: results are saved before the task ends
            if shards.handing_back:
                await self._hand_back(course)
            else:
                await self._wind_up(course, stopped)

    async def _begin(self, session_id: str, run_id: str) -> Session:
        def begin(session: Session) -> Session:
            run = session.run(run_id)
            if run.status is not RunStatus.QUEUED:
                return session
            started = {"status": RunStatus.RUNNING, "started_at": not_before(self.clock.now(), run.created_at)}
            return session.with_run(run.model_copy(update=started))

        return await self.store.change(session_id, begin)

    async def _hunt_all(self, course: RunContext) -> str:
        """Hunt all parts. Returns why the run was stopped early, or ""."""
        stopped = ""
        await self._look_at_rules(course)
        try:
            async with asyncio.TaskGroup() as group:
                beside = (
                    group.create_task(self._report(course), name="progress"),
                    group.create_task(self._learn(course), name="learn"),
                    group.create_task(_heed_the_end(course), name="heed-the-end"),
                )
                await self._hunt_parts(course)
                for task in beside:
                    task.cancel()
        except* StopRun:
            stopped = course.streak.reason
            await self._keep_reason(course, stopped)
            await course.shards.stop()
        return stopped or (course.stopping.over if course.stopping.failed else "")

    async def _hunt_parts(self, course: RunContext) -> None:
        """Claim parts. The next part follows when all hunts of the last one have started, on at least one account."""
        async with asyncio.TaskGroup() as group:
            while (part := await course.shards.next(course.parts)) is not None:
                if part == course.parts:
                    course.last = True
                    return
                begun = asyncio.Event()
                course.mine.add(part)
                course.tasks[part] = task = group.create_task(self._hunt_part(course, part, begun), name=f"part:{part}")
                task.add_done_callback(_sets(begun))  # also when it is cancelled before it starts
                await begun.wait()

    async def _hunt_part(self, course: RunContext, part: int, begun: asyncio.Event) -> None:
        if not await self._take(course, part):
            return
        await self._end_cancelled(course)
        saved = {h.hunt_id: h for h in await self._saved(course, part)}
        self._record_again(course, saved.values())
        accounts = {model: self._account(model) for model in course.run.models}
        async with asyncio.TaskGroup() as group:
            for account, places in shares(course.run, accounts, self._places(course, part)).items():
                group.create_task(self._hunt_share(course, account, places, saved, begun), name=f"lane:{account}")
        if course.stopping.kept_off:
            await self._end_part(course, part, by_person=False, why=course.stopping.over)
        else:
            await self._done(course, part)

    async def _take(self, course: RunContext, part: int) -> bool:
        """Invalidate later saves of the part by its earlier owners. Returns False if another process owns the part by
        now."""
        claim = course.claim(part)
        taken = claim is None or await self.store.take(course.session.session_id, claim)
        if not taken:
            course.shards.lose(part)
        return taken

    def _places(self, course: RunContext, part: int) -> range:
        size = course.run.part_hunts
        return range(part * size, min(course.run.hunts, (part + 1) * size))

    async def _done(self, course: RunContext, part: int) -> None:
        await self.flush()  # a finished part implies that its records are on disk
        await course.shards.done(part)
        course.mine.discard(part)

    def _account(self, model: str) -> str:
        return self.hunter.catalog.resolve(model)[0].account

    async def _hunt_share(
        self, course: RunContext, account: str, places: Iterable[int], saved: dict[str, Hunt], begun: asyncio.Event
    ) -> None:
        """Start the hunts of one account, a few calls ahead of its limit, so that judge calls are not delayed."""
        most = max_calling(self.hunter.catalog.limit(account))
        gate = course.gates.setdefault(account, asyncio.Semaphore(most))
        async with asyncio.TaskGroup() as group:
            for place in places:
                hunt = saved.get(hunt_id(course.run.run_id, place)) or course.run.hunt(place)
                if hunt.status is HuntStatus.DONE or hunt.judged:
                    continue  # rejudging is a separate job
                if hunt.status is HuntStatus.CALLING:  # from a previous owner of the part
                    hunt = _waiting_again(hunt)
                await course.active.acquire()
                await gate.acquire()
                group.create_task(self._hunt_one(course, hunt, gate), name=f"hunt:{hunt.hunt_id}")
            begun.set()

    async def _hunt_one(self, course: RunContext, hunt: Hunt, gate: asyncio.Semaphore) -> None:
        session, part = course.session, course.part(hunt)
        ended_here = False

        async def save(state: Hunt) -> None:
            nonlocal ended_here
            course.stopping.note(state)
            if _reply_to_judge(state, course.run):
                course.streak.note(
                    None
                )  # reset when the reply arrives, since judging it can take longer than many failures
            saved = await self._save(course, state)
            if saved is Saved.REFUSED or (saved is Saved.PASSED_OVER and state.status is HuntStatus.CALLING):
                raise HuntElsewhere
            ended_here = saved is Saved.KEPT

        self.activity.hunts_active += 1
        called = CallOnce(gate.release)
        try:
            if not course.stopping.begins(hunt):
                return
            ended = await self.hunter.conduct(
                hunt,
                course.run,
                session=session.session_id,
                budget=course.budget,
                save=save,
                on_reply=called,
                before_call=lambda: course.shards.ensure(part),
                history=session.history(course.run.turn),
                rules=judging_rules(self.store, session, course.run, self.settings.hunting.blind_outcome_step_s),
            )
        except HuntElsewhere:
            return
        except asyncio.CancelledError:
            if not course.stopping.took_off(hunt.hunt_id) or course.shards.handing_back:
                raise
            if course.stopping.cancelled(hunt.hunt_id):
                await self._end(course, course.stopping.state(hunt), Outcome.CANCELLED)
            return
        finally:
            called()
            course.active.release()
            self.activity.hunts_active -= 1
        self._note(course, ended, record=ended_here)
        await self._stop_if_due(course, ended)

    async def _stop_if_due(self, course: RunContext, ended: Hunt) -> None:
        """Start no further hunts if the finished one is a reason to stop."""
        await self._look_at_rules(course)
        if ended.error and course.streak.note(ended.error.code):
            raise StopRun
        why = course.judge_failures.add(ended, self.clock.monotonic())
        if why and not course.stopping.over:
            course.stopping.fail(why)
            await self._keep_reason(course, why)

    async def _keep_reason(self, course: RunContext, why: str) -> None:
        """Store why the run fails, for other processes that work on it or resume it."""

        def keep(session: Session) -> Session:
            run = session.run(course.run.run_id)
            if run.stop_reason or run.status in RUN_ENDED:
                return session
            return session.with_run(run.model_copy(update={"stop_reason": why}))

        await self.store.change(course.session.session_id, keep)

    async def _look_at_rules(self, course: RunContext) -> None:
        """Start no further hunt if the hunts of all processes meet the run's stop rule."""
        if course.stopping.counts_matter:
            counts = await self.store.counts(course.session.session_id)
            course.stopping.look_at(counts[course.run.run_id])

    async def _end_cancelled(self, course: RunContext) -> None:
        """End the cancelled hunts of our parts, whichever process received the request. Start no further hunt if
        another process found that the run fails."""
        run = (await self.store.read(course.session.session_id)).run(course.run.run_id)
        if run.stop_reason:
            course.stopping.fail(run.stop_reason)
        for cancelled in course.stopping.cancel(run.cancelled_hunts):
            place = hunt_index(cancelled)
            part = place // run.part_hunts
            if part in course.mine:
                saved = {h.hunt_id: h for h in await self._saved(course, part)}
                hunt = saved.get(cancelled) or run.hunt(place)
                if hunt.status is HuntStatus.QUEUED:  # a started hunt is ended by its own task
                    await self._end(course, hunt, Outcome.CANCELLED)

    async def _save(self, course: RunContext, hunt: Hunt) -> Saved:
        """Save the hunt and publish its event, unless another process owns its part: then the part is dropped."""
        session, part = course.session, course.part(hunt)
        events = hunt_events(hunt, sealed=session.sealed)
        saved = await self.store.save_hunt(session.session_id, hunt, events, claim=course.claim(part))
        if saved is Saved.REFUSED:
            course.shards.lose(part)
        return saved

    async def _report(self, course: RunContext) -> None:
        """Publish the run's counts while it is active, when they have changed."""
        told = -1
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            await self._end_cancelled(course)
            ended = course.ended
            if ended != told and await self._announce(course.session.session_id, course.run.run_id):
                told = ended

    async def _learn(self, course: RunContext) -> None:
        """Copy results of other processes for this run, to keep them if Redis and those processes are lost."""
        while True:
            await asyncio.sleep(LEARN_EVERY_S)
            places = (place for part in course.shards.elsewhere for place in self._places(course, part))
            if hunt_ids := [hunt_id(course.run.run_id, place) for place in places]:
                with contextlib.suppress(RedisAway, NotFound):  # other tasks handle this
                    await self.store.learn(course.session.session_id, hunt_ids)

    async def _hand_back(self, course: RunContext) -> None:
        """Requeue hunts that were calling. Hunts with a reply keep it and are judged by the process that continues the
        run."""
        for part in sorted(course.mine & course.shards.held):  # without parts that others own by now
            for hunt in await self._saved(course, part):
                if hunt.status is HuntStatus.CALLING:
                    await self._save(course, _waiting_again(hunt))
        await course.shards.release()

    async def _wind_up(self, course: RunContext, stopped: str) -> None:
        """End every hunt that no other process ends, and the run if we are the last process."""
        run = (await self.store.read(course.session.session_id)).run(course.run.run_id)
        by_person, stopped = run.status is RunStatus.CANCELLED, stopped or run.stop_reason
        for part in sorted(course.mine):
            await self._end_part(course, part, by_person=by_person, why=stopped)
        while not course.last and (left := await course.shards.next(course.parts)) is not None:
            if left == course.parts:
                course.last = True
            elif await self._take(course, left):
                await self._end_part(course, left, by_person=by_person, why=stopped)
        if course.last:
            await self._settle(course, stopped)
            await course.shards.done(course.parts)
        self.activity.runs_finished += 1

    async def _settle(self, course: RunContext, stopped: str) -> None:
        """Set the run's final status, after all of its hunts have ended."""
        session_id, run_id = course.session.session_id, course.run.run_id
        counts = (await self.store.counts(session_id))[run_id]
        status = RunStatus.FAILED if stopped else RunStatus.COMPLETED
        if counts.interrupted and not stopped:
            status, stopped = RunStatus.FAILED, SERVER_ENDED
        if counts.cancelled and not stopped:
            stopped = course.run.stop.met(counts)

        def end(session: Session) -> Session:
            now = session.run(run_id)
            final = now.status if now.status in RUN_ENDED else status
            finished_at = not_before(self.clock.now(), now.started_at)
            ended = {"status": final, "finished_at": finished_at, "stop_reason": stopped}
            return session.with_run(now.model_copy(update=ended))

        ended = await self.store.change(
            session_id, end, events=lambda s: run_events(s.run(run_id), counts, self.clock.now(), sealed=s.sealed)
        )
        if not course.run.trial:
            self.tell(run_record(ended, ended.run(run_id), counts))

    async def _end_part(self, course: RunContext, part: int, *, by_person: bool, why: str) -> None:
        """End every unfinished hunt of the part: `cancelled` if a person or the stop rule ended it, else
        `interrupted`."""
        saved = {h.hunt_id: h for h in await self._saved(course, part)}
        by_wish = by_person or course.stopping.by_wish
        for place in self._places(course, part):
            hunt = saved.get(hunt_id(course.run.run_id, place)) or course.run.hunt(place)
            if hunt.status is HuntStatus.DONE or hunt.judged:
                continue
            wished = by_wish or course.stopping.cancelled(hunt.hunt_id)
            await self._end(course, hunt, Outcome.CANCELLED if wished else Outcome.INTERRUPTED, why)
            if part not in course.shards.held:
                return  # the new owner ends it
        await self._done(course, part)

    async def _end(self, course: RunContext, hunt: Hunt, outcome: Outcome, why: str = "") -> None:
        error = HuntError(code="run_stopped", message=why) if why else None
        finished_at = not_before(self.clock.now(), hunt.started_at)
        ended = {"status": HuntStatus.DONE, "outcome": outcome, "finished_at": finished_at, "error": error}
        hunt = hunt.model_copy(update=ended)
        self._note(course, hunt, record=await self._save(course, hunt) is Saved.KEPT)

    def _note(self, course: RunContext, hunt: Hunt, *, record: bool) -> None:
        """Count the hunt. `record`: also write its record, because it ended in this process."""
        course.ended += 1
        if record and not hunt.trial:
            self.activity.note_hunt(hunt)
            self._record(course, hunt)

    def _record(self, course: RunContext, hunt: Hunt) -> None:
        most = self.settings.telemetry.max_reply_chars
        claim = course.claim(course.part(hunt))
        number = claim.fence if claim else 0
        self.tell(hunt_record(course.session, course.run, hunt, max_reply_chars=most, claim=number))

    def _record_again(self, course: RunContext, hunts: Iterable[Hunt]) -> None:
        """Record a part's finished hunts again: its previous owner may have died before their records were on disk, in
        which case nobody can tell which ones were. Readers of the log count a hunt once."""
        for hunt in hunts:
            if hunt.status is HuntStatus.DONE and not hunt.trial and not hunt.judged:
                self._record(course, hunt)

    async def _announce(self, session_id: str, run_id: str) -> bool:
        """Publish the run's current state. Returns False if the session changed meanwhile.

        An ended run is not published: another process has published its end, which must be the last event.
        """
        session = await self.store.read(session_id)
        return session.run(run_id).status in RUN_ENDED or await publish_run(self.store, self.clock, session, run_id)

    async def _saved(self, course: RunContext, part: int) -> Iterable[Hunt]:
        """Return the current state of the part's started hunts, possibly saved by a process that has died."""
        places = self._places(course, part)
        first = course.run.first_number
        page = await self.store.hunts(
            course.session.session_id, after=first + places.start - 1, limit=len(places), run_id=course.run.run_id
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


async def _heed_the_end(course: RunContext) -> None:
    await course.shards.ending.wait()
    course.stopping.end(SERVER_ENDED)
