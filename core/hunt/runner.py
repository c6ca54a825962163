"""Works on a run: begins its hunts in good time, keeps watchers told, settles it however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from core.clock import Clock
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.ids import hunt_id
from core.domain.run import RUN_ENDED, Run, RunStatus
from core.domain.session import Session
from core.domain.verdict import Outcome
from core.errors import NotFound
from core.hunt.activity import Activity
from core.hunt.chronicle import Tell, hunt_record, run_record
from core.hunt.hunt import Hunter
from core.hunt.run import FailureStreak, calling_most, retry_budget, shares
from core.hunt.views import hunt_event, run_event
from core.providers.base import RetryBudget
from core.sessions.base import SessionStore
from core.settings import Settings

PROGRESS_EVERY_S = 0.5
PAGE = 500


@dataclass(frozen=True)
class Runner:
    store: SessionStore
    hunter: Hunter
    clock: Clock
    settings: Settings
    activity: Activity
    tell: Tell

    async def work(self, session_id: str, run_id: str) -> None:
        """Bring the run to its end. May be called again for a run that was begun: what has a result is skipped.

        Cancelling ends it: hunts without a result become `cancelled` when the run was cancelled by a person, else
        `interrupted`. A session that is deleted or ends meanwhile ends its runs without a word.
        """
        try:
            await self._work(session_id, run_id)
        except* NotFound:
            self.activity.runs_finished += 1

    async def _work(self, session_id: str, run_id: str) -> None:
        session = await self._begin(session_id, run_id)
        run = session.run(run_id)
        if run.status in RUN_ENDED:
            return
        course = _Course(
            session,
            run,
            retry_budget(run, self.settings.retry_budget_ratio),
            FailureStreak(self.settings.same_failure_most),
            asyncio.Semaphore(self.settings.active_hunts_most),
        )
        stopped = ""
        try:
            stopped = await self._hunt_all(course)
        finally:
            # also when cancelled: what was learned is saved before the task lets go
            await self._settle(course, stopped)

    async def _begin(self, session_id: str, run_id: str) -> Session:
        def begin(session: Session) -> Session:
            run = session.run(run_id)
            if run.status is not RunStatus.QUEUED:
                return session
            started = {"status": RunStatus.RUNNING, "started_at": self.clock.now()}
            return session.with_run(run.model_copy(update=started))

        session = await self.store.change(session_id, begin)
        self.activity.runs_started += 1
        await self._announce(session.session_id, session.run(run_id))
        return session

    async def _hunt_all(self, course: _Course) -> str:
        """All hunts to their end. Why the run was stopped early, "" when it was not."""
        done = {h.hunt_id: h for h in await self._saved(course)}
        accounts = {model: self._account(model) for model in course.run.models}
        stopped = ""
        try:
            async with asyncio.TaskGroup() as group:
                lanes = [
                    group.create_task(self._hunt_share(course, account, places, done), name=f"lane:{account}")
                    for account, places in shares(course.run, accounts).items()
                ]
                progress = group.create_task(self._report(course), name="progress")
                await asyncio.wait(lanes)
                progress.cancel()
        except* _Stop:
            stopped = course.streak.reason
        return stopped

    def _account(self, model: str) -> str:
        return self.hunter.catalog.resolve(model)[0].account

    async def _hunt_share(self, course: _Course, account: str, places: Iterable[int], saved: dict[str, Hunt]) -> None:
        """The hunts of one account, a few calls ahead of its slots, so that judge calls find a place between them."""
        gate = asyncio.Semaphore(calling_most(self.hunter.catalog.limit(account)))
        async with asyncio.TaskGroup() as group:
            for place in places:
                hunt = saved.get(hunt_id(course.run.run_id, place)) or course.run.hunt(place)
                if hunt.status is HuntStatus.DONE:
                    continue
                await course.active.acquire()
                await gate.acquire()
                group.create_task(self._hunt_one(course, hunt, gate), name=f"hunt:{hunt.hunt_id}")

    async def _hunt_one(self, course: _Course, hunt: Hunt, gate: asyncio.Semaphore) -> None:
        async def save(state: Hunt) -> None:
            await self.store.save_hunt(course.session.session_id, state, (hunt_event(state),))

        self.activity.hunts_active += 1
        called = _Once(gate.release)
        try:
            ended = await self.hunter.conduct(
                hunt, course.run, session=course.session.session_id, budget=course.budget, save=save, on_reply=called
            )
        finally:
            called()
            course.active.release()
            self.activity.hunts_active -= 1
        self._note(course, ended)
        if course.streak.note(ended.error.code if ended.error and ended.reply is None else None):
            raise _Stop

    async def _report(self, course: _Course) -> None:
        """Tell watchers the run's counts while it goes on, when they have changed."""
        told = -1
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            if course.ended != told:
                told = course.ended
                await self._announce(course.session.session_id, course.run)

    async def _settle(self, course: _Course, stopped: str) -> None:
        """Give every hunt an end and the run its status."""
        session_id, run_id = course.session.session_id, course.run.run_id
        run = (await self.store.read(session_id)).run(run_id)
        await self._end_the_rest(course, by_person=run.status is RunStatus.CANCELLED, why=stopped)
        counts = (await self.store.counts(session_id))[run_id]
        status = RunStatus.FAILED if stopped else RunStatus.COMPLETED
        if counts.interrupted and not stopped:
            status, stopped = RunStatus.FAILED, "The server was ended while the run was going on."

        def end(session: Session) -> Session:
            now = session.run(run_id)
            final = now.status if now.status in RUN_ENDED else status
            ended = {"status": final, "finished_at": self.clock.now(), "stop_reason": stopped}
            return session.with_run(now.model_copy(update=ended))

        ended = await self.store.change(
            session_id, end, announce=lambda s: (run_event(s.run(run_id), counts, self.clock.now()),)
        )
        self.activity.runs_finished += 1
        self.tell(run_record(session_id, ended.run(run_id), counts))

    async def _end_the_rest(self, course: _Course, *, by_person: bool, why: str) -> None:
        saved = {h.hunt_id: h for h in await self._saved(course)}
        outcome = Outcome.CANCELLED if by_person else Outcome.INTERRUPTED
        error = HuntError(code="run_stopped", message=why) if why else None
        for place in range(course.run.hunts):
            hunt = saved.get(hunt_id(course.run.run_id, place)) or course.run.hunt(place)
            if hunt.status is not HuntStatus.DONE:
                ended = {"status": HuntStatus.DONE, "outcome": outcome, "finished_at": self.clock.now(), "error": error}
                hunt = hunt.model_copy(update=ended)
                await self.store.save_hunt(course.session.session_id, hunt, (hunt_event(hunt),))
                self._note(course, hunt)

    def _note(self, course: _Course, hunt: Hunt) -> None:
        course.ended += 1
        self.activity.note_hunt(hunt)
        self.tell(hunt_record(course.session, course.run, hunt))

    async def _announce(self, session_id: str, run: Run) -> None:
        """Tell watchers of the run as it stands; nothing is changed by it."""
        counts = (await self.store.counts(session_id))[run.run_id]
        await self.store.announce(session_id, (run_event(run, counts, self.clock.now()),))

    async def _saved(self, course: _Course) -> list[Hunt]:
        found: list[Hunt] = []
        after: int | None = course.run.first_number - 1
        while after is not None:
            page = await self.store.hunts(course.session.session_id, after=after, limit=PAGE, run_id=course.run.run_id)
            found += page.hunts
            after = page.next
        return found


@dataclass
class _Course:
    """One run being worked on in this process."""

    session: Session
    run: Run
    budget: RetryBudget
    streak: FailureStreak
    active: asyncio.Semaphore
    ended: int = field(default=0)


class _Stop(Exception):
    """The run is not to go on."""


@dataclass
class _Once:
    """Calls through the first time only."""

    release: Callable[[], None]
    spent: bool = False

    def __call__(self) -> None:
        if not self.spent:
            self.spent = True
            self.release()
