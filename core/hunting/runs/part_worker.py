"""Works on the parts of a run: conducts the hunts of a part, and settles every one of them however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial

from core.clock import Clock, not_before
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.ids import hunt_id, hunt_index
from core.domain.run import RUN_ENDED
from core.domain.session import Session
from core.domain.verdict import Outcome
from core.errors import BudgetSpent
from core.hunting.activity import Activity
from core.hunting.hunts.blind_judging import judging_rules
from core.hunting.hunts.hunter import Hunter, Save
from core.hunting.records import WriteRecord, hunt_record, opinion_records
from core.hunting.run_plan import ANY_ACCOUNT, max_calling, shares
from core.hunting.runs.allocate import with_drawn_target
from core.hunting.runs.context import CallOnce, HuntElsewhere, RunContext, StopRun, reply_to_judge, waiting_again
from core.hunting.runs.second_opinions_of_run import RunOpinions
from core.hunting.views.events import hunt_events
from core.livetext.base import LiveText
from core.providers.base import PartialReply
from core.sessions.base import Saved, SessionStore


async def _nothing_to_write() -> None:
    """No records are written."""


@dataclass(frozen=True)
class PartWorker:
    """Holds nothing of a run: its state is the `RunContext` that every method takes."""

    store: SessionStore
    hunter: Hunter
    clock: Clock
    activity: Activity
    write_record: WriteRecord
    flush: Callable[[], Awaitable[None]] = _nothing_to_write
    """Writes the queued records to disk."""
    _: KW_ONLY
    opinions: RunOpinions
    live_text: LiveText
    blind_outcome_step_s: float
    max_reply_chars: int
    """Longest reply in a telemetry record."""

    async def take(self, context: RunContext, part: int) -> bool:
        """Invalidate later saves of the part by its earlier owners. Returns False if another process owns the part by
        now."""
        claim = context.claim(part)
        taken = claim is None or await self.store.accept_claim(context.session.session_id, claim)
        if not taken:
            context.claims.lose(part)
        return taken

    async def hunt(self, context: RunContext, part: int, begun: asyncio.Event) -> None:
        if not await self.take(context, part):
            return
        await self.end_cancelled(context)
        await self._hunt_places(context, part, context.places(part), begun)
        # the part's owner before, which was without Redis, has saved later states of these since they were read
        if overtaken := [place for place in context.places(part) if place in context.overtaken]:
            await self._hunt_places(context, part, overtaken, begun)
        if context.stopping.leaves_unfinished:
            await self.end(context, part, by_person=False, why=context.stopping.over)
        else:
            await self._done(context, part)

    async def _done(self, context: RunContext, part: int) -> None:
        await self.flush()  # a finished part implies that its records are on disk
        await context.claims.finish(part)
        context.mine.discard(part)

    def _account(self, model: str) -> str:
        return self.hunter.catalog.resolve(model)[0].account

    async def _hunt_places(self, context: RunContext, part: int, places: Sequence[int], begun: asyncio.Event) -> None:
        saved = {h.hunt_id: h for h in await self._saved(context, part) if hunt_index(h.hunt_id) in places}
        self._record_again(context, saved.values())
        accounts = {model: self._account(model) for model in context.run.models}
        limits = {account: max_calling(self.hunter.catalog.limit(account)) for account in accounts.values()}
        limits[ANY_ACCOUNT] = sum(limits.values())
        async with asyncio.TaskGroup() as group:
            for account, share in shares(context.run, accounts, places).items():
                gate = context.gates.setdefault(account, asyncio.Semaphore(limits[account]))
                group.create_task(self._hunt_share(context, gate, share, saved, begun), name=f"account:{account}")

    async def _hunt_share(
        self,
        context: RunContext,
        gate: asyncio.Semaphore,
        places: Iterable[int],
        saved: dict[str, Hunt],
        begun: asyncio.Event,
    ) -> None:
        """Start the hunts of one account, a few calls ahead of its limit (`gate`), so that judge calls are not
        delayed."""
        async with asyncio.TaskGroup() as group:
            for place in places:
                hunt = saved.get(hunt_id(context.run.run_id, place)) or context.run.hunt(place)
                if hunt.judged:
                    continue  # rejudging is a separate job
                if hunt.status is HuntStatus.DONE:
                    group.create_task(self._confirm(context, hunt), name=f"confirm:{hunt.hunt_id}")
                    continue
                if hunt.status is HuntStatus.CALLING:  # from a previous owner of the part
                    hunt = waiting_again(hunt)
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
            if reply_to_judge(state, context.run):
                context.streak.record(
                    None
                )  # reset when the reply arrives, since judging it can take longer than many failures
            saved = await self._save(context, state)
            if saved is Saved.REFUSED or (saved is Saved.PASSED_OVER and state.status is HuntStatus.CALLING):
                raise HuntElsewhere
            ended_here = saved is Saved.KEPT

        self.activity.hunts_active += 1
        called = CallOnce(partial(self._call_ended, context, hunt, gate))
        try:
            if not context.stopping.begins(hunt):
                return
            hunt = await self._with_target(context, hunt, save)
            ended = await self.hunter.conduct(
                hunt,
                context.run,
                session=session.session_id,
                user=session.owner,
                budget=context.budget,
                save=save,
                on_reply=called,
                on_call=partial(self._call_begins, context, hunt),
                before_call=lambda: context.claims.ensure(part),
                history=session.history(context.run.turn),
                rules=judging_rules(self.store, session, context.run, self.blind_outcome_step_s),
            )
        except HuntElsewhere:
            return
        except BudgetSpent as spent:
            await self._fail(context, spent.message)
            return
        except asyncio.CancelledError:
            if not context.stopping.took_off(hunt.hunt_id) or context.claims.handing_back:
                raise
            if context.stopping.cancelled(hunt.hunt_id):
                await self._end_hunt(context, context.stopping.state(hunt), Outcome.CANCELLED)
            return
        finally:
            called()
            context.active.release()
            self.activity.hunts_active -= 1
        await self._after(context, ended, ended_here=ended_here)

    async def _with_target(self, context: RunContext, hunt: Hunt, save: Save) -> Hunt:
        """Return the hunt with a target. A drawn one is saved first: who takes the hunt over calls the same."""
        if hunt.model:
            return hunt
        counts = await self.store.counts(context.session.session_id)
        hunt = with_drawn_target(hunt, context.run, counts[context.run.run_id])
        await save(hunt)
        return hunt

    async def _after(self, context: RunContext, ended: Hunt, *, ended_here: bool) -> None:
        self._note(context, ended, record=ended_here)
        await self._stop_if_due(context, ended)
        if ended_here:
            await self._confirm(context, ended)

    async def _confirm(self, context: RunContext, hunt: Hunt) -> None:
        confirmed = await self.opinions.confirm(context, hunt, partial(self._save, context))
        if confirmed is not None:
            context.confirmed += 1
            self._record(context, confirmed)
            for record in opinion_records(context.session, context.run, confirmed, before=hunt):
                self.write_record(record)
            await self.look_at_rules(context)

    def _call_begins(self, context: RunContext, hunt: Hunt, reply: PartialReply) -> None:
        context.stopping.record_call(hunt.hunt_id, reply)
        self.live_text.begin(context.session.session_id, hunt.hunt_id, reply)

    def _call_ended(self, context: RunContext, hunt: Hunt, gate: asyncio.Semaphore) -> None:
        context.stopping.record_call(hunt.hunt_id, None)
        self.live_text.end(context.session.session_id, hunt.hunt_id)
        gate.release()

    async def _stop_if_due(self, context: RunContext, ended: Hunt) -> None:
        """Start no further hunts if the finished one is a reason to stop."""
        await self.look_at_rules(context)
        if ended.error and context.streak.record(ended.error.code):
            raise StopRun
        unpaid = next((v.judge_text.partition("\n")[0] for v in ended.verdicts if v.error == BudgetSpent.code), "")
        if why := unpaid or context.judge_failures.add(ended, self.clock.monotonic()):
            await self._fail(context, why)

    async def _fail(self, context: RunContext, why: str) -> None:
        """Start no further hunts, in any process. The reason is stored first: `fail` may cancel the calling task."""
        if not context.stopping.over:
            await self.store_reason(context, why)
            context.stopping.fail(why)

    async def store_reason(self, context: RunContext, why: str, name: str = "stop_reason") -> None:
        """Store why the run fails (or with `stop_met` ends), for other processes that work on it or resume it."""

        def keep(session: Session) -> Session:
            run = session.run(context.run.run_id)
            if getattr(run, name) or run.status in RUN_ENDED:
                return session
            return session.with_run(run.model_copy(update={name: why}))

        await self.store.change(context.session.session_id, keep)

    async def look_at_rules(self, context: RunContext) -> None:
        """Start no further hunt if the hunts of all processes meet the run's stop rule. It stays met: the outcomes of
        hunts in progress could raise a rate again."""
        if context.stopping.counts_matter:
            counts = await self.store.counts(context.session.session_id)
            if why := context.run.stop.met(counts[context.run.run_id]):
                await self.store_reason(context, why, "stop_met")
                context.stopping.meet(why)

    async def end_cancelled(self, context: RunContext) -> Session:
        """End the cancelled hunts of our parts, whichever process received the request. Start no further hunt if
        another process found that the run fails, or that its stop rule is met. Returns the session as of now."""
        session = await self.store.read(context.session.session_id)
        run = session.run(context.run.run_id)
        if run.stop_met:
            context.stopping.meet(run.stop_met)
        if run.stop_reason:
            context.stopping.fail(run.stop_reason)
        for cancelled in context.stopping.cancel(run.cancelled_hunts):
            place = hunt_index(cancelled)
            part = place // run.part_hunts
            if part in context.mine:
                saved = {h.hunt_id: h for h in await self._saved(context, part)}
                hunt = saved.get(cancelled) or run.hunt(place)
                if hunt.status is HuntStatus.QUEUED:  # a started hunt is ended by its own task
                    await self._end_hunt(context, hunt, Outcome.CANCELLED)
        return session

    async def requeue(self, context: RunContext, part: int) -> None:
        """Requeue the part's hunts that were calling. Hunts with a reply keep it."""
        for hunt in await self._saved(context, part):
            if hunt.status is HuntStatus.CALLING:
                await self._save(context, waiting_again(hunt))

    async def end(self, context: RunContext, part: int, *, by_person: bool, why: str) -> None:
        """End every unfinished hunt of the part: `cancelled` if a person or the stop rule ended it, else
        `interrupted`."""
        saved = {h.hunt_id: h for h in await self._saved(context, part)}
        by_wish = by_person or context.stopping.by_wish
        for place in context.places(part):
            hunt = saved.get(hunt_id(context.run.run_id, place)) or context.run.hunt(place)
            if hunt.status is HuntStatus.DONE or hunt.judged:
                continue
            wished = by_wish or context.stopping.cancelled(hunt.hunt_id)
            await self._end_hunt(context, hunt, Outcome.CANCELLED if wished else Outcome.INTERRUPTED, why)
            if part not in context.claims.held:
                return  # the new owner ends it
        await self._done(context, part)

    async def _end_hunt(self, context: RunContext, hunt: Hunt, outcome: Outcome, why: str = "") -> None:
        error = HuntError(code="run_stopped", message=why) if why else None
        finished_at = not_before(self.clock.now(), hunt.started_at)
        ended = {"status": HuntStatus.DONE, "outcome": outcome, "finished_at": finished_at, "error": error}
        hunt = hunt.model_copy(update=ended)
        self._note(context, hunt, record=await self._save(context, hunt) is Saved.KEPT)

    async def _save(self, context: RunContext, hunt: Hunt) -> Saved:
        """Save the hunt and publish its event, unless another process owns its part: then the part is dropped."""
        session, part = context.session, context.part(hunt)
        events = hunt_events(hunt, sealed=session.sealed)
        saved = await self.store.save_hunt(session.session_id, hunt, events, claim=context.claim(part))
        if saved is Saved.REFUSED:
            context.claims.lose(part)
        elif saved is Saved.PASSED_OVER:
            context.overtaken.add(hunt_index(hunt.hunt_id))
        return saved

    async def _saved(self, context: RunContext, part: int) -> Iterable[Hunt]:
        """Return the current state of the part's started hunts, possibly saved by a process that has died."""
        places = context.places(part)
        first = context.run.first_number
        page = await self.store.hunts(
            context.session.session_id, after=first + places.start - 1, limit=len(places), run_id=context.run.run_id
        )
        return [hunt for hunt in page.hunts if hunt.number < first + places.stop]

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
        which case it is unknown which ones were. Readers of the log count a hunt once."""
        for hunt in hunts:
            if hunt.status is HuntStatus.DONE and not hunt.trial and not hunt.judged:
                self._record(context, hunt)
