"""Builds the telemetry records of sessions, runs, hunts and reviews."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

from core.domain.hunt import Hunt
from core.domain.parameters import Target, is_default
from core.domain.rates import has_fixed_size
from core.domain.review import Review, human_outcome
from core.domain.run import Counts, Run
from core.domain.session import Session, Visibility
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Verdict
from core.judge.prompt import prompt_hash
from core.providers.throttled import CallEnd
from core.telemetry.records import (
    CallRecord,
    HuntRecord,
    Record,
    ReviewRecord,
    RunRecord,
    TaskRecord,
    VerdictRecord,
    VerdictSource,
)

EXCERPT_CHARS = 200
MARK_CHARS = 12
CRITERION_CHARS = 160
MAX_TASK_CHARS = 200_000
"""Of a task in the log: a line has at most a megabyte."""
WriteRecord = Callable[[Record], None]


@lru_cache(maxsize=1024)
def session_mark(session_id: str) -> str:
    """Return a hash of the session ID, to group records by. The ID itself would grant access to the session."""
    return _mark(session_id)


def hunt_record(session: Session, run: Run, hunt: Hunt, *, max_reply_chars: int = 0, claim: int = 0) -> HuntRecord:
    reply, metadata = hunt.reply, run.task.metadata
    cache = hunt.target_cache.plus(hunt.judge_cache)
    sure = [v.confidence for v in hunt.verdicts if v.confidence is not None]
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
        cache_input_tokens=cache.input_tokens or None,
        cached_tokens=cache.cached_tokens if cache.input_tokens else None,
        cache_saved_usd=cache.saved_usd,
        confidence=sum(sure) / len(sure) if sure else None,
        confident_verdicts=len(sure) or None,
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
        **_target_fields(hunt),
        upstream=reply.upstream if reply else "",
        system_fingerprint=reply.system_fingerprint if reply else "",
        **_opinion_fields(hunt),
        claim=claim,
        trainer=session.owner,
        **_judge_fields(run.judge_of(hunt), run.task),
        **verdict_cost(hunt.verdicts),
        pass_rule=run.task.pass_rule.value,
        allocation=hunt.share,
    )


def _judge_fields(judge: Target, task: Task) -> dict[str, Any]:
    parameters = "" if is_default(judge.parameters) else judge.parameters.canonical
    return {"judge_prompt": prompt_hash(task), "judge_parameters": parameters}


def verdict_cost(verdicts: Collection[CriterionVerdict]) -> dict[str, Any]:
    """Mean cost and latency of the verdicts for which the judge was called."""
    called = [verdict for verdict in verdicts if verdict.calls]
    costs = [verdict.cost_usd for verdict in called if verdict.cost_usd is not None]
    return {
        "verdict_usd": sum(costs) / len(costs) if costs else None,
        "verdict_ms": sum(verdict.latency_ms for verdict in called) / len(called) if called else None,
    }


def verdict_records(
    session: Session,
    run: Run,
    hunt: Hunt,
    verdicts: Collection[CriterionVerdict],
    *,
    source: VerdictSource,
    judge: Target,
) -> Iterator[VerdictRecord]:
    """Records of verdicts on a reply that had been judged before, by `judge`."""
    for verdict in verdicts:
        yield VerdictRecord(
            session=session_mark(session.session_id),
            run_id=run.run_id,
            hunt_id=hunt.hunt_id,
            criterion=verdict.criterion_id,
            verdict=verdict.verdict.value,
            source=source,
            round=len(hunt.judged),
            judge_model=judge.model,
            **_judge_fields(judge, run.task),
            simulated=hunt.simulated,
            notebook=session.name,
            task=run.task.content_hash()[:MARK_CHARS],
            model=hunt.model,
            reply_mark=_mark(hunt.reply.text) if hunt.reply else "",
            blind=session.visibility is Visibility.BLIND,
            error=verdict.error or None,
            **verdict_cost((verdict,)),
            label=hunt.label,
            trainer=session.owner,
        )


def opinion_records(session: Session, run: Run, hunt: Hunt, *, before: Hunt) -> Iterator[VerdictRecord]:
    """Records of the votes of second opinions that were open in the state `before`."""
    done = sum(opinion.outcome is not None for opinion in before.opinions)
    for opinion in hunt.opinions[done:]:
        yield from verdict_records(session, run, hunt, opinion.verdicts, source="opinion", judge=opinion.judge)


def task_record(session: Session, run: Run) -> TaskRecord | None:
    """None if it is too long for the log."""
    judged = {
        "task": run.task.model_dump(mode="json", exclude={"metadata"}),
        "history": [message.model_dump(mode="json") for message in session.history(run.turn)],
    }
    content = json.dumps(judged, ensure_ascii=True)
    if len(content) > MAX_TASK_CHARS:
        return None
    return TaskRecord(
        session=session_mark(session.session_id), task=run.task.content_hash()[:MARK_CHARS], content=content
    )


def _opinion_fields(hunt: Hunt) -> dict[str, Any]:
    if not hunt.opinions:
        return {}
    votes: dict[str, dict[str, str]] = {}
    for opinion in hunt.opinions:
        name = (
            opinion.judge_model if is_default(opinion.judge_parameters) else f"{opinion.judge_model} {opinion.target}"
        )
        votes.setdefault(name, {}).update({v.criterion_id: v.verdict.value for v in opinion.verdicts})
    steps = sum(opinion.steps for opinion in hunt.opinions)
    return {"confirmation": hunt.confirmation.value, "votes": votes, "opinion_steps": steps}


def _target_fields(hunt: Hunt) -> dict[str, Any]:
    if not hunt.label and is_default(hunt.parameters):
        return {}
    return {"label": hunt.label, "target": hunt.target, "parameters": hunt.parameters.canonical}


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
        upstream=end.reply.upstream if end.reply else "",
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
        labels=tuple(target.name for target in run.targets),
        criterion_texts={c.id: c.text[:CRITERION_CHARS] for c in run.task.criteria},
        reason=run.stop_reason[:EXCERPT_CHARS],
        fixed_size=has_fixed_size(run, counts),
        allocation=run.allocation,
    )


def review_record(session: Session, run: Run, hunt: Hunt, review: Review) -> ReviewRecord:
    human, judge = human_outcome(review, run.task), run.judge_of(hunt)
    by = {v.criterion_id: v.judge_model for v in hunt.verdicts}
    return ReviewRecord(
        session=session_mark(session.session_id),
        run_id=run.run_id,
        hunt_id=hunt.hunt_id,
        notebook=session.name,
        task=run.task.content_hash()[:MARK_CHARS],
        model=hunt.model,
        judge_model=judge.model,
        simulated=hunt.simulated,
        blind=session.visibility is Visibility.BLIND,
        human={criterion_id: verdict.value for criterion_id, verdict in review.by_criterion.items()},
        judge={v.criterion_id: v.verdict.value for v in hunt.verdicts},
        human_outcome=human.value if human else "",
        judge_outcome=hunt.outcome.value if hunt.outcome else "",
        label=hunt.label,
        trainer=session.owner,
        **_judge_fields(judge, run.task),
        pass_rule=run.task.pass_rule.value,
        audit=hunt.hunt_id in session.audit.drawn,
        other_judges={criterion: model for criterion, model in by.items() if model not in ("", judge.model)},
    )


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:MARK_CHARS]
