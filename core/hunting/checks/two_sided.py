"""The two-sided check: judges edits of the reference response, each of which violates one criterion, on all criteria.

The unedited reference is judged too, unless the reference check has already asked the same judge. Only the texts that
were there when the check started are judged: blind sessions have screened them (decision record 0044).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from core.clock import Clock, not_before
from core.domain.checks import CheckStatus, TwoSidedCheck, ViolatingEdit
from core.domain.parameters import Target
from core.domain.review import GIVEN
from core.domain.session import Session
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict
from core.errors import BadInput, NotFound, Superseded, Unavailable
from core.hunting.checks.reference_check import begun_after, refuse_unknown_criteria
from core.hunting.checks.settle import settle
from core.hunting.dispatch.base import Job, JobKind, PartClaims
from core.hunting.hunts.hunter import BeforeCall
from core.hunting.hunts.verdict_batch import GatheredSaves, verdict_bytes
from core.hunting.records import WriteRecord, session_mark
from core.hunting.run_plan import FailureStreak
from core.hunting.views.events import session_event
from core.judge.concurrent import run_all
from core.judge.edit_proposal import edit_problem
from core.judge.encodable_text import bounded
from core.judge.judge import Judge, OnVerdict
from core.providers.base import CallContext
from core.review.two_sided import findings_of, status_of
from core.sessions.base import SessionStore
from core.telemetry.records import SessionRecord

MAX_JUDGED_VERDICTS = 900
"""Maximum edits × criteria of a check: each is a judge call, and part of every change of the session."""
MAX_REASON_CHARS = 2_000
"""Of a stored reason, evidence or unusable answer."""
EDITS_AT_ONCE = 8
"""Edits whose criteria wait for the judge at the same time."""
REFERENCE = ""
"""Names the unedited reference response among the judged texts."""
ENDED = frozenset({CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.UNDETERMINED})
News = dict[tuple[str, str], CriterionVerdict]
"""New verdicts, by edit and criterion."""
Change = Callable[[TwoSidedCheck, Task], TwoSidedCheck]


def with_check(session: Session, check: TwoSidedCheck) -> Session:
    """Return the session with the check, whose status follows from its verdicts once it has ended without an error."""
    if check.status in ENDED and not check.stale_for(session.task):
        check = check.model_copy(update={"status": status_of(findings_of(check, session.task))})
    return session.model_copy(update={"two_sided_check": check})


def with_edit(session: Session, criterion_id: str, text: str) -> Session:
    """Return the session with a person's edit for the criterion; an empty text removes the edit. The session is
    unchanged if it has that edit of this task. Raises BadInput if the text is no edit of the reference response."""
    refuse_unknown_criteria(session.task, (criterion_id,))
    check, task_hash = session.two_sided_check, session.task.content_hash()
    known = check.edit(criterion_id)
    if known is not None and text and (known.text, known.task_hash) == (text, task_hash):
        return session
    if text and (problem := edit_problem(text, session.task.response)):
        raise BadInput(problem, hint="Change what the criterion is about, and leave all else as it is.", code="no_edit")
    new = ViolatingEdit(criterion_id=criterion_id, text=text, task_hash=task_hash, hunts_before=session.hunts_issued)
    asked = tuple(one for one in check.proposals.asked if one != criterion_id)
    check = check.model_copy(update={"proposals": check.proposals.model_copy(update={"asked": asked})})
    return with_check(session, check.with_edits({criterion_id: new if text else None}, session.task))


def fresh_edits(session: Session) -> tuple[ViolatingEdit, ...]:
    """The edits of the current task."""
    task_hash = session.task.content_hash()
    return tuple(one for one in session.two_sided_check.edits if one.text and one.task_hash == task_hash)


def chosen_edits(session: Session, criterion_ids: Sequence[str] = ()) -> tuple[ViolatingEdit, ...]:
    """The edits to judge. Raises BadInput if there are none, or too many."""
    refuse_unknown_criteria(session.task, criterion_ids)
    chosen = tuple(one for one in fresh_edits(session) if not criterion_ids or one.criterion_id in criterion_ids)
    if not chosen:
        raise BadInput(
            "There is no edit of the current task to judge.",
            hint="Have a model propose edits, or write one yourself.",
            code="no_edits",
        )
    calls, criteria = len(chosen) * len(session.task.criteria), len(session.task.criteria)
    if calls > MAX_JUDGED_VERDICTS:
        at_most = MAX_JUDGED_VERDICTS // criteria
        raise BadInput(
            f"{len(chosen)} edits on {criteria} criteria are {calls:,} verdicts; at most {MAX_JUDGED_VERDICTS} are "
            "allowed.",
            hint=f"Name at most {at_most} criteria in criterion_ids." if at_most else "Use fewer criteria.",
            code="too_many_verdicts",
        )
    return chosen


def begun(
    session: Session, judge: Target, clock: Clock, idempotency_key: str = "", criterion_ids: Sequence[str] = ()
) -> Session:
    """Return the session with a started check. The session is unchanged if a check of this task is running, or if the
    same idempotency key started the existing one. If the judge and the task are the same, verdicts of other edits are
    kept, and those of a check that ended with an error are used again."""
    before, task_hash = session.two_sided_check, session.task.content_hash()
    running = before.status is CheckStatus.RUNNING and before.task_hash == task_hash
    if running or (idempotency_key != "" and before.idempotency_key == idempotency_key):
        return session
    chosen = {one.criterion_id for one in chosen_edits(session, criterion_ids)}
    same = _judged_by(before, judge) and before.task_hash == task_hash
    continues = same and before.status is CheckStatus.ERROR

    def verdicts_of(edit: ViolatingEdit) -> tuple[CriterionVerdict, ...]:
        if edit.criterion_id not in chosen:
            return edit.verdicts if same else ()
        return tuple(one for one in edit.verdicts if one.verdict in GIVEN) if continues else ()

    edits = tuple(
        one.model_copy(
            update={"judged": one.criterion_id in chosen or (same and one.judged), "verdicts": verdicts_of(one)},
        )
        for one in before.edits
    )
    return with_check(
        session,
        before.model_copy(
            update={
                "status": CheckStatus.RUNNING,
                "task_hash": task_hash,
                "judge_model": judge.model,
                "judge_parameters": judge.parameters,
                "reference": _known_reference(session, judge, before.reference if same else ()),
                "edits": edits,
                "started_at": begun_after(clock.now(), before.started_at),
                "finished_at": None,
                "error": "",
                "idempotency_key": idempotency_key,
            }
        ),
    )


def _judged_by(check: TwoSidedCheck, judge: Target) -> bool:
    return (check.judge_model, check.judge_parameters) == (judge.model, judge.parameters)


def _known_reference(
    session: Session, judge: Target, before: Iterable[CriterionVerdict]
) -> tuple[CriterionVerdict, ...]:
    """The verdicts on the unedited reference response that this judge has given."""
    check, known = session.check, {one.criterion_id: one for one in before}
    by_same_judge = (check.judge_model, check.judge_parameters) == (judge.model, judge.parameters)
    if by_same_judge and not check.stale_for(session.task):
        known |= {one.criterion_id: _shortened(one) for one in check.verdicts}
    decided = (known[c.id] for c in session.task.criteria if c.id in known)
    return tuple(one for one in decided if one.verdict in GIVEN)


def job_key(session: Session) -> str:
    """Return the dispatcher key of the session's current two-sided check."""
    begun_at = session.two_sided_check.started_at
    return f"two-sided:{session_mark(session.session_id)}:{begun_at.timestamp() if begun_at else 0:.6f}"


def two_sided_job(session: Session) -> Job:
    """`has_parameters`: processes of the release before do not know jobs of this kind."""
    return Job(JobKind.TWO_SIDED, session.session_id, job_key(session), has_parameters=True)


def _shortened(verdict: CriterionVerdict) -> CriterionVerdict:
    texts = {name: bounded(getattr(verdict, name), MAX_REASON_CHARS) for name in ("reason", "judge_text")}
    return verdict.model_copy(update={**texts, "evidence": verdict.evidence[:MAX_REASON_CHARS]})


@dataclass(frozen=True)
class TwoSidedChecker:
    store: SessionStore
    judge: Judge
    clock: Clock
    write_record: WriteRecord
    max_same_failures: int
    """A check ends with an error after so many failed judge calls in a row with one cause."""

    async def work(self, session_id: str, claims: PartClaims) -> None:
        """Judge the session's edits, unless another process does. An edit of the task does not stop it: its verdicts
        then belong to a stale check."""
        await claims.work_alone(lambda whole: self._check(session_id, claims, whole))

    async def _check(self, session_id: str, claims: PartClaims, whole: int) -> None:
        try:
            session = await self.store.read(session_id)
        except NotFound:
            return
        if session.two_sided_check.status is not CheckStatus.RUNNING:
            return
        judging = self._judge(session, lambda: claims.ensure(whole))
        end = partial(self._end, session_id, session.two_sided_check.started_at)
        if not await settle(judging, end, claims, "The check was stopped before it finished."):
            return
        ended = (await self.store.read(session_id)).two_sided_check
        self.write_record(
            SessionRecord(
                session=session_mark(session_id),
                action="checked",
                notebook=session.name,
                criteria=len(session.task.criteria),
                detail=f"two-sided {ended.status.value}",
                trainer=session.owner,
            )
        )

    async def _judge(self, session: Session, before_call: BeforeCall) -> None:
        check = session.two_sided_check
        if check.stale_for(session.task):
            raise BadInput("The task was changed before its edits were judged.", hint="Check again.")
        texts = {REFERENCE: session.task.response} | {one.criterion_id: one.text for one in check.edits if one.judged}
        known = {REFERENCE: check.reference} | {one.criterion_id: one.verdicts for one in check.edits}
        failures, unsaved = FailureStreak(self.max_same_failures), News()

        async def save() -> None:
            news = dict(unsaved)
            now = await self._update(
                session.session_id, check.started_at, lambda now, _: with_verdicts(now, texts, news)
            )
            for key in news:
                del unsaved[key]
            if now.started_at != check.started_at or now.status is not CheckStatus.RUNNING:
                raise Superseded("The check has ended, or was started again.")

        async def judge(edit: str) -> None:
            async def keep(verdict: CriterionVerdict) -> None:
                unsaved[edit, verdict.criterion_id] = verdict
                await saves.add(verdict_bytes(verdict))
                if failures.record(verdict.error or None):
                    raise Unavailable(f"The judge’s calls failed: {verdict.judge_text}", hint="Check again.")

            if not failures.stopped:
                await self._grade(session, texts[edit], known[edit], keep, before_call)

        rows = {f"two-sided {edit or 'reference'}": partial(judge, edit) for edit in texts}
        async with GatheredSaves(save, session.rough_bytes) as saves:
            await run_all(rows, EDITS_AT_ONCE)
            await saves.flush()

    async def _grade(
        self,
        session: Session,
        text: str,
        known: Sequence[CriterionVerdict],
        on_verdict: OnVerdict,
        before_call: BeforeCall,
    ) -> None:
        """Judge one text on the criteria without a verdict."""
        check = session.two_sided_check
        await self.judge.grade_all(
            session.task,
            text,
            check.judge_model,
            lambda: CallContext(session=session.session_id, user=session.owner, on_slot=before_call),
            on_verdict=on_verdict,
            skip={one.criterion_id: one for one in known},
            parameters=check.judge_parameters,
            history=session.history(session.turn),
        )

    async def _end(self, session_id: str, begun_at: object, error: str) -> None:
        def end(check: TwoSidedCheck, task: Task) -> TwoSidedCheck:
            if check.status is not CheckStatus.RUNNING:
                return check  # another process has ended it
            at = not_before(self.clock.now(), check.started_at)
            status = CheckStatus.ERROR if error else status_of(findings_of(check, task))
            if check.stale_for(task) and not error:
                status = CheckStatus.UNDETERMINED
            return check.model_copy(update={"status": status, "error": error, "finished_at": at})

        await self._update(session_id, begun_at, end)

    async def _update(self, session_id: str, begun_at: object, change: Change) -> TwoSidedCheck:
        """Change our check, and return the session's. A check that was started later is left alone."""

        def update(session: Session) -> Session:
            check = session.two_sided_check
            if check.started_at != begun_at:
                return session
            return session.model_copy(update={"two_sided_check": change(check, session.task)})

        changed = await self.store.change(session_id, update, events=lambda s: (session_event(s),))
        return changed.two_sided_check


def with_verdicts(check: TwoSidedCheck, texts: Mapping[str, str], news: News) -> TwoSidedCheck:
    """Return the check with these verdicts, but for those that it has: a process that was paused saves late. `texts`:
    what was judged; an edit that has been replaced meanwhile gets none."""
    edits = tuple(
        one.model_copy(update={"verdicts": _merged(one.verdicts, one.criterion_id, news)})
        if one.judged and one.text == texts.get(one.criterion_id)
        else one
        for one in check.edits
    )
    return check.model_copy(update={"edits": edits, "reference": _merged(check.reference, REFERENCE, news)})


def _merged(known: tuple[CriterionVerdict, ...], edit: str, news: News) -> tuple[CriterionVerdict, ...]:
    every = {id_: _shortened(one) for (judged, id_), one in news.items() if judged == edit}
    every |= {one.criterion_id: one for one in known}
    return tuple(every[id_] for id_ in sorted(every, key=lambda id_: int(id_[1:])))
