"""The reference check: the reference response is judged like a reply, before hunts are paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.clock import Clock
from core.domain.session import CheckStatus, ReferenceCheck, Session, check_status
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict
from core.errors import HunterError, NotFound
from core.hunt.chronicle import Tell, session_mark
from core.hunt.dispatch.base import Shards
from core.hunt.views import check_event
from core.judge.judge import Judge
from core.providers.base import CallContext
from core.sessions.base import SessionStore
from core.telemetry.records import SessionRecord


def begun(session: Session, judge_model: str, clock: Clock, idempotency_key: str = "") -> Session:
    """The session with a check of its task begun; the session itself when one of this task is running already, or
    when the same idempotency key began the one that there is."""
    running = session.check.status is CheckStatus.RUNNING and not session.check.stale_for(session.task)
    repeated = idempotency_key != "" and session.check.idempotency_key == idempotency_key
    if running or repeated:
        return session
    check = ReferenceCheck(
        status=CheckStatus.RUNNING,
        task_hash=session.task.content_hash(),
        judge_model=judge_model,
        started_at=clock.now(),
        idempotency_key=idempotency_key,
    )
    return session.model_copy(update={"check": check})


def job_key(session: Session) -> str:
    """The dispatcher's key for the session's check: each check has its own, the session's id is not told in it."""
    begun_at = session.check.started_at
    return f"check:{session_mark(session.session_id)}:{begun_at.timestamp() if begun_at else 0:.6f}"


@dataclass(frozen=True)
class Checker:
    store: SessionStore
    judge: Judge
    clock: Clock
    tell: Tell

    async def work(self, session_id: str, shards: Shards) -> None:
        """Judge the session's reference response, unless another process does; see `judge_reference`."""
        if (whole := await shards.next(0)) is not None:
            try:
                await self.judge_reference(session_id, shards)
            finally:
                await (shards.release() if shards.handing_back else shards.done(whole))

    async def judge_reference(self, session_id: str, shards: Shards) -> None:
        """Judge the reference response, verdict by verdict, and give the check its status.

        An edit of the task meanwhile does not stop it: its verdicts then belong to a stale check.
        """
        session = await self.store.read(session_id)
        begun_at, task = session.check.started_at, session.task
        try:
            await self._judge(session, task)
            await self._update(session_id, begun_at, lambda check: {"status": check_status(check.verdicts)})
        except NotFound:
            return  # the session was deleted or has ended: there is nobody left to tell
        except HunterError as error:
            failed = {"status": CheckStatus.ERROR, "error": error.message}
            await self._update(session_id, begun_at, lambda _check: failed)
        except BaseException:
            if shards.handing_back:
                raise  # the check goes on elsewhere, with the verdicts that it has
            stopped = {"status": CheckStatus.ERROR, "error": "The check was stopped before it was done."}
            await self._update(session_id, begun_at, lambda _check: stopped)
            raise
        ended = (await self.store.read(session_id)).check
        self.tell(
            SessionRecord(
                session=session_mark(session_id),
                action="checked",
                notebook=session.name,
                criteria=len(task.criteria),
                detail=ended.status.value,
            )
        )

    async def _judge(self, session: Session, task: Task) -> None:
        order = [c.id for c in task.criteria]
        known = {v.criterion_id: v for v in session.check.verdicts}

        async def keep(verdict: CriterionVerdict) -> None:
            known[verdict.criterion_id] = verdict
            verdicts = tuple(known[i] for i in order if i in known)
            await self._update(session.session_id, session.check.started_at, lambda _check: {"verdicts": verdicts})

        await self.judge.grade_all(
            task,
            task.response,
            session.check.judge_model,
            lambda: CallContext(session=session.session_id),
            on_verdict=keep,
            skip=dict(known),
        )

    async def _update(
        self, session_id: str, begun_at: object, changes: Callable[[ReferenceCheck], Mapping[str, object]]
    ) -> None:
        """Change the check that we are working on; one that was begun later is another's."""

        def change(session: Session) -> Session:
            check = session.check
            if check.started_at != begun_at:
                return session
            news = changes(check)
            if "status" in news:
                news = {**news, "finished_at": self.clock.now()}
            return session.model_copy(update={"check": check.model_copy(update=news)})

        await self.store.change(session_id, change, announce=lambda s: (check_event(s),))
