"""Operations on finished hunts: select, review, reveal. The rules are in `core.review`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock
from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.review import Review
from core.domain.session import Selection, Session
from core.domain.task import Task
from core.domain.verdict import Verdict
from core.errors import BadInput, Conflict, NotFound
from core.hunting.hunts.queries import all_hunts, hunts_on_desk
from core.hunting.orders import ReviewOrder, SettingsOrder
from core.hunting.records import WriteRecord, review_record, task_record
from core.hunting.views.events import hunt_event, session_event
from core.hunting.views.reviews import DeskView, ReviewView, desk_view, review_view
from core.review.audit import draw_is_due, with_draw
from core.review.corrected_rates import CorrectedRates, corrected_rates, reason_against
from core.review.insights import Insights, insights
from core.review.refuted import is_refuted
from core.review.reveal import locked_reviews, reveal_problems
from core.review.review_cards import hunt_of
from core.review.selection import Proposal, propose, refuse_unselectable
from core.sessions.base import SessionStore
from core.settings import ReviewSettings

TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class ReviewService:
    store: SessionStore
    clock: Clock
    settings: ReviewSettings
    write_record: WriteRecord
    max_session_bytes: int
    record_tasks: bool = True
    """Write what is needed to judge the reviewed replies again, with the task's texts, into the log."""

    async def change_settings(self, sid: str, order: SettingsOrder) -> Session:
        """Change session settings. Raises BadInput `settings_fixed` for settings that can no longer change, and
        Conflict for an outdated version."""

        def change(session: Session) -> Session:
            return with_settings(session, order, self.settings.max_slots)

        return await self.store.change(
            sid, change, expected_version=order.version, events=lambda s: (session_event(s),)
        )

    async def choose(self, sid: str, hunt_ids: Sequence[str], version: int | None = None) -> Session:
        """Set the selection, in slot order; it may be incomplete. Finished reviews are kept."""
        found = [hunt for hunt_id in hunt_ids if (hunt := await self._found(sid, hunt_id)) is not None]

        def change(session: Session) -> Session:
            _refuse_revealed(session, "selection")
            refuse_unselectable(session, hunt_ids, found)
            if tuple(hunt_ids) == session.selection.hunt_ids:
                return session
            refuse_during_second_review(session, "selection")
            selection = session.selection.model_copy(update={"hunt_ids": tuple(hunt_ids)})
            return session.model_copy(update={"selection": selection})

        return await self.store.change(sid, change, expected_version=version, events=lambda s: (session_event(s),))

    async def propose(self, sid: str) -> Proposal:
        session = await self.store.read(sid)
        return await asyncio.to_thread(propose, session, await all_hunts(self.store, sid))

    async def insights(self, sid: str) -> Insights:
        session = await self.store.read(sid)
        hunts = await all_hunts(self.store, sid, after=-session.trials_issued - 1)
        return await asyncio.to_thread(insights, session, hunts)

    async def corrected_rates(self, sid: str) -> CorrectedRates:
        session = await self.store.read(sid)
        if why_not := reason_against(session):
            return CorrectedRates(why_not=why_not)
        return await asyncio.to_thread(corrected_rates, session, await all_hunts(self.store, sid))

    async def cards(self, sid: str) -> DeskView:
        """Return the desk. Draws the hunts of the audit first, if they are due."""
        session = await self.store.read(sid)
        if draw_is_due(session):
            hunts = await all_hunts(self.store, sid)
            session = await self.store.change(
                sid, lambda now: with_draw(now, hunts), events=lambda s: (session_event(s),)
            )
        return desk_view(session, await hunts_on_desk(self.store, session))

    async def save_review(self, sid: str, card_or_hunt_id: str, order: ReviewOrder) -> ReviewView:
        """Save a review or a draft and return its view. Other reviews are unchanged.

        Raises NotFound if no hunt on the desk has that card, Conflict if the review was edited elsewhere or revealed.
        """
        session = await self.store.read(sid)
        hunt_id = hunt_of(session, card_or_hunt_id, session.desk_ids)
        if hunt_id is None:
            raise NotFound(
                "No hunt on the desk has this card.",
                hint="Reload the desk: the selection has changed. In a blind session, use the card_id.",
                code="no_card",
            )
        hunt = await self.store.hunt(sid, hunt_id)
        task = session.run(hunt.run_id).task
        refuse_invalid(order, task, self.settings.max_explanation_chars)

        def change(session: Session) -> Session:
            _refuse_revealed(session, "reviews")
            before = session.review(hunt_id)
            refuse_outdated(order, before, lambda review: review_view(session, review, task))
            review = changed_review(hunt_id, order, before, self.clock.now())
            return session.grown(with_review(session, review, self.settings.max_reviews), self.max_session_bytes)

        def events(now: Session) -> tuple[EventDraft, ...]:
            refuted = is_refuted(now, hunt)
            news = (hunt_event(hunt, sealed=now.sealed, refuted=refuted),) if refuted is not was_refuted else ()
            return (session_event(now), *news)

        was_refuted = is_refuted(session, hunt)
        changed = await self.store.change(sid, change, events=events)
        kept = changed.review(hunt_id)
        if kept is None:
            raise RuntimeError("the saved review is missing")
        return review_view(changed, kept, task)

    async def reveal(self, sid: str, version: int | None = None) -> Session:
        """Reveal the judge's verdicts for good. Repeating it has no effect. Raises BadInput `reviews_incomplete`."""
        session = await self.store.read(sid)
        on_desk = await hunts_on_desk(self.store, session)

        def change(now: Session) -> Session:
            if now.revealed_at is not None:
                return now
            if now.desk_ids != session.desk_ids:
                raise Conflict("The selection has changed.", hint="Check the selection, then reveal again.")
            if problems := reveal_problems(now, on_desk):
                raise BadInput(
                    f"The judge's verdicts cannot be revealed yet: {' '.join(problems)}",
                    hint="Do that first, then reveal again.",
                    code="reviews_incomplete",
                    details={"problems": problems},
                )
            return now.model_copy(update={"revealed_at": self.clock.now()})

        expected = None if session.revealed_at is not None else version
        revealed = await self.store.change(sid, change, expected_version=expected, events=lambda s: (session_event(s),))
        if session.revealed_at is None:
            await self.record_reviews(revealed)
        return revealed

    async def record_reviews(self, session: Session, only: Collection[str] | None = None) -> None:
        """Record the locked reviews for the dashboard, those of the hunts `only` again once they are settled.

        Also those of hunts that are no longer selected, since leaving out what a review spoke against would make the
        judge look better."""
        locked = [one for one in locked_reviews(session) if only is None or one.hunt_id in only]
        reviewed = [(review, await self.store.hunt(session.session_id, review.hunt_id)) for review in locked]
        runs = {run.task.content_hash(): run for run in (session.run(hunt.run_id) for _, hunt in reviewed)}
        for review, hunt in reviewed:
            self.write_record(review_record(session, session.run(hunt.run_id), hunt, review))
        for run in runs.values() if self.record_tasks else ():
            if (record := task_record(session, run)) is not None:
                self.write_record(record)

    async def _found(self, sid: str, hunt_id: str) -> Hunt | None:
        try:
            return await self.store.hunt(sid, hunt_id)
        except NotFound as error:
            if error.code != "no_hunt":
                raise
            return None


def with_settings(session: Session, order: SettingsOrder, max_slots: int) -> Session:
    """Return the session with changed settings. The first run fixes visibility; reveal fixes the selection's
    numbers."""
    changes = _requirements(session, order)
    if order.visibility not in {None, session.visibility}:
        if session.hunted:
            raise _fixed("The visibility cannot change after the first run.")
        changes["visibility"] = order.visibility
    if order.judge_cut_replies not in {None, session.judge_cut_replies}:
        if session.hunted:
            raise _fixed("judge_cut_replies cannot change after the first run.")
        changes["judge_cut_replies"] = order.judge_cut_replies
    if order.audit_held not in {None, session.audit.held}:
        if session.revealed_at is not None:
            raise _fixed("The number of drawn hunts cannot change after reveal.")
        refuse_during_second_review(session, "number of drawn hunts")
        changes["audit"] = session.audit.model_copy(update={"held": order.audit_held})
    selection = _numbers(session.selection, order, max_slots)
    if selection != session.selection:
        if session.revealed_at is not None:
            raise _fixed("The numbers of slots and breaks cannot change after reveal.")
        changes["selection"] = selection
    return session.model_copy(update=changes) if changes else session


def _requirements(session: Session, order: SettingsOrder) -> dict[str, object]:
    """Return the changed settings of checks that a run requires."""
    names = ("require_check", "require_two_sided_check")
    return {name: getattr(order, name) for name in names if getattr(order, name) not in {None, getattr(session, name)}}


def _numbers(before: Selection, order: SettingsOrder, max_slots: int) -> Selection:
    slots = before.slots if order.slots is None else order.slots
    minimum = before.least_breaks if order.least_breaks is None else order.least_breaks
    if order.least_breaks is None:
        minimum = min(minimum, slots)
    if not 1 <= slots <= max_slots or not 0 <= minimum <= slots:
        raise BadInput(
            f"{slots} slots cannot hold {minimum} breaks.",
            hint=f"Choose 1 to {max_slots} slots, and no more breaks than slots.",
        )
    return before.model_copy(update={"slots": slots, "least_breaks": minimum})


def with_review(session: Session, review: Review, maximum: int) -> Session:
    """Return the session with that review added, or replacing the hunt's earlier one."""
    others = tuple(r for r in session.reviews if r.hunt_id != review.hunt_id)
    if len(others) >= maximum:
        raise BadInput(f"A session has at most {maximum} reviews.", hint="Review only the hunts that you deliver.")
    return session.model_copy(update={"reviews": (*others, review)})


def refuse_invalid(order: ReviewOrder, task: Task, max_explanation_chars: int) -> None:
    """Raise BadInput for criteria that the task does not have, and for a long explanation."""
    _refuse_foreign(order, [c.id for c in task.criteria])
    if len(order.explanation) > max_explanation_chars:
        raise BadInput(
            f"The explanation has {len(order.explanation):,} characters; at most {max_explanation_chars:,} "
            "are allowed.",
            hint="Shorten it.",
        )


def refuse_outdated(order: ReviewOrder, before: Review | None, view: Callable[[Review], ReviewView]) -> None:
    """Raise Conflict, with the stored review, if the order is based on another one."""
    if order.based_on is not None and _moment(order.based_on) != (before.saved_at if before else None):
        raise Conflict(
            "This review was edited elsewhere.",
            hint="Compare your text with the stored one and save again.",
            details={"review": view(before) if before else None},
        )


def refuse_during_second_review(session: Session, what: str) -> None:
    """Raise Conflict if a second reviewer has been asked: what they review must stay the same until the reveal."""
    if session.second_review is not None and session.revealed_at is None:
        raise Conflict(
            f"The {what} cannot change, because a second reviewer has been asked.",
            hint="Withdraw the request first, or wait for the reveal.",
            code="second_review_open",
        )


def changed_review(hunt_id: str, order: ReviewOrder, before: Review | None, now: datetime) -> Review:
    """Build the review. Its `saved_at` is later than the previous one's even within one clock tick, since it
    identifies the edit."""
    saved_at = now if before is None else max(now, before.saved_at + TICK)
    verdicts = tuple((criterion, Verdict(verdict)) for criterion, verdict in order.verdicts.items())
    return Review(hunt_id=hunt_id, verdicts=verdicts, explanation=order.explanation, saved_at=saved_at)


def _refuse_foreign(order: ReviewOrder, criteria: Sequence[str]) -> None:
    foreign = [criterion for criterion in order.verdicts if criterion not in criteria]
    if foreign:
        raise BadInput(
            f"Unknown criteria: {', '.join(foreign)}.",
            hint=f"The hunt's criteria are {', '.join(criteria)}.",
            details={"unknown": foreign},
        )


def _refuse_revealed(session: Session, what: str) -> None:
    if session.revealed_at is not None:
        raise Conflict(
            f"The {what} is locked: the verdicts were revealed.",
            hint="Export the notebook, or open a new session.",
            code="revealed",
        )


def _moment(based_on: str) -> datetime | None:
    """Parse a `saved_at` value; None for "" (no review)."""
    if not based_on:
        return None
    try:
        return datetime.fromisoformat(based_on)
    except ValueError as error:
        raise BadInput("based_on is not a valid time.", hint="Send the review's saved_at unchanged.") from error


def _fixed(why: str) -> BadInput:
    return BadInput(why, hint="Open a new session for other settings.", code="settings_fixed")
