"""The JSON of a session, shared by API responses, events and `--json`.

`docs/api.md` describes it. All session data that leaves the server is built here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from core.domain.events import EventDraft, EventType
from core.domain.hunt import Hunt, HuntStatus
from core.domain.ids import is_simulated
from core.domain.redaction import redact_cost, redact_verdicts
from core.domain.run import Counts, Run, total_counts
from core.domain.session import ReferenceCheck, Session, TaskWarning
from core.domain.slot import Grading, Slot
from core.domain.task import Task, refuse_unhuntable
from core.domain.turn import Turn
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import BadTask
from core.hunting.run_plan import eta_s
from core.hunting.views.reviews import JsonObject as JsonObject
from core.hunting.views.reviews import review_parts, settings_view

EXCERPT_CHARS = 160
JsonFragment = orjson.Fragment
"""JSON that is already serialized."""


def hunt_view(hunt: Hunt, *, sealed: bool, texts: bool, reasons: bool = True) -> JsonObject:
    """Return one HUNT. `sealed` (`session.sealed`): of the judge only the outcome is included, without costs or times
    of judging. A trial is never sealed.

    Without `texts` the reply and the reasoning are null; without `reasons` verdicts have no reasons.
    """
    sealed = sealed and not hunt.trial
    judgings = hunt.judgings
    hunt = redact_verdicts(hunt) if sealed else hunt
    reply = hunt.reply
    return {
        "hunt_id": hunt.hunt_id,
        "kind": "trial" if hunt.trial else "hunt",
        "number": max(hunt.number, 0),
        "trial_number": max(-hunt.number, 0),
        "turn": hunt.turn,
        "run_id": hunt.run_id,
        "model": hunt.model,
        "simulated": hunt.simulated,
        "status": hunt.status,
        "outcome": hunt.outcome,
        "judgings": judgings,
        "verdicts": [verdict_view(v) if reasons else bare_verdict(v) for v in hunt.verdicts],
        "passed": None if sealed else sum(v.verdict is Verdict.PASS for v in hunt.verdicts),
        "criteria": None if sealed else len(hunt.verdicts),
        "response": reply.text if reply and texts else None,
        "reasoning": reply.reasoning if reply and texts else None,
        "excerpt": reply.text[:EXCERPT_CHARS] if reply else "",
        "finish_reason": reply.finish_reason if reply else None,
        "cut_off": hunt.cut_off,
        "usage": _usage(hunt),
        "cost_usd": hunt.target_cost_usd,
        "judge_cost_usd": hunt.judge_cost_usd,
        "latency_ms": reply.latency_ms if reply else None,
        "attempts": hunt.attempts,
        "error": hunt.error.model_dump() if hunt.error else None,
        "started_at": hunt.started_at,
        "finished_at": hunt.finished_at,
    }


def judged_view(hunt: Hunt, *, sealed: bool) -> list[JsonObject]:
    """Return earlier judgings of the reply, oldest first: the verdicts that rejudging replaced."""
    shown = redact_verdicts(hunt) if sealed else hunt
    return [
        {
            "at": judging.at,
            "judge_model": judging.judge_model,
            "outcome": judging.outcome,
            "verdicts": [verdict_view(v) for v in judging.verdicts],
            "cost_usd": judging.cost_usd,
        }
        for judging in shown.judged
    ]


def verdict_view(verdict: CriterionVerdict) -> JsonObject:
    return {
        "criterion_id": verdict.criterion_id,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "evidence": verdict.evidence,
        "judge_model": verdict.judge_model,
        "judge_text": verdict.judge_text,
        "error": verdict.error,
        "cost_usd": verdict.cost_usd,
        "latency_ms": verdict.latency_ms,
    }


def bare_verdict(verdict: CriterionVerdict) -> JsonObject:
    """Return a verdict of a hunt that is still judged. Its reason is published with the finished hunt."""
    return {"criterion_id": verdict.criterion_id, "verdict": verdict.verdict, "reason": "", "evidence": ""}


def run_view(run: Run, counts: Counts, now: datetime, *, sealed: bool) -> JsonObject:
    return {
        "run_id": run.run_id,
        "status": run.status,
        "turn": run.turn,
        "hunts": run.hunts,
        "models": list(dict.fromkeys(run.models)),
        "judge_model": run.judge_model,
        "first_number": run.first_number,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "simulated": any(is_simulated(model) for model in (*run.models, run.judge_model)),
        "stop": run.stop.model_dump(exclude_none=True),
        "stop_reason": redact_cost(run.stop_reason) if sealed else run.stop_reason,
        "retry_of": run.retry_of or None,
        "check_overridden": run.check_overridden,
        "task_hash": run.task.content_hash(),
        "counts": counts_view(counts, sealed=sealed),
        "eta_s": eta_s(run, counts, now),
    }


_TARGET_ONLY = {"target_cost_usd", "target_unknown_costs"}


def counts_view(counts: Counts, *, sealed: bool) -> JsonObject:
    """`sealed`: costs are of target calls only, since judge costs depend on the verdicts."""
    shown = counts.without_judge() if sealed else counts
    return {**shown.model_dump(exclude=_TARGET_ONLY), "done": counts.done, "break_rate": counts.break_rate}


def check_view(check: ReferenceCheck, task: Task) -> JsonObject:
    return {
        "status": check.status,
        "stale": check.stale_for(task),
        "task_hash": check.task_hash,
        "judge_model": check.judge_model,
        "verdicts": [verdict_view(v) for v in check.verdicts],
        "flips": dict(check.flips),
        "error": check.error,
        "started_at": check.started_at,
        "finished_at": check.finished_at,
    }


def task_view(task: Task, missing: tuple[str, ...] = ()) -> JsonObject:
    problems = _problems(task, missing)
    return {
        "prompt": task.prompt,
        "response": task.response,
        "criteria": [{"id": c.id, "text": c.text} for c in task.criteria],
        "pass_rule": task.pass_rule,
        "judge_system_prompt": task.judge_system_prompt,
        "judge_prompt_template": task.judge_prompt_template,
        "metadata": dict(task.metadata.entries),
        "hash": task.content_hash(),
        "prompt_words": len(task.prompt.split()),
        "missing_criteria": list(missing),
        "huntable": not problems,
        "problems": problems,
    }


def session_view(
    session: Session,
    counts: Mapping[str, Counts],
    selected: Sequence[Hunt],
    *,
    now: datetime,
    ttl_s: float,
    default_judge: str,
    last_event_id: str,
) -> JsonObject:
    """Return the snapshot: everything that the page shows except hunts. `selected`: the selected hunts."""
    runs = [run for run in session.runs if not run.trial]
    sealed, total = session.sealed, total_counts(counts[run.run_id] for run in runs)
    this_turn = total_counts(counts[run.run_id] for run in runs if run.turn == session.turn)
    return {
        "session_id": session.session_id,
        "version": session.version,
        "name": session.name,
        "created_at": session.created_at,
        "visibility": session.visibility,
        "sealed": session.sealed,
        "revealed": session.revealed_at is not None,
        "revealed_at": session.revealed_at,
        "require_check": session.require_check,
        "judge_cut_replies": session.judge_cut_replies,
        "settings": settings_view(session),
        "expires_in_s": ttl_s,
        "task": task_view(session.task, session.missing_criteria),
        "warnings": [warning_view(w) for w in session.warnings],
        # criteria of a later turn were not loaded from a notebook
        "loaded_criteria": []
        if session.turns
        else [{"id": c.id, "text": c.text} for c in session.loaded_task.criteria],
        "proposed_criteria": [{"id": c.id, "text": c.text} for c in session.proposed_criteria],
        "slots": [_slot_view(slot) for slot in session.slots],
        "attempts_before": session.attempts_before,
        "attempts_made": session.attempts_before + total.replies,
        "check": check_view(session.check, session.task),
        "runs": [run_view(run, counts[run.run_id], now, sealed=sealed) for run in runs],
        "counts": counts_view(this_turn, sealed=sealed),
        "total_counts": counts_view(total, sealed=sealed),
        "trials": counts_view(total_counts(counts[run.run_id] for run in session.runs if run.trial), sealed=False),
        "turn": session.turn,
        "turns": [turn_view(session, turn, counts) for turn in session.turns],
        **review_parts(session, selected),
        "default_judge": default_judge,
        "last_event_id": last_event_id,
    }


def turn_view(session: Session, turn: Turn, counts: Mapping[str, Counts]) -> JsonObject:
    """An earlier turn, read-only."""
    runs = [run for run in session.runs if run.turn == turn.number and not run.trial]
    total = total_counts(counts[run.run_id] for run in runs)
    return {
        "number": turn.number,
        "prompt": turn.task.prompt,
        "response": turn.task.response,
        "criteria": [{"id": c.id, "text": c.text} for c in turn.task.criteria],
        "selected_hunt_id": turn.hunt_id,
        "selected_response": turn.response,
        "hunts": total.total,
        "counts": counts_view(total, sealed=session.sealed),
    }


def warning_view(warning: TaskWarning) -> JsonObject:
    return {"code": warning.code, "message": warning.message, "cell": warning.cell}


def hunt_event(hunt: Hunt, *, sealed: bool) -> EventDraft:
    """Build the event of a saved state. It is redacted at that time, so a sealed verdict is in no event, whenever it
    is read."""
    shown = hunt_view(hunt, sealed=sealed, texts=False, reasons=hunt.status is HuntStatus.DONE)
    return _draft(EventType.HUNT, {"hunt": shown})


def hunt_events(hunt: Hunt, *, sealed: bool) -> tuple[EventDraft, ...]:
    """Return the events of a saved state. Empty while single verdicts of a sealed hunt arrive: nothing visible has
    changed, and the timing of a verdict depends on its value."""
    hidden = sealed and not hunt.trial and hunt.status is HuntStatus.JUDGING and bool(hunt.verdicts)
    return () if hidden else (hunt_event(hunt, sealed=sealed),)


def run_events(run: Run, counts: Counts, now: datetime, *, sealed: bool) -> tuple[EventDraft, ...]:
    """Return the event of the run's current state. Empty for a trial, which its hunt's events describe."""
    return () if run.trial else (_draft(EventType.RUN, {"run": run_view(run, counts, now, sealed=sealed)}),)


def check_event(session: Session) -> EventDraft:
    return _draft(EventType.CHECK, {"check": check_view(session.check, session.task)})


def session_event(session: Session) -> EventDraft:
    return _draft(EventType.SESSION, {"version": session.version})


def to_json(view: Any) -> bytes:
    """Serialize a view; times are ISO 8601 with a Z."""
    return orjson.dumps(view, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _draft(kind: EventType, data: JsonObject) -> EventDraft:
    return EventDraft(kind, to_json(data).decode())


def _usage(hunt: Hunt) -> JsonObject | None:
    if hunt.reply is None:
        return None
    usage = hunt.reply.usage
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def _problems(task: Task, missing: tuple[str, ...]) -> list[str]:
    try:
        refuse_unhuntable(task, missing)
    except BadTask as error:
        return list(error.details.get("problems", [error.message]))
    return []


def _slot_view(slot: Slot) -> JsonObject:
    return {
        "number": slot.number,
        "model": slot.model,
        "filled": slot.filled,
        "response": slot.response,
        "reasoning": slot.reasoning,
        "llm_judge": slot.llm_judge and _grading_view(slot.llm_judge),
        "human_judge": slot.human_judge and _grading_view(slot.human_judge),
    }


def _grading_view(grading: Grading) -> JsonObject:
    return {
        "verdicts": [{"criterion_id": cid, "verdict": verdict} for cid, verdict in grading.verdicts],
        "score": grading.score,
        "explanation": grading.explanation,
    }
