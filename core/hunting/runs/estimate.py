"""Estimates the cost of a run as a range, targets and judge apart. Pure.

A model's cost is that of this turn's hunts of it so far; without any, it lies between the price of the prompt alone and
that of the output limit. The judge's is that of the reference check and, in open sessions, of the hunts: in a blind
session its cost would reveal something about its verdicts. A cost without a known price is unknown, not 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from core.domain.allocation import Allocation, share_of_place
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy
from core.domain.hunt import Hunt
from core.domain.ids import is_simulated
from core.domain.parameters import NO_PARAMETERS, Parameters, Target
from core.domain.session import Session
from core.domain.verdict import CriterionVerdict, Outcome
from core.hunting.runs.cost_range import (
    FREE,
    MIN_OUTPUT_TOKENS,
    MTOK,
    UNKNOWN_OUTPUT_LIMIT,
    Basis,
    CostRange,
    Prices,
    TokenRange,
    from_tokens,
    observed,
    tokens_of,
)
from core.hunting.runs.targets import with_default_label
from core.status import BudgetState

CHARS_PER_TOKEN = 4
"""Characters per token of English text, as providers recommend."""
JUDGE_INSTRUCTION_CHARS = 2_000
"""Characters that we add to each judge call: introductions, delimiters, the answer format."""
JUDGE_OUTPUT_TOKENS = TokenRange(20, 200, 200)
"""A reason of some sentences, a quote and the verdict; the upper bound is the judge's output limit."""
MAX_REPLY_TOKENS = 4_000
"""A reply that was never seen is at most this long, or four times the reference response. Output limits are far above:
most of what they allow is reasoning, which no judge reads."""
CENT = 0.01
UNKNOWN_BREAK_RATE = 0.5
"""Expected of a task that has not been hunted. The same for the share of the criteria that decide an outcome: how many
failed is sealed in blind sessions."""
_JUDGED = frozenset({Outcome.BROKE, Outcome.HELD, Outcome.UNDETERMINED})


class Offers(Protocol):
    """What the estimate needs to know of models."""

    def prices(self, model: str, parameters: Parameters = NO_PARAMETERS) -> Prices:
        """The prices of any model, at the service tier of the parameters."""

    def max_output_tokens(
        self, model: str, purpose: Literal["target", "judge"], parameters: Parameters = NO_PARAMETERS
    ) -> int | None:
        """The output limit of such calls, by parameters, settings or the provider's list; None if unknown."""


@dataclass(frozen=True)
class ModelEstimate:
    model: str
    hunts: int
    usd: float | None
    """The expected cost; null: unknown price."""
    low_usd: float | None = None
    high_usd: float | None = None
    """At least and at most; null: unknown price."""
    basis: Basis = "unknown"
    """hunts: this task's hunts (of the judge: or its reference check) so far; limits: prompt and output limit; free:
    simulated; unknown: no price."""
    based_on: int = 0
    """Number of hunts or checks that it is based on."""
    target: str = ""
    """ID of the model with its parameters."""
    label: str = ""
    """The name that people see."""


@dataclass(frozen=True)
class ModelWarning:
    """A doubt about a model's name, before anything is paid for it."""

    model: str
    suggestion: str
    """The name that was probably meant; empty if there is none."""
    message: str


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of a run, per model and for the judge."""

    targets: tuple[ModelEstimate, ...]
    judge: ModelEstimate
    words: str
    low_usd: float | None = None
    high_usd: float | None = None
    """Targets and judge together, at least and at most; null if a price is unknown."""
    warnings: tuple[ModelWarning, ...] = ()
    """Names that are probably misspelled, and models that left their provider's list. The run may start."""
    notes: tuple[str, ...] = ()
    """Parameters that a provider may ignore."""
    budgets: tuple[BudgetState, ...] = ()
    """What is left today of the daily budgets that would pay, in steps of a twentieth; empty without budgets."""
    confirming: tuple[ModelEstimate, ...] = ()
    """The judges of second opinions: at least nothing; at most every criterion of every reply, or the run's cap."""


def estimate(
    session: Session,
    hunts: Iterable[Hunt],
    targets: Sequence[Target],
    count: int,
    judge: Target,
    offers: Offers,
    *,
    confirm: ConfirmPolicy = NO_CONFIRM,
    allocation: Allocation = "even",
) -> Estimate:
    """Estimate `count` hunts, with `targets` in rotation. `hunts`: the session's hunts; only this turn's are used.
    `confirm`: the second opinions. An adaptive run costs at least and at most what it would if the cheapest or the
    most expensive target got every hunt that is drawn."""
    made = [h for h in hunts if h.turn == session.turn and not h.simulated]
    distinct = {one.target: one for one in reversed(targets)}
    order = [one.target for one in targets]
    shares = {one: sum(order[place % len(order)] == one for place in range(count)) for one in dict.fromkeys(order)}
    mine = defaultdict[str, list[Hunt]](list)
    for hunt in made:
        mine[hunt.target].append(hunt)
    costs = {one: _target_cost(session, made, mine[one], distinct[one], offers) for one in shares}
    each = spent = tuple(_estimated(distinct[one], n, costs[one]) for one, n in shares.items())
    if allocation == "adaptive":
        drawn = sum(share_of_place(place) == "adaptive" for place in range(count))
        sure = {one: sum(order[place % len(order)] == one for place in range(count - drawn)) for one in shares}
        uniform = tuple(_estimated(distinct[one], n, costs[one]) for one, n in sure.items())
        spent = (*uniform, _drawn([distinct[one] for one in shares], list(costs.values()), drawn))
        each = tuple(
            replace(one, low_usd=least.low_usd, high_usd=_estimated(target, least.hunts + drawn, cost).high_usd)
            for one, least, (target, cost) in zip(
                each, uniform, ((distinct[one], costs[one]) for one in shares), strict=True
            )
        )
    judging = _estimated(with_default_label(judge), count, judging_cost(session, made, judge, offers))
    confirming = tuple(_confirming(session, made, count, one, confirm, offers) for one in confirm.judges)
    every = (*spent, judging, *confirming)
    opinions = f"; second opinions: {_words(confirming)}" if confirming else ""
    words = f"Models: {_words(spent)}; judge: {_words((judging,))}{opinions}."
    if all(is_simulated(one.model) for one in every):
        words = "Simulated models cost nothing."
    low, high = (_total(getattr(one, name) for one in every) for name in ("low_usd", "high_usd"))
    return Estimate(each, judging, words, low, high, confirming=confirming)


def _drawn(targets: Sequence[Target], costs: Sequence[CostRange | None], count: int) -> ModelEstimate:
    """What hunts cost whose target is not known yet."""
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return _estimated(targets[costs.index(None)], count, None)
    costliest = max(known, key=lambda cost: cost.high)
    expected = sum(cost.expected for cost in known) / len(known)
    cost = replace(costliest, low=min(cost.low for cost in known), expected=expected)
    return _estimated(targets[costs.index(costliest)], count, cost)


def _confirming(
    session: Session, made: Sequence[Hunt], count: int, judge: Target, confirm: ConfirmPolicy, offers: Offers
) -> ModelEstimate:
    """What one of the confirming judges costs, as a part of judging all replies on all criteria."""
    decided = [hunt for hunt in made if hunt.decided]
    broke = sum(hunt.outcome is Outcome.BROKE for hunt in decided) / len(decided) if decided else UNKNOWN_BREAK_RATE
    asked = {"breaks": broke * UNKNOWN_BREAK_RATE, "pivotal": UNKNOWN_BREAK_RATE}.get(confirm.policy, 1.0)
    calls = count * max(1, len(session.task.criteria)) * len(confirm.judges)
    most = min(1.0, confirm.max_extra_calls / calls)
    whole = _estimated(with_default_label(judge), count, judging_cost(session, made, judge, offers))
    if whole.usd is None or whole.high_usd is None:
        return whole
    return replace(whole, usd=whole.usd * min(asked, most), low_usd=0.0, high_usd=whole.high_usd * most)


def _estimated(target: Target, count: int, cost: CostRange | None) -> ModelEstimate:
    names: dict[str, Any] = {"model": target.model, "hunts": count, "target": target.target, "label": target.name}
    if count == 0:
        return ModelEstimate(**names, usd=0.0, low_usd=0.0, high_usd=0.0, basis="free")
    if cost is None:
        return ModelEstimate(**names, usd=None)
    run, seen = cost.times(count), cost.observations
    expected = min(max(run.expected, run.low), run.high)
    return ModelEstimate(**names, usd=expected, low_usd=run.low, high_usd=run.high, basis=run.basis, based_on=seen)


def _target_cost(
    session: Session, made: Sequence[Hunt], mine: Sequence[Hunt], target: Target, offers: Offers
) -> CostRange | None:
    """Cost of one target call. `mine`: the hunts of `made` with this target."""
    if is_simulated(target.model):
        return FREE
    prices = offers.prices(target.model, target.parameters)
    if costs := list(_target_costs(mine, prices)):
        ended = sum(h.outcome in {Outcome.ERROR, *_JUDGED} for h in mine)
        return observed(costs, min(1.0, len(costs) / ended) if ended else 1.0)
    history = [message.content for message in session.history(session.turn)]
    texts = (target.parameters.system_prompt or "", session.task.prompt, *history)
    received = tokens_of(*texts, chars_per_token=CHARS_PER_TOKEN)
    limit = offers.max_output_tokens(target.model, "target", target.parameters) or UNKNOWN_OUTPUT_LIMIT
    usual = min(_reply_tokens(session, made).expected, limit)
    return from_tokens(received, TokenRange(MIN_OUTPUT_TOKENS, usual, limit), prices)


def _target_costs(hunts: Iterable[Hunt], prices: Prices) -> Iterator[float]:
    for hunt in hunts:
        reply = hunt.reply
        if reply is not None and reply.cost_usd is not None:
            yield reply.cost_usd
        elif reply is not None and (cost := _priced(reply.usage.input_tokens, reply.usage.output_tokens, prices)):
            yield cost


def judging_cost(session: Session, made: Sequence[Hunt], judge: Target, offers: Offers) -> CostRange | None:
    """Cost of judging one hunt: one call per criterion, each with the whole task. Judgings with other parameters do not
    count."""
    if is_simulated(judge.model):
        return FREE
    prices, reply = offers.prices(judge.model, judge.parameters), _reply_tokens(session, made)
    criteria = len(session.task.criteria)
    hunted = () if session.sealed else _judged_with(judge.parameters, made, session)
    each = (_verdicts_usd(hunt.verdicts, judge.model, criteria, prices) for hunt in hunted)
    costs = [cost for cost in each if cost is not None]
    if costs:
        return observed(costs, _judged_share(made))
    texts = _judge_tokens(session, reply)
    limit = offers.max_output_tokens(judge.model, "judge", judge.parameters) or UNKNOWN_OUTPUT_LIMIT
    usual = min(JUDGE_OUTPUT_TOKENS.expected, limit)
    by_limits = from_tokens(
        texts,
        TokenRange(min(JUDGE_OUTPUT_TOKENS.low, limit), usual, limit).times(criteria),
        prices,
        calls=criteria,
    )
    check = session.check
    same = check.judge_parameters.canonical == judge.parameters.canonical and not check.stale_for(session.task)
    checked = _verdicts_usd(check.verdicts, judge.model, criteria, prices) if same else None
    if checked is None or by_limits is None:
        return by_limits
    longer = (
        max(0.0, reply.high - len(session.task.response) / CHARS_PER_TOKEN) * criteria * (prices.input or 0.0) / MTOK
    )
    seen = observed([checked], _judged_share(made))
    return CostRange(seen.low, seen.expected, seen.high + longer, "hunts", 1)


def _judged_with(parameters: Parameters, made: Iterable[Hunt], session: Session) -> Iterator[Hunt]:
    """The judged hunts whose judge had these parameters."""
    wanted = parameters.canonical
    same = {run.run_id: run.judge_parameters.canonical == wanted for run in session.runs}
    for hunt in made:
        own = hunt.judge_parameters.canonical == wanted if hunt.judge_model else same.get(hunt.run_id, True)
        if own and hunt.outcome in _JUDGED:
            yield hunt


def _judged_share(made: Sequence[Hunt]) -> float:
    """The share of hunts whose reply was judged; 1 before any has ended."""
    ended = [h for h in made if h.outcome in {Outcome.ERROR, *_JUDGED}]
    return sum(h.outcome in _JUDGED for h in ended) / len(ended) if ended else 1.0


def _verdicts_usd(verdicts: Sequence[CriterionVerdict], judge: str, criteria: int, prices: Prices) -> float | None:
    """What judging one reply on all criteria cost; None if another judge did it, or a cost is unknown."""
    if len(verdicts) != criteria or any(v.judge_model != judge or v.error for v in verdicts):
        return None
    costs = [
        v.cost_usd if v.cost_usd is not None else _priced(v.usage.input_tokens, v.usage.output_tokens, prices)
        for v in verdicts
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _judge_tokens(session: Session, reply: TokenRange) -> TokenRange:
    """Input tokens of judging one reply on all criteria."""
    task = session.task
    history = (message.content for message in session.history(session.turn))
    texts = (task.judge_system_prompt, task.judge_prompt_template, task.prompt, task.response, *history)
    ours = "x" * JUDGE_INSTRUCTION_CHARS
    each = tokens_of(*texts, ours, chars_per_token=CHARS_PER_TOKEN) + reply
    criteria = tokens_of(*(criterion.text for criterion in task.criteria), chars_per_token=CHARS_PER_TOKEN)
    return each.times(len(task.criteria)) + criteria


def _reply_tokens(session: Session, made: Sequence[Hunt]) -> TokenRange:
    """TokenRange of a reply: those of real replies so far, else by the length of the reference response."""
    known = [
        float(hunt.reply.usage.output_tokens)
        for hunt in made
        if hunt.reply is not None and hunt.reply.usage.output_tokens is not None
    ]
    if known:
        return TokenRange(min(known) / 2, sum(known) / len(known), max(known) * 2)
    reference = tokens_of(session.task.response, chars_per_token=CHARS_PER_TOKEN)
    return TokenRange(MIN_OUTPUT_TOKENS, reference.expected, max(MAX_REPLY_TOKENS, 4 * reference.high))


def _priced(received: int | None, sent: int | None, prices: Prices) -> float | None:
    if received is None or sent is None or prices.input is None or prices.output is None:
        return None
    return (received * prices.input + sent * prices.output) / MTOK


def _total(parts: Iterable[float | None]) -> float | None:
    known = list(parts)
    return None if None in known else sum(part for part in known if part is not None)


def _words(parts: Sequence[ModelEstimate]) -> str:
    paid = [one for one in parts if not is_simulated(one.model)]
    known = [one for one in paid if one.usd is not None]
    unknown = dict.fromkeys(one.model for one in paid if one.usd is None)
    if not paid:
        return "nothing (simulated)"
    if not known:
        return "unknown (no price)"
    low, usual, high = (sum(getattr(one, name) or 0.0 for one in known) for name in ("low_usd", "usd", "high_usd"))
    about = f"about {_dollars(usual)} ({_dollars(low)} to {_dollars(high)})"
    if usual < CENT:
        about = "less than $0.01" + (f" (up to {_dollars(high)})" if high >= CENT else "")
    return f"{about}, plus an unknown amount for {', '.join(unknown)}" if unknown else about


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= CENT or not usd else "<$0.01"
