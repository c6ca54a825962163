"""Builds the telemetry records of sessions, runs, hunts and reviews."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.domain.hunt import Hunt
from core.domain.review import Review, human_outcome
from core.domain.run import Counts, Run
from core.domain.session import Session, Visibility
from core.domain.verdict import Verdict
from core.providers.throttled import CallEnd
from core.telemetry.records import CallRecord, HuntRecord, Record, ReviewRecord, RunRecord

EXCERPT_CHARS = 200
MARK_CHARS = 12
CRITERION_CHARS = 160
WriteRecord = Callable[[Record], None]


def session_mark(session_id: str) -> str:
    """Return a hash of the session ID, to group records by. The ID itself would grant access to the session."""
    return _mark(session_id)


def hunt_record(session: Session, run: Run, hunt: Hunt, *, max_reply_chars: int = 0, claim: int = 0) -> HuntRecord:
    reply, metadata = hunt.reply, run.task.metadata
    took = (hunt.finished_at - hunt.started_at) if hunt.finished_at and hunt.started_at else None
    return HuntRecord(
        session=session_mark(session.session_id),
        run_id=run.run_id,
        hunt_id=hunt.hunt_id,
        number=hunt.number,
        notebook=session.name,
        task_id=metadata.task_id,
        domain=metadata.domain,
        taxonomy=metadata.taxonomy,
        model=hunt.model,
        provider=hunt.model.partition("/")[0],
        judge_model=run.judge_model,
        simulated=hunt.simulated,
        outcome=hunt.outcome.value if hunt.outcome else "",
        passed=sum(v.verdict is Verdict.PASS for v in hunt.verdicts),
        criteria=len(run.task.criteria),
        verdicts={v.criterion_id: v.verdict.value for v in hunt.verdicts},
        error=hunt.error.code if hunt.error else None,
        error_message=hunt.error.message[:EXCERPT_CHARS] if hunt.error else None,
        cost_usd=hunt.target_cost_usd,
        judge_cost_usd=hunt.judge_cost_usd,
        input_tokens=reply.usage.input_tokens if reply else None,
        output_tokens=reply.usage.output_tokens if reply else None,
        latency_ms=reply.latency_ms if reply else None,
        first_token_ms=reply.first_token_ms if reply else None,
        duration_ms=took.total_seconds() * 1000 if took else None,
        excerpt=reply.text[:EXCERPT_CHARS] if reply else "",
        task=run.task.content_hash()[:MARK_CHARS],
        reply_mark=_mark(reply.text) if reply else "",
        blind=session.visibility is Visibility.BLIND,
        reply=reply.text[:max_reply_chars] if reply else "",
        reply_chars=len(reply.text) if reply else 0,
        cut_off=hunt.cut_off,
        round=len(hunt.judged),
        claim=claim,
        trainer=session.owner,
    )


def call_record(end: CallEnd) -> CallRecord:
    return CallRecord(
        session=session_mark(end.session) if end.session else "",
        provider=end.provider.name,
        model=end.request.model,
        purpose=end.request.purpose,
        simulated=end.provider.simulated,
        ok=end.error is None,
        error=end.error.code if end.error else None,
        status=end.error.status if end.error else None,
        wait_ms=round(end.waited_ms, 1),
        latency_ms=round(end.took_ms, 1),
        cost_usd=end.reply.cost_usd if end.reply else None,
    )


def run_record(session: Session, run: Run, counts: Counts) -> RunRecord:
    ended = run.finished_at and run.started_at
    return RunRecord(
        session=session_mark(session.session_id),
        run_id=run.run_id,
        status=run.status.value,
        models=run.models,
        judge_model=run.judge_model,
        hunts=run.hunts,
        broke=counts.broke,
        held=counts.held,
        undetermined=counts.undetermined,
        error=counts.error,
        cancelled=counts.cancelled + counts.interrupted,
        cost_usd=counts.cost_usd,
        duration_s=(run.finished_at - run.started_at).total_seconds() if ended else None,  # type: ignore[operator]
        notebook=session.name,
        task=run.task.content_hash()[:MARK_CHARS],
        criterion_texts={c.id: c.text[:CRITERION_CHARS] for c in run.task.criteria},
        reason=run.stop_reason[:EXCERPT_CHARS],
    )


def review_record(session: Session, run: Run, hunt: Hunt, review: Review) -> ReviewRecord:
    human = human_outcome(review, run.task)
    return ReviewRecord(
        session=session_mark(session.session_id),
        run_id=run.run_id,
        hunt_id=hunt.hunt_id,
        notebook=session.name,
        task=run.task.content_hash()[:MARK_CHARS],
        model=hunt.model,
        judge_model=run.judge_model,
        simulated=hunt.simulated,
        blind=session.visibility is Visibility.BLIND,
        human={criterion_id: verdict.value for criterion_id, verdict in review.by_criterion.items()},
        judge={v.criterion_id: v.verdict.value for v in hunt.verdicts},
        human_outcome=human.value if human else "",
        judge_outcome=hunt.outcome.value if hunt.outcome else "",
        trainer=session.owner,
    )


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:MARK_CHARS]
