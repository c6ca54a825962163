"""Shares work: gives a session to somebody, and keeps the comments of the people who see it.

Names come from the sign-in. Without one there is nobody to give a session to; comments then have no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.access.tokens import Holder
from core.clock import Clock
from core.domain.session import Session
from core.domain.sharing import MAX_COMMENTS, MAX_TRANSFERS, Comment, Transfer
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.hunting.hunts.queries import refuse_unknown_hunt
from core.hunting.orders import CommentOrder, TransferOrder
from core.hunting.views.events import session_event
from core.sessions.base import SessionStore, no_session


@dataclass(frozen=True)
class SharingService:
    store: SessionStore
    clock: Clock
    people: Sequence[Holder]
    """Everybody who may sign in; none without sign-in."""
    max_session_bytes: int

    async def give(self, sid: str, order: TransferOrder, by: str, *, admin: bool = False) -> Session:
        """Make somebody else the owner. Repeating it has no effect. Raises BadInput without sign-in or for an unknown
        name, Conflict while a second review is not done, NotFound if `by`, who is no admin, gave it away meanwhile."""
        refuse_unknown_person(self.people, order.to)

        def change(session: Session) -> Session:
            if session.owner == order.to:
                return session
            if session.owner != by and not admin:
                raise no_session()
            if session.second_review is not None and not session.both_reviewed:
                raise Conflict(
                    "The session cannot be given away before both reviewers are done.",
                    hint="Withdraw the request for a second review, or wait for the reveal.",
                    code="second_review_open",
                )
            if len(session.transfers) >= MAX_TRANSFERS:
                raise Conflict(
                    f"A session can be given away at most {MAX_TRANSFERS} times.", hint="Export the notebook."
                )
            session.refuse_growth(len(order.note), self.max_session_bytes)
            return transfer_to(session, order, by, self.clock)

        return await self.store.change(sid, change, events=lambda s: (session_event(s),))

    async def accept(self, sid: str, by: str) -> None:
        """Accept a session that was given to `by`: it no longer waits for them."""

        def change(session: Session) -> Session:
            if all(one.to != by or one.accepted_at is not None for one in session.transfers):
                return session
            now = self.clock.now()
            accepted = tuple(
                one.model_copy(update={"accepted_at": one.accepted_at or now}) if one.to == by else one
                for one in session.transfers
            )
            return session.model_copy(update={"transfers": accepted})

        await self.store.change(sid, change, events=lambda s: (session_event(s),))

    async def end_access(self, sid: str, name: str) -> None:
        """Take read access from an earlier owner."""

        def change(session: Session) -> Session:
            if name not in session.readers:
                return session
            return session.model_copy(update={"readers": tuple(one for one in session.readers if one != name)})

        await self.store.change(sid, change, events=lambda s: (session_event(s),))

    async def comments(self, sid: str) -> tuple[Comment, ...]:
        """Return all comments, oldest first."""
        return (await self.store.read(sid)).comments

    async def comment(self, sid: str, order: CommentOrder, by: str, comment_id: str) -> Comment:
        """Add a comment. Raises BadInput unless it is on one hunt or one criterion that exists, or if there are too
        many."""
        if bool(order.hunt_id) == bool(order.criterion_id) or not order.text.strip():
            raise BadInput(
                "A comment needs a text, and either a hunt_id or a criterion_id.", hint="Give one of the two."
            )
        made = Comment(
            comment_id=comment_id,
            by=by,
            at=self.clock.now(),
            hunt_id=order.hunt_id,
            criterion_id=order.criterion_id.upper(),
            text=order.text.strip(),
        )

        def change(session: Session) -> Session:
            _refuse_unknown_subject(session, made)
            if len(session.comments) >= MAX_COMMENTS:
                raise BadInput(f"A session has at most {MAX_COMMENTS} comments.", hint="Delete some of yours.")
            session.refuse_growth(len(made.text), self.max_session_bytes)
            return session.model_copy(update={"comments": (*session.comments, made)})

        await self.store.change(sid, change, events=lambda s: (session_event(s),))
        return made

    async def delete_comment(self, sid: str, comment_id: str, by: str, *, admin: bool) -> None:
        """Delete one's own comment; an admin deletes any. Raises NotFound, NotAllowed."""

        def change(session: Session) -> Session:
            found = next((one for one in session.comments if one.comment_id == comment_id), None)
            if found is None:
                raise NotFound("This session has no such comment.", hint="Reload the comments.", code="no_comment")
            if found.by != by and not admin:
                raise NotAllowed(
                    "Only its author or an admin can delete a comment.", hint=f"Ask {found.by or 'an admin'}."
                )
            return session.model_copy(update={"comments": tuple(one for one in session.comments if one is not found)})

        await self.store.change(sid, change, events=lambda s: (session_event(s),))


def transfer_to(session: Session, order: TransferOrder, by: str, clock: Clock) -> Session:
    """Return the session with its new owner. The owner before loses access unless they keep it; the new one needs no
    read access any more."""
    transfer = Transfer(by=by, before=session.owner, to=order.to, at=clock.now(), note=order.note.strip())
    readers = [name for name in session.readers if name != order.to]
    if order.keep_access and session.owner and session.owner not in readers:
        readers.append(session.owner)
    return session.model_copy(
        update={"owner": order.to, "transfers": (*session.transfers, transfer), "readers": tuple(readers)}
    )


def refuse_unknown_person(people: Sequence[Holder], name: str) -> None:
    """Raise BadInput for a name that cannot sign in, and without a sign-in, where nobody has a name."""
    if not people:
        raise BadInput(
            "Sharing needs sign-in, and this server has no HUNTER_TOKENS.",
            hint="Ask the operator to set HUNTER_TOKENS (docs/operations.md), or send the exported notebook.",
            code="no_names",
        )
    if all(one.name != name for one in people):
        raise BadInput(f"Nobody signs in as {name[:60]!r}.", hint="Check the spelling.", code="unknown_person")


def _refuse_unknown_subject(session: Session, comment: Comment) -> None:
    if comment.hunt_id:
        refuse_unknown_hunt(session, comment.hunt_id)
        return
    known = {c.id for c in (*session.task.criteria, *session.loaded_task.criteria)}
    if comment.criterion_id not in known:
        raise BadInput(
            f"The task has no criterion {comment.criterion_id[:10]}.", hint=f"It has {', '.join(sorted(known))}."
        )
