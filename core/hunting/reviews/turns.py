"""Starts the next turn of a conversation: a held hunt's reply joins the history, followed by a new prompt. A turn in
which nothing has happened yet can be undone."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.checks import NO_ROBUSTNESS_REPORT, NO_TWO_SIDED_CHECK, CheckStatus, ReferenceCheck
from core.domain.criteria import refuse_too_many_criteria
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.domain.task import Task, refuse_large_task, refuse_unhuntable
from core.domain.turn import Turn
from core.domain.verdict import Outcome
from core.errors import BadInput, BadTask, Conflict, NotFound
from core.hunting.orders import TurnOrder
from core.hunting.reviews.review_service import refuse_during_second_review
from core.hunting.views.events import check_event, session_event
from core.sessions.base import SessionStore
from core.settings import HuntingSettings


@dataclass(frozen=True)
class TurnService:
    store: SessionStore
    limits: HuntingSettings
    max_session_bytes: int

    async def add_turn(self, sid: str, order: TurnOrder) -> Session:
        """Start the next turn. The session is unchanged if the same idempotency key already started it."""
        hunt = await self.store.hunt(sid, order.hunt_id)

        def change(session: Session) -> Session:
            if order.idempotency_key and order.idempotency_key in session.turns_keys:
                return session
            refuse_too_many_criteria(len(order.criteria), self.limits.max_criteria)
            refuse_large_task(_next_task(session, order), self.limits.max_task_bytes)
            return session.grown(at_next_turn(session, hunt, order, self.limits.max_turns), self.max_session_bytes)

        return await self.store.change(sid, change, events=lambda s: (session_event(s), check_event(s)))

    async def undo_turn(self, sid: str, number: str) -> Session:
        """Return to the turn before `number`, which must be the current one: its task and selection as they were. The
        prompt and the criteria of the undone turn are discarded. Raises Conflict, NotFound."""
        return await self.store.change(
            sid, lambda session: at_previous_turn(session, number), events=lambda s: (session_event(s), check_event(s))
        )


def at_previous_turn(session: Session, number: str) -> Session:
    """Return the session with its last turn undone, which `number` must name. Raises if it has a run, a trial or a
    check: those would belong to no turn, and in a blind session their results could be compared over several tasks."""
    if number != str(session.turn) or not session.turns:
        last = f"Turn {session.turn} is the last one." if session.turns else "The session has a single turn."
        raise NotFound(f"Turn {number[:20]} cannot be undone.", hint=last, code="no_turn")
    if session.revealed_at is not None:
        raise _revealed()
    refuse_during_second_review(session, "turn")
    used = any(run.turn == session.turn for run in session.runs)
    checked = session.check.status is not CheckStatus.NONE
    if used or checked or session.two_sided_check.started:
        what = "runs or trials" if used else "a reference check" if checked else "a two-sided check"
        raise Conflict(
            f"Turn {number} cannot be undone: it has {what}.",
            hint="Continue with this turn, or export the notebook and open it in a new session.",
            code="turn_used",
        )
    *earlier, closed = session.turns
    selected = closed.selected[: session.selection.slots]  # there may be fewer slots by now
    return session.model_copy(
        update={
            "turns": tuple(earlier),
            "task": closed.task,
            "two_sided_check": NO_TWO_SIDED_CHECK,
            "robustness": NO_ROBUSTNESS_REPORT,
            "selection": session.selection.model_copy(update={"hunt_ids": selected}),
        }
    )


def at_next_turn(session: Session, hunt: Hunt, order: TurnOrder, maximum: int) -> Session:
    """Return the session with this turn closed and the next one started: new prompt and criteria, no check, empty
    selection. Judge prompts, pass rule and metadata stay. Raises if that hunt cannot close the turn, or if the next
    task could not be hunted."""
    _refuse_turn(session, hunt, maximum)
    turn = Turn(
        number=session.turn,
        task=session.task,
        hunt_id=hunt.hunt_id,
        response=hunt.reply.text if hunt.reply else "",
        selected=session.selection.hunt_ids,
    )
    task = _next_task(session, order)
    _refuse_incomplete(task)
    keys = (*session.turns_keys, order.idempotency_key) if order.idempotency_key else session.turns_keys
    return session.model_copy(
        update={
            "turns": (*session.turns, turn),
            "turns_keys": keys,
            "task": task,
            "check": ReferenceCheck(),
            "two_sided_check": NO_TWO_SIDED_CHECK,
            "robustness": NO_ROBUSTNESS_REPORT,
            "proposed_criteria": (),
            "selection": session.selection.model_copy(update={"hunt_ids": ()}),
        }
    )


def _revealed() -> Conflict:
    return Conflict(
        "The conversation is locked: the verdicts were revealed.",
        hint="Export the notebook, or open a new session.",
        code="revealed",
    )


def _refuse_incomplete(task: Task) -> None:
    try:
        refuse_unhuntable(task)
    except BadTask as error:
        if error.code == "task_incomplete":
            error.message = f"The next turn is incomplete: {'; '.join(error.details['problems'])}."
            error.hint = "Give its prompt, response and criteria together."
        raise


def _next_task(session: Session, order: TurnOrder) -> Task:
    news = {"prompt": order.prompt, "response": order.response, "criteria": order.criteria}
    return session.task.model_copy(update=news)


def _refuse_turn(session: Session, hunt: Hunt, maximum: int) -> None:
    if session.revealed_at is not None:
        raise _revealed()
    refuse_during_second_review(session, "turn")
    if any(not run.trial for run in session.active_runs):
        raise Conflict("A run is still active.", hint="Wait for it to end, or cancel it.", code="run_active")
    if session.turn >= maximum:
        raise BadInput(f"A conversation has at most {maximum} turns.", hint="End with this turn.")
    if hunt.trial or hunt.turn != session.turn or hunt.outcome is not Outcome.HELD or hunt.reply is None:
        raise BadInput(
            f"The reply of hunt {hunt.hunt_id} cannot join the history.",
            hint="Choose a hunt of this turn that held.",
            code="not_held",
        )
