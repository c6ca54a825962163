"""The JSON of hunts, their verdicts and their earlier judgings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from core.domain.chat import Usage
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.redaction import redact_verdicts
from core.domain.verdict import CriterionVerdict, Outcome, Verdict

EXCERPT_CHARS = 160


class BareVerdict(TypedDict):
    """A verdict while others are still pending."""

    criterion_id: str
    verdict: Verdict
    reason: str
    evidence: str


class VerdictView(BareVerdict):
    judge_model: str
    judge_text: str
    """The judge's raw answer if it is unusable."""
    error: str
    cost_usd: float | None
    latency_ms: float


class HuntView(TypedDict):
    hunt_id: str
    kind: Literal["hunt", "trial"]
    number: int
    """0 for a trial."""
    trial_number: int
    """0 for a hunt."""
    turn: int
    run_id: str
    model: str
    simulated: bool
    status: HuntStatus
    outcome: Outcome | None
    judgings: int
    """How often its reply has been judged, including a judging in progress."""
    verdicts: list[VerdictView | BareVerdict]
    passed: int | None
    """null while sealed; the verdicts are then empty."""
    criteria: int | None
    response: str | None
    reasoning: str | None
    excerpt: str
    finish_reason: str | None
    """As the provider reports it."""
    cut_off: bool
    """The reply stopped at an output limit and is incomplete."""
    usage: Usage | None
    cost_usd: float | None
    judge_cost_usd: float | None
    latency_ms: float | None
    attempts: int
    error: HuntError | None
    started_at: datetime | None
    finished_at: datetime | None
    """null while sealed if there is a reply: it would reveal how long judging took."""


class HuntsPage(TypedDict):
    """A page of hunts by number."""

    hunts: list[HuntView]
    next: int | None
    """Value of `after` for the next page; null on the last page."""


class JudgingView(TypedDict):
    at: datetime
    judge_model: str
    outcome: Outcome | None
    verdicts: list[VerdictView]
    cost_usd: float | None


def hunt_view(hunt: Hunt, *, sealed: bool, texts: bool, reasons: bool = True) -> HuntView:
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
        "usage": reply.usage if reply else None,
        "cost_usd": hunt.target_cost_usd,
        "judge_cost_usd": hunt.judge_cost_usd,
        "latency_ms": reply.latency_ms if reply else None,
        "attempts": hunt.attempts,
        "error": hunt.error,
        "started_at": hunt.started_at,
        "finished_at": hunt.finished_at,
    }


def judged_view(hunt: Hunt, *, sealed: bool) -> list[JudgingView]:
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


def verdict_view(verdict: CriterionVerdict) -> VerdictView:
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


def bare_verdict(verdict: CriterionVerdict) -> BareVerdict:
    """Return a verdict of a hunt that is still judged. Its reason is published with the finished hunt."""
    return {"criterion_id": verdict.criterion_id, "verdict": verdict.verdict, "reason": "", "evidence": ""}
