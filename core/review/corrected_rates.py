"""The break rate of a session, corrected for what its judge gets wrong (docs/statistics.md).

Rates are apart for each task and judge, since a judge errs differently on each, and by model. PPV comes from all
complete reviews of breaks, also of those that were deselected; NPV from the drawn held hunts alone. Imports scipy: call
it in a thread.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.domain.hunt import Hunt
from core.domain.rates import has_fixed_size
from core.domain.review import human_outcome
from core.domain.run import Counts
from core.domain.session import Session
from core.domain.task import PassRule
from core.domain.verdict import Outcome
from core.review.reveal import locked_reviews
from core.statistics.corrected_rate import Evidence, corrected_rate
from core.statistics.intervals import Interval, Method, confidence_sequence, range_words, wilson

FEW_REVIEWS = 4
"""With fewer of a kind, how often the interval holds the true rate was not measured (docs/statistics.md)."""
DIGITS = 4
"""Decimal places of a shown rate. More would differ between versions of scipy."""
SEALED = "The judge’s verdicts are sealed, and with them its rates, until the reveal."


@dataclass(frozen=True)
class RateRange:
    """A rate with its 95 % interval, from 0 to 1."""

    rate: float
    low: float
    high: float
    method: Method


@dataclass(frozen=True)
class RateRow:
    """The rates of one model, or of all."""

    label: str
    """The name of the model with its parameters; "" for all of them together."""
    broke: int
    held: int
    """Outcomes of the judge; of adaptive runs those of the uniform share."""
    judged: RateRange | None
    """Share of the decided hunts that the judge calls breaks, not corrected."""
    reviewed_breaks: int
    true_breaks: int
    """Those of them that people call breaks, too."""
    ppv: RateRange | None
    """Share of the judge's breaks that people confirm."""
    audited_held: int
    true_held: int
    """Those of them that people call held, too."""
    npv: RateRange | None
    """Share of the judge's held hunts that people confirm."""
    corrected: RateRange | None
    """null: something is missing."""
    missing: tuple[str, ...]
    """What is missing for it: `decided_hunts`, `reviewed_breaks`, `audited_held`."""
    sentences: tuple[str, ...]
    """Each number in words: the judged rate, PPV, NPV (without those in `missing`), then the corrected rate or what is
    missing for it."""


@dataclass(frozen=True)
class RateGroup:
    """The hunts of one task that one judge judged."""

    task_hash: str
    pass_rule: PassRule
    judge_model: str
    judge: str
    """The judge's ID with its parameters."""
    rows: tuple[RateRow, ...]
    """All models together, then each by its name, where there are several."""


@dataclass(frozen=True)
class CorrectedRates:
    """The corrected rates of the current turn. Empty until the reviews are complete, and while the session is
    sealed."""

    groups: tuple[RateGroup, ...] = ()
    """Those with reviews, the largest first."""
    why_not: str = ""
    """Why there are none; "" if there are."""


NO_RATES = CorrectedRates()


def reason_against(session: Session) -> str:
    """Return why there are no rates yet; "" if there are. Needs no hunts."""
    if session.sealed:
        return SEALED
    complete = {review.hunt_id for review in locked_reviews(session)}
    if session.revealed_at is not None:
        return "" if complete else "No hunt of this turn was reviewed."
    if len(session.selection.hunt_ids) < session.selection.slots:
        return "Rates follow the reviews: the selection is not complete."
    unfinished = sum(hunt_id not in complete for hunt_id in session.desk_ids)
    verb = "is" if unfinished == 1 else "are"
    return f"Rates follow the reviews: {unfinished} of {len(session.desk_ids)} {verb} unfinished." if unfinished else ""


def corrected_rates(session: Session, hunts: Iterable[Hunt]) -> CorrectedRates:
    """Return the rates of this turn. `hunts`: all of the session."""
    if why_not := reason_against(session):
        return CorrectedRates(why_not=why_not)
    runs = {run.run_id: run for run in session.runs if run.turn == session.turn and not run.trial}
    truth = {
        review.hunt_id: human_outcome(review, runs[review.hunt_id.rpartition(".")[0]].task)
        for review in locked_reviews(session)
        if review.hunt_id.rpartition(".")[0] in runs
    }
    hunts = tuple(hunts)
    stopped = Counter(hunt.run_id for hunt in hunts if hunt.outcome in (Outcome.CANCELLED, Outcome.INTERRUPTED))
    alike: defaultdict[tuple[str, str], list[Hunt]] = defaultdict(list)
    for hunt in hunts:
        if hunt.run_id in runs and hunt.decided:
            run = runs[hunt.run_id]
            alike[run.task.content_hash(), run.judge_of(hunt).target].append(hunt)
    groups = []
    for (task_hash, judge), members in alike.items():
        if any(hunt.hunt_id in truth for hunt in members):
            run = runs[members[0].run_id]
            fixed_size = all(has_fixed_size(runs[i], Counts(cancelled=stopped[i])) for i in {h.run_id for h in members})
            rows = _rows(session, members, truth, fixed_size=fixed_size)
            groups.append(RateGroup(task_hash, run.task.pass_rule, run.judge_of(members[0]).model, judge, rows))
    return CorrectedRates(tuple(sorted(groups, key=lambda group: -group.rows[0].broke - group.rows[0].held)))


def _rows(
    session: Session, hunts: Sequence[Hunt], truth: dict[str, Outcome | None], *, fixed_size: bool
) -> tuple[RateRow, ...]:
    by_model: defaultdict[str, list[Hunt]] = defaultdict(list)
    for hunt in hunts:
        by_model[hunt.label or hunt.model].append(hunt)
    parts = {"": hunts, **(by_model if len(by_model) > 1 else {})}
    uniform = any(hunt.share for hunt in hunts)
    drawn, locked = frozenset(session.audit.drawn), session.revealed_at is not None
    return tuple(
        rate_row(name, _evidence(parts[name], truth, drawn), fixed_size=fixed_size, locked=locked, uniform=uniform)
        for name in sorted(parts)
    )


def _evidence(hunts: Iterable[Hunt], truth: dict[str, Outcome | None], drawn: frozenset[str]) -> Evidence:
    hunts = tuple(hunts)
    broke = [hunt.hunt_id for hunt in hunts if hunt.outcome is Outcome.BROKE]
    held = [hunt.hunt_id for hunt in hunts if hunt.outcome is Outcome.HELD]
    rated = Counter(hunt.outcome for hunt in hunts if hunt.rated)
    audited = [hunt_id for hunt_id in held if hunt_id in drawn and hunt_id in truth]
    reviewed = [hunt_id for hunt_id in broke if hunt_id in truth]
    return Evidence(
        broke=rated[Outcome.BROKE],
        held=rated[Outcome.HELD],
        reviewed_breaks=len(reviewed),
        true_breaks=sum(truth[hunt_id] is Outcome.BROKE for hunt_id in reviewed),
        audited_held=len(audited),
        true_held=sum(truth[hunt_id] is Outcome.HELD for hunt_id in audited),
    )


def rate_row(
    label: str, evidence: Evidence, *, fixed_size: bool = True, locked: bool = True, uniform: bool = False
) -> RateRow:
    """Return the rates of these counts. `fixed_size`: the number of hunts did not depend on their outcomes. `locked`:
    no more reviews can be made. `uniform`: of adaptive runs only the uniform share is counted."""
    found, decided = corrected_rate(evidence), evidence.broke + evidence.held
    interval = (wilson if fixed_size else confidence_sequence)(evidence.broke, decided)
    row = RateRow(
        label=label,
        broke=evidence.broke,
        held=evidence.held,
        judged=_share(evidence.broke, decided, interval),
        reviewed_breaks=evidence.reviewed_breaks,
        true_breaks=evidence.true_breaks,
        ppv=_share(evidence.true_breaks, evidence.reviewed_breaks, found.ppv),
        audited_held=evidence.audited_held,
        true_held=evidence.true_held,
        npv=_share(evidence.true_held, evidence.audited_held, found.npv),
        corrected=None if found.rate is None else _range(found.rate, found.interval),
        missing=found.missing,
        sentences=(),
    )
    return replace(row, sentences=_sentences(row, locked=locked, uniform=uniform))


def _share(hits: int, of: int, interval: Interval | None) -> RateRange | None:
    return _range(hits / of, interval) if of else None


def _range(rate: float, interval: Interval | None) -> RateRange | None:
    if interval is None:
        return None
    return RateRange(round(rate, DIGITS), round(interval.low, DIGITS), round(interval.high, DIGITS), interval.method)


def _sentences(row: RateRow, *, locked: bool, uniform: bool) -> tuple[str, ...]:
    decided = row.broke + row.held
    which = " that went to the models in turn" if uniform else ""
    judged = f"The judge says that {row.broke} of {decided} decided hunts{which} broke: {_percent(row.judged)}."
    breaks = (
        f"People say that {row.true_breaks} of {row.reviewed_breaks} reviewed breaks did break {_interval(row.ppv)}."
    )
    drawn = f"{row.audited_held} held hunts drawn at random"
    held = f"People say that {row.true_held} of {drawn} did hold {_interval(row.npv)}."
    said = (
        ("decided_hunts", judged if row.judged else "No hunt is decided."),
        ("reviewed_breaks", breaks if row.ppv else "No break was reviewed."),
        ("audited_held", held if row.npv else "No held hunt was drawn at random and reviewed."),
    )
    return (*(words for name, words in said if name not in row.missing), _conclusion(row, locked=locked))


def _conclusion(row: RateRow, *, locked: bool) -> str:
    if row.corrected:
        rate = f"{row.corrected.rate:.0%}"
        return (
            f"Corrected for the judge’s mistakes, {rate} of the hunts break {_interval(row.corrected)}.{_caution(row)}"
        )
    needs = {
        "decided_hunts": "a decided hunt",
        "reviewed_breaks": "the review of a break",
        "audited_held": "the review of a held hunt that was drawn at random",
    }
    lacks = " and ".join(needs[name] for name in row.missing)
    advice = "; the reviews are locked, so choose a number of held replies before the next reveal" if locked else ""
    return f"There is no corrected rate: it needs {lacks}{advice}."


def _caution(row: RateRow) -> str:
    reviews = (
        (row.reviewed_breaks, "reviewed break", "reviewed breaks"),
        (row.audited_held, "held hunt drawn at random", "held hunts drawn at random"),
    )
    few = [f"{n} {one if n == 1 else several}" for n, one, several in reviews if 0 < n < FEW_REVIEWS]
    return f" It rests on only {' and '.join(few)}." if few else ""


def _percent(found: RateRange | None) -> str:
    return f"{found.rate:.0%} {_interval(found)}" if found else "n/a"


def _interval(found: RateRange | None) -> str:
    return f"({range_words(found.low, found.high)})" if found else ""
