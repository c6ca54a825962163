"""The JSON of hunts, their verdicts and their earlier judgings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from core.domain.allocation import Share
from core.domain.chat import Usage
from core.domain.confirmation import Confirmation, SecondOpinion
from core.domain.hunt import Hunt, HuntError, HuntStatus
from core.domain.parameters import Parameters
from core.domain.session import Session
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.domain.verdict_redaction import redact_verdicts
from core.hunting.views.targets import without_long_prompt
from core.review.refuted import is_refuted

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
    model_version: str
    """The model that the judge's provider says answered."""
    upstream: str
    system_fingerprint: str
    confidence: float | None
    """Probability that the judge's model gave to the words of its verdict, 0 to 1; null if the API gives none."""
    input_tokens: int | None
    cached_tokens: int | None
    """Input tokens that the provider took from its prompt cache."""


class VoteView(VerdictView):
    """A second opinion's verdict on one criterion."""

    judge_parameters: dict[str, Any]
    asked_at: datetime
    prompt_hash: str
    """Equal where the judges were asked in the same way."""
    judge_outcome: Outcome | None
    """The outcome with this judge's votes in place of the first judge's verdicts; null until it has answered."""


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
    """Empty while an adaptive run has not chosen it, also if the hunt never begins; so are `target` and `label`."""
    target: str
    """ID of the model with its parameters: the same in every run."""
    label: str
    """The name that people see; the model's name if the run gave it no label."""
    parameters: Parameters
    """How the model was called: only what was chosen. Without texts, a long system prompt is shortened."""
    share: Share
    """In an adaptive run `uniform` or `adaptive`: break rates leave `adaptive` out. Empty in other runs."""
    upstream: str
    """The upstream that answered (OpenRouter); empty if unknown."""
    model_version: str
    """The model that the provider says answered; empty without a reply."""
    system_fingerprint: str
    simulated: bool
    status: HuntStatus
    outcome: Outcome | None
    judgings: int
    """How often its reply has been judged, including a judging in progress."""
    verdicts: list[VerdictView | BareVerdict]
    passed: int | None
    """null while sealed; the verdicts are then empty."""
    criteria: int | None
    confirmation: Confirmation | None
    """What second opinions, and a review, make of the outcome; null without a decided outcome."""
    votes: list[VoteView]
    """Verdicts of other judges, oldest first; empty while sealed. A judge's last vote on a criterion counts."""
    response: str | None
    reasoning: str | None
    excerpt: str
    finish_reason: str | None
    """As the provider reports it."""
    cut_off: bool
    """The reply stopped at an output limit and is incomplete."""
    stopped: bool
    """A person stopped the hunt while the reply was written: `response` is what had arrived. It is never judged."""
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
    judge_parameters: dict[str, Any]
    outcome: Outcome | None
    verdicts: list[VerdictView]
    confirmation: Confirmation
    votes: list[VoteView]
    cost_usd: float | None
    """Votes included."""


def hunt_view(hunt: Hunt, *, sealed: bool, texts: bool, reasons: bool = True, refuted: bool = False) -> HuntView:
    """Return one HUNT. `sealed` (`session.sealed`): of the judge only the outcome is included, without costs or times
    of judging. A trial is never sealed.

    Without `texts` the reply and the reasoning are null; without `reasons` verdicts have no reasons. `refuted`: a
    person's review refutes the break.
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
        "target": hunt.target if hunt.model else "",
        "label": hunt.label or hunt.model,
        "parameters": hunt.parameters if texts else without_long_prompt(hunt.parameters),
        "share": hunt.share,
        "upstream": reply.upstream if reply else "",
        "model_version": reply.model if reply else "",
        "system_fingerprint": reply.system_fingerprint if reply else "",
        "simulated": hunt.simulated,
        "status": hunt.status,
        "outcome": hunt.outcome,
        "judgings": judgings,
        "verdicts": [verdict_view(v) if reasons else bare_verdict(v) for v in hunt.verdicts],
        "passed": None if sealed else sum(v.verdict is Verdict.PASS for v in hunt.verdicts),
        "criteria": None if sealed else len(hunt.verdicts),
        "confirmation": (Confirmation.REFUTED if refuted else hunt.confirmation) if hunt.decided else None,
        "votes": _votes(hunt.opinions),
        "response": reply.text if reply and texts else None,
        "reasoning": reply.reasoning if reply and texts else None,
        "excerpt": reply.text[:EXCERPT_CHARS] if reply else "",
        "finish_reason": reply.finish_reason if reply else None,
        "cut_off": hunt.cut_off,
        "stopped": hunt.stopped,
        "usage": reply.usage if reply else None,
        "cost_usd": hunt.target_cost_usd,
        "judge_cost_usd": hunt.judge_cost_usd,
        "latency_ms": reply.latency_ms if reply else None,
        "attempts": hunt.attempts,
        "error": hunt.error,
        "started_at": hunt.started_at,
        "finished_at": hunt.finished_at,
    }


def shown_hunt(session: Session, hunt: Hunt, *, texts: bool) -> HuntView:
    """Return one HUNT of a session, with what its reviews say."""
    return hunt_view(hunt, sealed=session.sealed, texts=texts, refuted=is_refuted(session, hunt))


def judged_view(hunt: Hunt, *, sealed: bool) -> list[JudgingView]:
    """Return earlier judgings of the reply, oldest first: the verdicts that rejudging replaced."""
    shown = redact_verdicts(hunt) if sealed else hunt
    return [
        {
            "at": judging.at,
            "judge_model": judging.judge_model,
            "judge_parameters": judging.judge_parameters.chosen,
            "outcome": judging.outcome,
            "verdicts": [verdict_view(v) for v in judging.verdicts],
            "confirmation": judging.confirmation,
            "votes": _votes(judging.opinions),
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
        "model_version": verdict.model_version,
        "upstream": verdict.upstream,
        "system_fingerprint": verdict.system_fingerprint,
        "confidence": verdict.confidence,
        "input_tokens": verdict.usage.input_tokens,
        "cached_tokens": verdict.usage.cached_tokens,
    }


def _votes(opinions: Iterable[SecondOpinion]) -> list[VoteView]:
    return [
        {
            **verdict_view(vote),
            "judge_parameters": opinion.judge_parameters.chosen,
            "asked_at": opinion.asked_at,
            "prompt_hash": opinion.prompt_hash,
            "judge_outcome": opinion.outcome,
        }
        for opinion in opinions
        for vote in opinion.verdicts
    ]


def bare_verdict(verdict: CriterionVerdict) -> BareVerdict:
    """Return a verdict of a hunt that is still judged. Its reason is published with the finished hunt."""
    return {"criterion_id": verdict.criterion_id, "verdict": verdict.verdict, "reason": "", "evidence": ""}
