"""Estimates the cost of a run per model, from its price and this task's tokens. Pure.

Tokens are averaged over the session's own replies of the model, else guessed from text lengths. A cost without a known
price is unknown, not 0. The judge is always estimated from texts: in a blind session its actual cost would reveal
something about its verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.domain.hunt import Hunt
from core.domain.ids import is_simulated
from core.domain.session import Session

CHARS_PER_TOKEN = 4
"""Characters per token of English text, as providers recommend."""
JUDGE_INSTRUCTION_CHARS = 2_000
"""Characters that we add to each judge call: introductions, delimiters, the answer format."""
JUDGE_OUTPUT_TOKENS = 200
"""A reason of some sentences, a quote and the verdict."""
MTOK = 1_000_000
CENT = 0.01

Rates = Callable[[str], tuple[float | None, float | None]]
"""Returns US dollars per million input and output tokens of a model; None if unknown."""


@dataclass(frozen=True)
class ModelEstimate:
    model: str
    hunts: int
    usd: float | None
    """null: unknown price."""


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of a run, per model and for the judge."""

    targets: tuple[ModelEstimate, ...]
    judge: ModelEstimate
    words: str


def estimate(
    session: Session, hunts: Iterable[Hunt], models: Sequence[str], count: int, judge: str, rates: Rates
) -> Estimate:
    """Estimate `count` hunts, with `models` in rotation. `hunts`: the session's hunts; only this turn's are used."""
    made = [h for h in hunts if h.turn == session.turn and h.reply is not None and not h.simulated]
    shares = {m: sum(models[place % len(models)] == m for place in range(count)) for m in dict.fromkeys(models)}
    targets = tuple(ModelEstimate(m, n, _times(n, _target_usd(session, made, m, rates))) for m, n in shares.items())
    judging = ModelEstimate(judge, count, _times(count, _judge_usd(session, made, judge, rates)))
    words = f"Models: {_words(targets)}; judge: {_words((judging,))}."
    if all(is_simulated(one.model) for one in (*targets, judging)):
        words = "Simulated models cost nothing."
    return Estimate(targets, judging, words)


def _target_usd(session: Session, made: Sequence[Hunt], model: str, rates: Rates) -> float | None:
    """Cost of one target call."""
    if is_simulated(model):
        return 0.0
    mine = [h.reply for h in made if h.model == model and h.reply is not None]
    paid = _mean(reply.cost_usd for reply in mine)
    if paid is not None:
        return paid
    received = _mean(reply.usage.input_tokens for reply in mine)
    history = sum(len(message.content) for message in session.history(session.turn))
    received = _tokens(len(session.task.prompt) + history) if received is None else received
    sent = _mean(reply.usage.output_tokens for reply in mine)
    return _priced(received, _reply_tokens(session, made) if sent is None else sent, rates(model))


def _judge_usd(session: Session, made: Sequence[Hunt], model: str, rates: Rates) -> float | None:
    """Cost of judging one hunt: one call per criterion, each with the whole task."""
    if is_simulated(model):
        return 0.0
    task, criteria = session.task, len(session.task.criteria)
    texts = (task.judge_system_prompt, task.judge_prompt_template, task.prompt, task.response)
    chars = sum(map(len, texts)) + sum(len(message.content) for message in session.history(session.turn))
    asked = criteria * (_tokens(chars + JUDGE_INSTRUCTION_CHARS) + _reply_tokens(session, made))
    asked += _tokens(sum(len(criterion.text) for criterion in task.criteria))
    return _priced(asked, criteria * JUDGE_OUTPUT_TOKENS, rates(model))


def _reply_tokens(session: Session, made: Sequence[Hunt]) -> float:
    """Tokens of a reply: the average of real replies so far, else the length of the reference response."""
    known = _mean(hunt.reply.usage.output_tokens for hunt in made if hunt.reply is not None)
    return _tokens(len(session.task.response)) if known is None else known


def _priced(received: float, sent: float, rates: tuple[float | None, float | None]) -> float | None:
    into, out = rates
    return None if into is None or out is None else (received * into + sent * out) / MTOK


def _tokens(chars: int) -> float:
    return max(1.0, chars / CHARS_PER_TOKEN)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _times(count: int, usd: float | None) -> float | None:
    return 0.0 if count == 0 else None if usd is None else count * usd


def _words(parts: Sequence[ModelEstimate]) -> str:
    paid = [one for one in parts if not is_simulated(one.model)]
    known = [one.usd for one in paid if one.usd is not None]
    unknown = [one.model for one in paid if one.usd is None]
    if not paid:
        return "nothing (simulated)"
    if not known:
        return "unknown (no price)"
    total = sum(known)
    about = "less than $0.01" if total < CENT else f"about ${total:,.2f}"
    return f"{about}, plus an unknown amount for {', '.join(unknown)}" if unknown else about
