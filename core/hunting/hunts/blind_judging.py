"""Rules that stop a blind session from revealing more than outcomes before reveal (decision record 0044)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.domain.checks import ViolatingEdit
from core.domain.hunt import Hunt
from core.domain.run import Run
from core.domain.session import Session
from core.domain.task import Task
from core.errors import BadInput, Conflict
from core.hunting.hunts.queries import all_hunts
from core.review.repeats import KnownReplies, same_words
from core.sessions.base import SessionStore

CheckReply = Callable[[str], Awaitable[None]]


async def accept_any_reply(_reply: str) -> None:
    return


@dataclass(frozen=True)
class JudgingRules:
    """Rules for judging a hunt's reply. The defaults apply to open sessions."""

    outcome_step_s: float = 0.0
    """The outcome is published 1, 2, 4, 8, … times this many seconds after judging started; 0: at once."""
    check_reply: CheckReply = accept_any_reply
    """Raises BadInput if a reply may not be judged."""


AT_ONCE = JudgingRules()


def judging_rules(store: SessionStore, session: Session, run: Run, outcome_step_s: float) -> JudgingRules:
    """Sealed sessions delay outcomes. Trials show everything, so they must not repeat a sealed reply."""
    if run.trial:

        async def check(reply: str) -> None:
            await refuse_repeated_reply(store, session.session_id, reply)

        return JudgingRules(check_reply=check)
    return JudgingRules(outcome_step_s) if session.sealed else AT_ONCE


async def hold_outcome(clock: Clock, began_s: float, step_s: float) -> None:
    """Wait until 1, 2, 4, 8, … times `step_s` after `began_s` (monotonic seconds), whichever comes next."""
    elapsed_s, until_s = clock.monotonic() - began_s, step_s
    while until_s < elapsed_s:
        until_s *= 2
    await asyncio.sleep(until_s - elapsed_s)


async def refuse_repeated_reply(store: SessionStore, session_id: str, reply: str) -> None:
    """Raise BadInput if a trial's reply repeats a reply whose verdicts are sealed: the trial would reveal them."""
    session = await store.read(session_id)
    if not session.sealed or not session.hunted:
        return
    hunts = await all_hunts(store, session_id)
    texts = [hunt.reply.text for hunt in hunts if hunt.reply is not None]
    if await asyncio.to_thread(lambda: KnownReplies(texts).repeated_in(reply)):
        raise BadInput(
            "The reply repeats that of a hunt whose verdicts are sealed, so it was not judged.",
            hint="Reveal the verdicts first, or run the trial in an open session.",
            code="sealed_reply",
        )


async def refuse_quoted_replies(store: SessionStore, session: Session, edits: Sequence[ViolatingEdit] = ()) -> None:
    """Raise Conflict if the task, or one of these edits of its reference response, quotes a reply whose verdicts are
    sealed, in any text that the judge or a target reads. A check or hunt of such a text would reveal more than the
    reply's outcome.

    Text that was in the task before the reply was generated, and an edit that is older than its run, is not a quote.
    """
    if not session.sealed or not session.hunted:
        return
    hunts = await all_hunts(store, session.session_id)
    if await asyncio.to_thread(_quotes_a_reply, session, hunts):
        raise Conflict(
            "The task quotes a reply whose verdicts are sealed.",
            hint="Take the reply's text out of the task, reveal the verdicts first, or use an open session.",
            code="sealed",
        )
    if quoting := await asyncio.to_thread(_edits_that_quote, session, hunts, edits):
        raise Conflict(
            f"The edit of {', '.join(quoting)} quotes a reply whose verdicts are sealed.",
            hint="Write another edit, reveal the verdicts first, or use an open session.",
            code="sealed",
            details={"criterion_ids": quoting},
        )


def with_same_task(session: Session, looked_at: Session) -> Session:
    """Return the session if its task is still the one that was checked for quotes; else raise Conflict."""
    if session.sealed and session.hunted and session.task != looked_at.task:
        raise Conflict("The task has changed.", hint="Review the task, then start again.")
    return session


def with_same_edits(session: Session, looked_at: Session) -> Session:
    """As `with_same_task`, and the edits of the reference response are the ones that were checked, too."""
    if session.sealed and session.hunted and _texts_of_edits(session) != _texts_of_edits(looked_at):
        raise Conflict("An edit has changed.", hint="Review the edits, then start again.")
    return with_same_task(session, looked_at)


def _texts_of_edits(session: Session) -> list[tuple[str, str]]:
    return [(edit.criterion_id, edit.text) for edit in session.two_sided_check.edits]


def _quotes_a_reply(session: Session, hunts: Sequence[Hunt]) -> bool:
    texts = _texts(session.task)
    for run, replies in _replies_by_run(session, hunts):
        fresh = _fresh_texts(texts, _texts(run.task))
        known = KnownReplies(replies) if fresh else KnownReplies(())
        if any(known.repeated_in(text) for text in (*fresh, "\n".join(fresh))):  # in one text, or across several
            return True
    return False


def _edits_that_quote(session: Session, hunts: Sequence[Hunt], edits: Sequence[ViolatingEdit]) -> list[str]:
    """Return the criteria whose edit repeats a reply, alone or together with the task's texts that the judge reads
    with it."""
    quoting: dict[str, None] = {}
    for run, replies in _replies_by_run(session, hunts) if edits else ():
        newer = [edit for edit in edits if edit.hunts_before >= run.first_number]
        fresh = _fresh_texts(_texts(session.task), _texts(run.task)) if newer else []
        known = KnownReplies(replies) if newer else KnownReplies(())
        for edit in newer:
            if any(known.repeated_in(text) for text in (edit.text, "\n".join((*fresh, edit.text)))):
                quoting[edit.criterion_id] = None
    return list(quoting)


def _replies_by_run(session: Session, hunts: Sequence[Hunt]) -> Iterator[tuple[Run, Sequence[str]]]:
    replies: defaultdict[str, list[str]] = defaultdict(list)
    for hunt in hunts:
        if hunt.reply is not None:
            replies[hunt.run_id].append(hunt.reply.text)
    return ((run, replies[run.run_id]) for run in session.runs if replies[run.run_id])


def _fresh_texts(texts: Sequence[str], known_then: Sequence[str]) -> list[str]:
    """Return the texts that were not in the task then, compared by their words."""
    changed = [text for text in texts if text not in known_then]
    words_then = {same_words(text) for text in known_then} if changed else set()
    return [text for text in changed if same_words(text) not in words_then]


def _texts(task: Task) -> list[str]:
    """Return all texts of a task that a target or a judge reads."""
    judge = (task.judge_system_prompt, task.judge_prompt_template)
    return [text for text in (task.prompt, task.response, *judge, *(c.text for c in task.criteria)) if text]
