"""What a run will cost, before it is paid for: per model from its price and this task's tokens. Pure.

Tokens are those of the session's own replies of that model where there are any, else a guess from the length of texts.
What has no known price is unknown, which is not 0. The judge is always reckoned from texts: in a blind session what it
has cost tells of its verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.domain.hunt import Hunt
from core.domain.ids import is_simulated
from core.domain.session import Session

CHARS_PER_TOKEN = 4
"""Of English text; what providers tell people to reckon with."""
JUDGE_INSTRUCTION_CHARS = 2_000
"""What we add to each question: introductions, delimiters, the form of the answer."""
JUDGE_OUTPUT_TOKENS = 200
"""A reason of some sentences, a quote and the verdict."""
MTOK = 1_000_000
CENT = 0.01

Rates = Callable[[str], tuple[float | None, float | None]]
"""US dollars for a million input and output tokens of a model; None where not known."""


@dataclass(frozen=True)
class ModelEstimate:
    model: str
    hunts: int
    usd: float | None
    """None: its price is not known."""


@dataclass(frozen=True)
class Estimate:
    targets: tuple[ModelEstimate, ...]
    judge: ModelEstimate

    @property
    def words(self) -> str:
        every = (*self.targets, self.judge)
        if all(is_simulated(one.model) for one in every):
            return "Simulated models cost nothing."
        return f"Models: {_words(self.targets)}; judge: {_words((self.judge,))}."


def estimate(
    session: Session, hunts: Iterable[Hunt], models: Sequence[str], count: int, judge: str, rates: Rates
) -> Estimate:
    """For `count` hunts that `models` take in turn. `hunts`: the session's; only this turn's are looked at."""
    made = [h for h in hunts if h.turn == session.turn and h.reply is not None and not h.simulated]
    shares = {m: sum(models[place % len(models)] == m for place in range(count)) for m in dict.fromkeys(models)}
    targets = tuple(ModelEstimate(m, n, _times(n, _target_usd(session, made, m, rates))) for m, n in shares.items())
    return Estimate(targets, ModelEstimate(judge, count, _times(count, _judge_usd(session, made, judge, rates))))


def _target_usd(session: Session, made: Sequence[Hunt], model: str, rates: Rates) -> float | None:
    """Of one hunt."""
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
    """Of one hunt: a question for each criterion, which holds the whole task."""
    if is_simulated(model):
        return 0.0
    task, criteria = session.task, len(session.task.criteria)
    texts = (task.judge_system_prompt, task.judge_prompt_template, task.prompt, task.response)
    chars = sum(map(len, texts)) + sum(len(message.content) for message in session.history(session.turn))
    asked = criteria * (_tokens(chars + JUDGE_INSTRUCTION_CHARS) + _reply_tokens(session, made))
    asked += _tokens(sum(len(criterion.text) for criterion in task.criteria))
    return _priced(asked, criteria * JUDGE_OUTPUT_TOKENS, rates(model))


def _reply_tokens(session: Session, made: Sequence[Hunt]) -> float:
    """Of a reply: as real models have replied here, else as long as the reference response."""
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
        return "unknown, for want of a price"
    total = sum(known)
    about = "less than $0.01" if total < CENT else f"about ${total:,.2f}"
    return f"{about}, and unknown for {', '.join(unknown)}" if unknown else about
