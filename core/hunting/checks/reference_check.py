"""The reference check: judges the reference response like a reply, before hunts cost money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock, not_before
from core.domain.checks import CheckStatus, ReferenceCheck, check_status
from core.domain.parameters import NO_PARAMETERS, Parameters, is_default
from core.domain.review import GIVEN
from core.domain.session import Session
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict
from core.errors import BadInput
from core.hunting.checks.settle import settle
from core.hunting.dispatch.base import Job, JobKind, PartClaims
from core.hunting.hunts.hunter import BeforeCall
from core.hunting.hunts.verdict_batch import GatheredSaves, verdict_bytes
from core.hunting.records import WriteRecord, session_mark
from core.hunting.views.events import check_event
from core.judge.judge import Judge
from core.providers.base import CallContext
from core.sessions.base import SessionStore
from core.telemetry.records import SessionRecord


def begun(
    session: Session,
    judge_model: str,
    clock: Clock,
    idempotency_key: str = "",
    criterion_ids: Sequence[str] = (),
    parameters: Parameters = NO_PARAMETERS,
) -> Session:
    """Return the session with a started check. The session is unchanged if a check of this task is running, or if the
    same idempotency key started the existing check.

    `criterion_ids`: judge only these; other verdicts stay if the task is unchanged. Answers and flips belong to one
    task and are reset when it changes. Raises BadInput for unknown criteria.
    """
    before, task = session.check, session.task
    same = not before.stale_for(task)
    repeated = idempotency_key != "" and before.idempotency_key == idempotency_key
    if (before.status is CheckStatus.RUNNING and same) or repeated:
        return session
    refuse_unknown_criteria(task, criterion_ids)
    kept = before.verdicts if same and criterion_ids else ()
    check = ReferenceCheck(
        status=CheckStatus.RUNNING,
        task_hash=task.content_hash(),
        judge_model=judge_model,
        judge_parameters=parameters,
        asked=tuple(criterion_ids),
        verdicts=tuple(v for v in kept if v.criterion_id not in criterion_ids),
        answers=before.answers if same else (),
        flips=before.flips if same else (),
        started_at=begun_after(clock.now(), before.started_at),
        idempotency_key=idempotency_key,
    )
    return session.model_copy(update={"check": check})


def begun_after(now: datetime, before: datetime | None) -> datetime:
    """Return `now`, but at least 1 µs after the previous check: readers order checks by time, and clocks of machines
    differ."""
    return now if before is None else max(now, before + timedelta(microseconds=1))


def job_key(session: Session) -> str:
    """Return the dispatcher key of the session's current check. It contains a hash, not the session ID."""
    begun_at = session.check.started_at
    return f"check:{session_mark(session.session_id)}:{begun_at.timestamp() if begun_at else 0:.6f}"


def check_job(session: Session) -> Job:
    chosen = not is_default(session.check.judge_parameters)
    return Job(JobKind.CHECK, session.session_id, job_key(session), chosen)


def refuse_unknown_criteria(task: Task, criterion_ids: Sequence[str]) -> None:
    known = {c.id for c in task.criteria}
    unknown = [i for i in criterion_ids if i not in known]
    if unknown:
        raise BadInput(
            f"The task has no criterion {', '.join(unknown)}.",
            hint=f"Its criteria are {', '.join(sorted(known))}.",
            details={"unknown": unknown},
        )


def with_verdicts(check: ReferenceCheck, news: Iterable[CriterionVerdict], order: Sequence[str]) -> ReferenceCheck:
    """Return the check with these verdicts merged in. A PASS after a FAIL, or the reverse, counts as a flip."""
    known = {v.criterion_id: v for v in check.verdicts}
    answers, flips = dict(check.answers), dict(check.flips)
    for verdict in news:
        known[verdict.criterion_id] = verdict
        if verdict.verdict in GIVEN:
            before = answers.get(verdict.criterion_id, verdict.verdict)
            if before is not verdict.verdict:
                flips[verdict.criterion_id] = flips.get(verdict.criterion_id, 0) + 1
            answers[verdict.criterion_id] = verdict.verdict
    return check.model_copy(
        update={
            "verdicts": tuple(known[i] for i in order if i in known),
            "answers": tuple(answers.items()),
            "flips": tuple(flips.items()),
        }
    )


@dataclass(frozen=True)
class Checker:
    store: SessionStore
    judge: Judge
    clock: Clock
    write_record: WriteRecord

    async def work(self, session_id: str, claims: PartClaims) -> None:
        """Judge the session's reference response, unless another process does. See `judge_reference`."""
        await claims.work_alone(lambda whole: self.judge_reference(session_id, claims, whole))

    async def judge_reference(self, session_id: str, claims: PartClaims, whole: int = 0) -> None:
        """Judge the reference response criterion by criterion and set the check's status. `whole`: the job's only
        part.

        An edit of the task does not stop it: its verdicts then belong to a stale check.
        """
        session = await self.store.read(session_id)
        begun_at, task = session.check.started_at, session.task

        async def end(error: str) -> None:
            failed = _status(CheckStatus.ERROR, error)
            await self._update(
                session_id, begun_at, lambda check: failed if error else _ended(check, len(task.criteria))
            )

        judging = self._judge(session, task, lambda: claims.ensure(whole))
        if not await settle(judging, end, claims, "The check was stopped before it finished."):
            return
        ended = (await self.store.read(session_id)).check
        self.write_record(
            SessionRecord(
                session=session_mark(session_id),
                action="checked",
                notebook=session.name,
                criteria=len(task.criteria),
                detail=ended.status.value,
                trainer=session.owner,
            )
        )

    async def _judge(self, session: Session, task: Task, before_call: BeforeCall) -> None:
        check, order = session.check, [c.id for c in task.criteria]
        there = {v.criterion_id: v for v in check.verdicts}
        wanted = [c for c in task.criteria if c.id not in there and (not check.asked or c.id in check.asked)]

        unsaved: dict[str, CriterionVerdict] = {}

        async def save() -> None:
            news = dict(unsaved)
            await self._update(
                session.session_id, check.started_at, lambda now: dict(with_verdicts(now, news.values(), order))
            )
            for criterion in news:
                del unsaved[criterion]

        async def keep(verdict: CriterionVerdict) -> None:
            unsaved[verdict.criterion_id] = verdict
            await saves.add(verdict_bytes(verdict))

        async with GatheredSaves(save, session.rough_bytes) as saves:
            await self.judge.grade_all(
                task.model_copy(update={"criteria": tuple(wanted)}),
                task.response,
                check.judge_model,
                lambda: CallContext(session=session.session_id, user=session.owner, on_slot=before_call),
                on_verdict=keep,
                parameters=check.judge_parameters,
                history=session.history(session.turn),
            )
            await saves.flush()

    async def _update(
        self, session_id: str, begun_at: object, changes: Callable[[ReferenceCheck], Mapping[str, object]]
    ) -> None:
        """Change our check. A check that was started later is left alone."""

        def change(session: Session) -> Session:
            check = session.check
            if check.started_at != begun_at:
                return session
            news = changes(check)
            if news.get("status", CheckStatus.RUNNING) is not CheckStatus.RUNNING:
                news = {**news, "finished_at": not_before(self.clock.now(), check.started_at)}
            return session.model_copy(update={"check": check.model_copy(update=news)})

        await self.store.change(session_id, change, events=lambda s: (check_event(s),))


def _ended(check: ReferenceCheck, criteria: int) -> Mapping[str, object]:
    """Return the final status. If it is undetermined because judge calls failed, it includes the first error."""
    status = check_status(check.verdicts, criteria)
    failed = next((v.reason for v in check.verdicts if v.error), "")
    return _status(status, failed if status is CheckStatus.UNDETERMINED else "")


def _status(status: CheckStatus, error: str = "") -> Mapping[str, object]:
    return {"status": status, "error": error}
