"""Operations on a second review: ask, review, finish, settle. The rules of sealing are in decision record 0108."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.access.tokens import Holder, Scope
from core.clock import Clock
from core.domain.hunt import Hunt
from core.domain.review_differences import differences
from core.domain.second_review import SecondReview, SettledVerdict
from core.domain.session import Session
from core.domain.verdict import Verdict
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.hunting.orders import ReviewOrder, SettleOrder
from core.hunting.reviews.review_service import ReviewService, changed_review, refuse_invalid, refuse_outdated
from core.hunting.sharing import refuse_unknown_person
from core.hunting.views.events import session_event
from core.hunting.views.reviews import DeskView, ReviewView, review_view, second_desk_view
from core.hunting.views.second_reviews import SecondReviewView, second_review_view
from core.review.review_cards import hunt_of
from core.review.second_review import unfinished_second_reviews
from core.review.selection import selection_problems
from core.sessions.base import SessionStore


@dataclass(frozen=True)
class SecondReviewService:
    store: SessionStore
    clock: Clock
    reviews: ReviewService
    people: Sequence[Holder]
    """Everybody who may sign in; none without sign-in."""

    async def ask(self, sid: str, reviewer: str, asked_by: str) -> SecondReviewView:
        """Ask a person for a second review of the hunts on the desk. Repeating it has no effect. Raises BadInput for
        somebody who cannot review independently, Conflict if the desk is not complete or somebody else was asked."""
        refuse_unknown_person(self.people, reviewer)
        await self.reviews.cards(sid)  # draws the hunts of the audit, if they are due
        session = await self.store.read(sid)
        on_desk = [await self.store.hunt(sid, hunt_id) for hunt_id in session.desk_ids]

        def change(now: Session) -> Session:
            if now.second_review is not None and now.second_review.reviewer == reviewer:
                return now
            self._refuse_asking(now, reviewer)
            _refuse_incomplete(now, session, on_desk)
            second = SecondReview(
                reviewer=reviewer, asked_by=asked_by, asked_at=self.clock.now(), hunt_ids=now.desk_ids
            )
            return now.model_copy(update={"second_review": second})

        return await self._changed(sid, change)

    async def withdraw(self, sid: str) -> Session:
        """Take the request back, with the reviewer's drafts. Raises Conflict once the reviewer is done."""

        def change(session: Session) -> Session:
            if session.second_review is not None and session.second_review.done_at is not None:
                raise Conflict(
                    "A finished second review cannot be withdrawn.",
                    hint="It stays with the session.",
                    code="second_review_done",
                )
            return session if session.second_review is None else session.model_copy(update={"second_review": None})

        return await self.store.change(sid, change, events=lambda s: (session_event(s),))

    async def show(self, sid: str) -> SecondReviewView:
        session = await self.store.read(sid)
        return second_review_view(session, _second(session))

    async def cards(self, sid: str) -> DeskView:
        """Return the second reviewer's desk."""
        session = await self.store.read(sid)
        second = _second(session)
        return second_desk_view(session, second, [await self.store.hunt(sid, hunt_id) for hunt_id in second.hunt_ids])

    async def save_review(self, sid: str, card: str, order: ReviewOrder, by: str) -> ReviewView:
        """Save the second reviewer's review or draft. Raises NotFound for another card, NotAllowed if somebody else was
        asked meanwhile, Conflict if it was edited elsewhere or if the reviewer is done."""
        session = await self.store.read(sid)
        hunt_id = hunt_of(session, card, _second(session).hunt_ids) if card.startswith("c_") else None
        if hunt_id is None:
            raise NotFound("No reply on the desk has this card.", hint="Reload the desk.", code="no_card")
        task = session.run(hunt_id.rpartition(".")[0]).task
        settings = self.reviews.settings
        refuse_invalid(order, task, settings.max_explanation_chars)

        def change(now: Session) -> Session:
            second = _second(now)
            _refuse_others(second, by)
            _refuse_done(second)
            before = second.review(hunt_id)
            refuse_outdated(order, before, lambda review: review_view(now, review, task, blind=True))
            review = changed_review(hunt_id, order, before, self.clock.now())
            others = tuple(one for one in second.reviews if one.hunt_id != hunt_id)
            return now.grown(_with(now, second, reviews=(*others, review)), self.reviews.max_session_bytes)

        changed = await self.store.change(sid, change, events=lambda s: (session_event(s),))
        kept = _second(changed).review(hunt_id)
        if kept is None:
            raise RuntimeError("the saved review is missing")
        return review_view(changed, kept, task, blind=True)

    async def finish(self, sid: str, by: str) -> SecondReviewView:
        """Lock the second review. Repeating it has no effect. Raises BadInput `reviews_incomplete`, NotAllowed for
        anybody but the reviewer."""

        def change(session: Session) -> Session:
            second = _second(session)
            _refuse_others(second, by)
            if second.done_at is not None:
                return session
            if left := unfinished_second_reviews(session, second):
                raise BadInput(
                    f"{left} of {len(second.hunt_ids)} reviews {'is' if left == 1 else 'are'} unfinished.",
                    hint="Give a verdict on every criterion, and an explanation.",
                    code="reviews_incomplete",
                )
            return _with(session, second, done_at=self.clock.now())

        return await self._changed(sid, change)

    async def settle(self, sid: str, card: str, criterion_id: str, order: SettleOrder, by: str) -> SecondReviewView:
        """Settle a difference, or settle it again. Raises Conflict before both are done, NotFound if the two agree
        there, TooLarge."""

        def change(session: Session) -> Session:
            second = _second(session)
            if not session.both_reviewed:
                raise Conflict(
                    "Differences can be settled once both reviewers are done.",
                    hint="The first reviewer finishes with the reveal.",
                    code="not_both_done",
                )
            hunt_id = hunt_of(session, card, second.hunt_ids)
            found = [one for one in differences(session) if (one.hunt_id, one.criterion.id) == (hunt_id, criterion_id)]
            if hunt_id is None or not found:
                raise NotFound(
                    "The two reviews do not differ there.", hint="Reload the list of differences.", code="no_difference"
                )
            settled = _settled(second, hunt_id, criterion_id, order, by, self.clock.now())
            return session.grown(_with(session, second, settled=settled), self.reviews.max_session_bytes)

        view = await self._changed(sid, change)
        if not view["unsettled"]:
            session = await self.store.read(sid)
            await self.reviews.record_reviews(session, {one.hunt_id for one in _second(session).settled})
        return view

    async def _changed(self, sid: str, change: Callable[[Session], Session]) -> SecondReviewView:
        session = await self.store.change(sid, change, events=lambda s: (session_event(s),))
        return second_review_view(session, _second(session))

    def _refuse_asking(self, session: Session, reviewer: str) -> None:
        if session.second_review is not None:
            raise Conflict(
                "A second reviewer has been asked already.",
                hint="Withdraw that request first. A finished second review stays.",
                code="second_review_open",
            )
        if reviewer == session.owner or reviewer in session.former_owners:
            raise BadInput(
                f"{reviewer} has seen this session, so the review would not be independent.",
                hint="Ask somebody else.",
                code="not_independent",
            )
        admin = any(one.name == reviewer and one.scope is Scope.ADMIN for one in self.people)
        if admin and not session.sealed:
            raise BadInput(
                f"{reviewer} is an admin, and the dashboard shows the verdicts of this session to admins.",
                hint="Ask a trainer. In a blind session, ask before the reveal.",
                code="not_independent",
            )


def _refuse_incomplete(now: Session, read: Session, on_desk: Sequence[Hunt]) -> None:
    if now.desk_ids != read.desk_ids:
        raise Conflict("The selection has changed.", hint="Check the selection, then ask again.")
    selected = [hunt for hunt in on_desk if hunt.hunt_id in now.selection.hunt_ids]
    if problems := selection_problems(now.selection, selected):
        raise BadInput(
            f"There is nothing to review yet: {' '.join(problems)}",
            hint="Complete the selection, then ask.",
            code="selection_incomplete",
            details={"problems": problems},
        )


def _second(session: Session) -> SecondReview:
    """Raises NotFound without a second review."""
    if session.second_review is None:
        raise NotFound("This session has no second review.", hint="Its owner can ask for one.", code="no_second_review")
    return session.second_review


def _refuse_others(second: SecondReview, by: str) -> None:
    if second.reviewer != by:
        raise NotAllowed(
            "Only the second reviewer writes and finishes the second review.",
            hint="The second review says who that is.",
        )


def _refuse_done(second: SecondReview) -> None:
    if second.done_at is not None:
        raise Conflict("This review is locked: you finished it.", hint="Settle differences instead.", code="revealed")


def _with(session: Session, second: SecondReview, **changes: object) -> Session:
    return session.model_copy(update={"second_review": second.model_copy(update=changes)})


def _settled(
    second: SecondReview, hunt_id: str, criterion_id: str, order: SettleOrder, by: str, at: datetime
) -> tuple[SettledVerdict, ...]:
    others = tuple(one for one in second.settled if (one.hunt_id, one.criterion_id) != (hunt_id, criterion_id))
    verdict = Verdict(order.verdict)
    return (
        *others,
        SettledVerdict(
            hunt_id=hunt_id, criterion_id=criterion_id, verdict=verdict, by=by, note=order.note.strip(), at=at
        ),
    )
