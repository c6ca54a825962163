"""The second opinions of a run: chosen by its policy within its limit, asked for once the first outcome is saved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.clock import Clock
from core.domain.confirmation import Confirmation, in_question
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.hunting.hunts.hunter import Save
from core.hunting.hunts.second_opinions import SecondOpinions, calls_left, extra_calls, with_opinions
from core.hunting.runs.context import HuntElsewhere, RunContext
from core.providers.base import CallContext
from core.sessions.base import Saved, SessionStore

SaveHunt = Callable[[Hunt], Awaitable[Saved]]


@dataclass(frozen=True)
class RunOpinions:
    """Holds nothing of a run, as `PartWorker`."""

    store: SessionStore
    opinions: SecondOpinions
    clock: Clock
    blind_outcome_step_s: float

    async def confirm(self, context: RunContext, hunt: Hunt, save_hunt: SaveHunt) -> Hunt | None:
        """Get the second opinions that the run's policy asks for on a hunt that is done. Returns it with its
        confirmation; None if there are none, or another process owns the part.

        Votes of an earlier owner of the part are kept, and what was asked for is not asked for again.
        """
        if not context.run.confirm.asks or hunt.confirmation is not Confirmation.UNCONFIRMED:
            return None

        async def save(state: Hunt) -> None:
            if await save_hunt(state) is not Saved.KEPT:
                raise HuntElsewhere  # or it is judged again, which drops these opinions

        async with context.confirming:
            try:
                chosen = await self._chosen(context, hunt, save)
                if not chosen.open_opinions or not _may_ask(context):
                    return None
                confirmed = await self._ask(context, chosen, save)
            except HuntElsewhere:
                return None
        await self._end_if_due(context, confirmed)
        return confirmed

    async def _chosen(self, context: RunContext, hunt: Hunt, save: Save) -> Hunt:
        """Return the hunt with the second opinions to ask for, saved before they cost anything; unchanged if there are
        none, or the run's limit leaves no room."""
        run, confirm, sealed = context.run, context.run.confirm, context.session.sealed
        criteria = in_question(confirm.policy, hunt.verdicts, run.task.pass_rule)
        if hunt.opinions or criteria is None or not _may_ask(context):
            return hunt
        calls = extra_calls(len(criteria), len(confirm.judges), len(run.task.criteria), sealed=sealed)
        async with context.choosing:
            counts = (await self.store.counts(context.session.session_id))[run.run_id]
            if calls > calls_left(run, counts, sealed=sealed) or run.stop.cost_reached(counts):
                return hunt
            chosen = with_opinions(hunt, run, confirm.judges, criteria, self.clock.now())
            await save(chosen)
            return chosen

    async def _ask(self, context: RunContext, hunt: Hunt, save: Save) -> Hunt:
        session, part = context.session, context.part(hunt)
        calls = CallContext(
            session=session.session_id,
            user=session.owner,
            budget=context.confirm_budget,
            background=context.run.stop.confirmed_breaks is None,  # else the run would not stop before its last hunt
            on_slot=lambda: context.claims.ensure(part),
        )
        return await self.opinions.ask(
            hunt,
            context.run,
            calls,
            save=save,
            history=session.history(context.run.turn),
            outcome_step_s=self.blind_outcome_step_s if session.sealed else 0.0,
        )

    async def _end_if_due(self, context: RunContext, hunt: Hunt) -> None:
        """Ask for no further second opinions if a confirming judge cannot judge. The run continues."""
        for opinion in hunt.opinions:
            judged = hunt.model_copy(update={"verdicts": opinion.verdicts, "outcome": opinion.outcome})
            streak = context.opinion_failures.get(opinion.target)
            why = streak.add(judged, self.clock.monotonic()) if streak else ""
            if why and not context.opinions_end:
                context.opinions_end = f"No further second opinions are asked for. {why}"
                await self._add_note(context, context.opinions_end)

    async def _add_note(self, context: RunContext, note: str) -> None:
        def add(session: Session) -> Session:
            run = session.run(context.run.run_id)
            if note in run.notes:
                return session
            return session.with_run(run.model_copy(update={"notes": (*run.notes, note)}))

        await self.store.change(context.session.session_id, add)


def _may_ask(context: RunContext) -> bool:
    return not context.opinions_end and context.stopping.finishes
