"""What a trainer does with finished hunts: choose, review, reveal. Keeps what `core.review` decides."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from core.clock import Clock
from core.domain.hunt import Hunt
from core.domain.review import Review
from core.domain.session import Selection, Session
from core.errors import BadInput, Conflict, NotFound
from core.hunting.hunts.queries import all_hunts
from core.hunting.orders import ReviewOrder, SettingsOrder
from core.hunting.records import Tell, review_record
from core.hunting.views.reviews import JsonObject, desk_view, review_view
from core.hunting.views.sessions import session_event
from core.review.desk import hunt_of
from core.review.insights import Insights, insights
from core.review.reveal import reveal_problems
from core.review.selection import Proposal, propose, refuse_unselectable
from core.sessions.base import SessionStore
from core.settings import ReviewSettings

TICK = timedelta(microseconds=1)


async def selected_hunts(store: SessionStore, session: Session) -> tuple[Hunt, ...]:
    """The hunts of the session's selection, in slot order."""
    return tuple([await store.hunt(session.session_id, hunt_id) for hunt_id in session.selection.hunt_ids])


@dataclass(frozen=True)
class ReviewDesk:
    store: SessionStore
    clock: Clock
    settings: ReviewSettings
    tell: Tell

    async def change_settings(self, sid: str, order: SettingsOrder) -> Session:
        """Raises BadInput `settings_fixed` for what may not be changed any more, Conflict for an old version."""

        def change(session: Session) -> Session:
            return with_settings(session, order, self.settings.max_slots)

        return await self.store.change(
            sid, change, expected_version=order.version, announce=lambda s: (session_event(s),)
        )

    async def choose(self, sid: str, hunt_ids: Sequence[str], version: int | None = None) -> Session:
        """The session with that selection, in slot order; it may be incomplete. Finished reviews are kept."""
        found = [hunt for hunt_id in hunt_ids if (hunt := await self._found(sid, hunt_id)) is not None]

        def change(session: Session) -> Session:
            _refuse_revealed(session, "selection")
            refuse_unselectable(session, hunt_ids, found)
            if tuple(hunt_ids) == session.selection.hunt_ids:
                return session
            selection = session.selection.model_copy(update={"hunt_ids": tuple(hunt_ids)})
            return session.model_copy(update={"selection": selection})

        return await self.store.change(sid, change, expected_version=version, announce=lambda s: (session_event(s),))

    async def propose(self, sid: str) -> Proposal:
        session = await self.store.read(sid)
        return await asyncio.to_thread(propose, session, await all_hunts(self.store, sid))

    async def insights(self, sid: str) -> Insights:
        session = await self.store.read(sid)
        hunts = await all_hunts(self.store, sid, after=-session.trials_issued - 1)
        return await asyncio.to_thread(insights, session, hunts)

    async def desk(self, sid: str) -> JsonObject:
        session = await self.store.read(sid)
        return desk_view(session, await selected_hunts(self.store, session))

    async def save_review(self, sid: str, card_or_hunt_id: str, order: ReviewOrder) -> JsonObject:
        """Keep a review or a draft of one; its view. No other review is touched.

        Raises NotFound when no selected hunt has that card, Conflict when it was edited elsewhere or is revealed.
        """
        session = await self.store.read(sid)
        hunt_id = hunt_of(session, card_or_hunt_id, session.selection.hunt_ids)
        if hunt_id is None:
            raise NotFound(
                "No selected hunt has this card.",
                hint="Read the desk again: the selection has changed. A blind review is saved by its card_id alone.",
                code="no_card",
            )
        hunt = await self.store.hunt(sid, hunt_id)
        task = session.run(hunt.run_id).task
        _refuse_foreign(order, [c.id for c in task.criteria])
        if len(order.explanation) > self.settings.max_explanation_chars:
            raise BadInput(
                f"The explanation has {len(order.explanation):,} characters; at most "
                f"{self.settings.max_explanation_chars:,} are kept.",
                hint="Shorten it.",
            )

        def change(session: Session) -> Session:
            _refuse_revealed(session, "reviews")
            before = session.review(hunt_id)
            if order.based_on is not None and _moment(order.based_on) != (before.saved_at if before else None):
                raise Conflict(
                    "This review was edited elsewhere meanwhile.",
                    hint="Compare your text with the stored one and save again.",
                    details={"review": review_view(session, before, task) if before else None},
                )
            return with_review(session, _review(hunt_id, order, before, self.clock.now()), self.settings.max_reviews)

        changed = await self.store.change(sid, change, announce=lambda s: (session_event(s),))
        kept = changed.review(hunt_id)
        if kept is None:
            raise RuntimeError("a review that was just kept is there")
        return review_view(changed, kept, task)

    async def reveal(self, sid: str, version: int | None = None) -> Session:
        """Show the judge's verdicts, once and for all. Raises BadInput `reviews_incomplete`; again it does nothing."""
        session = await self.store.read(sid)
        selected = await selected_hunts(self.store, session)

        def change(now: Session) -> Session:
            if now.revealed_at is not None:
                return now
            if now.selection != session.selection:
                raise Conflict("The selection was changed meanwhile.", hint="Look at it again, then reveal.")
            if problems := reveal_problems(now, selected):
                raise BadInput(
                    f"The judge's verdicts cannot be shown yet: {' '.join(problems)}",
                    hint="Finish the selection and its reviews first.",
                    code="reviews_incomplete",
                    details={"problems": problems},
                )
            return now.model_copy(update={"revealed_at": self.clock.now()})

        expected = None if session.revealed_at is not None else version
        revealed = await self.store.change(
            sid, change, expected_version=expected, announce=lambda s: (session_event(s),)
        )
        if session.revealed_at is None:
            self._write_down(revealed, selected)
        return revealed

    def _write_down(self, session: Session, selected: Sequence[Hunt]) -> None:
        """The reviews as they are locked now, for the dashboard."""
        for hunt in selected:
            if (review := session.review(hunt.hunt_id)) is not None:
                self.tell(review_record(session, session.run(hunt.run_id), hunt, review))

    async def _found(self, sid: str, hunt_id: str) -> Hunt | None:
        try:
            return await self.store.hunt(sid, hunt_id)
        except NotFound as error:
            if error.code != "no_hunt":
                raise
            return None


def with_settings(session: Session, order: SettingsOrder, max_slots: int) -> Session:
    """The session with its settings changed. The first run fixes visibility, reveal the selection's numbers."""
    changes: dict[str, object] = {}
    if order.visibility not in {None, session.visibility}:
        if session.hunted:
            raise _fixed("Whether the review is blind is fixed since the first run.")
        changes["visibility"] = order.visibility
    if order.require_check not in {None, session.require_check}:
        changes["require_check"] = order.require_check
    if order.judge_cut_replies not in {None, session.judge_cut_replies}:
        if session.hunted:
            raise _fixed("Whether replies that were cut off are judged is fixed since the first run.")
        changes["judge_cut_replies"] = order.judge_cut_replies
    selection = _numbers(session.selection, order, max_slots)
    if selection != session.selection:
        if session.revealed_at is not None:
            raise _fixed("The numbers of the selection are fixed since reveal.")
        changes["selection"] = selection
    return session.model_copy(update=changes) if changes else session


def _numbers(before: Selection, order: SettingsOrder, max_slots: int) -> Selection:
    slots = before.slots if order.slots is None else order.slots
    least = before.least_breaks if order.least_breaks is None else order.least_breaks
    if order.least_breaks is None:
        least = min(least, slots)
    if not 1 <= slots <= max_slots or not 0 <= least <= slots:
        raise BadInput(
            f"{slots} slots with at least {least} breaks cannot be.",
            hint=f"Choose 1 to {max_slots} slots and at most as many breaks.",
        )
    return before.model_copy(update={"slots": slots, "least_breaks": least})


def with_review(session: Session, review: Review, most: int) -> Session:
    """The session with that review in place of the hunt's earlier one, or added."""
    others = tuple(r for r in session.reviews if r.hunt_id != review.hunt_id)
    if len(others) >= most:
        raise BadInput(f"A session keeps at most {most} reviews.", hint="Review only what is delivered.")
    return session.model_copy(update={"reviews": (*others, review)})


def _review(hunt_id: str, order: ReviewOrder, before: Review | None, now: datetime) -> Review:
    """`saved_at` is later than the earlier one's, however quickly they follow each other: it names the edition."""
    saved_at = now if before is None else max(now, before.saved_at + TICK)
    try:
        return Review(hunt_id=hunt_id, verdicts=order.verdicts, explanation=order.explanation, saved_at=saved_at)
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise BadInput(f"The review is not right: {said}.", hint="Give each criterion PASS or FAIL.") from error


def _refuse_foreign(order: ReviewOrder, criteria: Sequence[str]) -> None:
    foreign = [criterion for criterion, _ in order.verdicts if criterion not in criteria]
    if foreign:
        raise BadInput(
            f"This hunt was not hunted with these criteria: {', '.join(foreign)}.",
            hint=f"Its criteria are {', '.join(criteria)}.",
            details={"unknown": foreign},
        )


def _refuse_revealed(session: Session, what: str) -> None:
    if session.revealed_at is not None:
        raise Conflict(
            f"The judge's verdicts have been shown, which has locked the {what}.",
            hint="Export the notebook, or open a new session.",
            code="revealed",
        )


def _moment(based_on: str) -> datetime | None:
    """`saved_at` as it was given out, as a moment; None for "" (there was no review)."""
    if not based_on:
        return None
    try:
        return datetime.fromisoformat(based_on)
    except ValueError as error:
        raise BadInput("based_on is not a moment.", hint="Send the review's saved_at as you got it.") from error


def _fixed(why: str) -> BadInput:
    return BadInput(why, hint="Open a new session for other settings.", code="settings_fixed")
