"""Judge cards: what the verdicts of a judge are worth, from all reviews of this installation, and which second judge
errs differently."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.ids import is_simulated
from core.statistics.agreement import Confusion, Kappa, effective_votes, mcnemar
from core.statistics.intervals import ALPHA, range_words, wilson
from core.telemetry.judge_counts import (
    AgainstPeople,
    AskedAgain,
    Drift,
    JudgeCounts,
    JudgeKey,
    SharedErrors,
    VerdictUsage,
)

MAX_CARDS = 200
"""The judges with the most reviewed verdicts, then with the most verdicts."""
MIN_SHARED_VERDICTS = 20
"""Below, two judges' effective votes are shown with their number and recommend nobody."""
FEW_VOTES = 1.3
"""Two judges with fewer effective votes share their mistakes: a correlation of 0.54 or more."""
MIN_RATE_N = 5
"""Fewer verdicts are shown as counts, not as a percentage."""
ID_CHARS = 12
HIDDEN_PARAMETERS = ("system_prompt", "extra_body")
"""Texts of the person who chose the judge, not for everybody who sees its card."""
NOT_ENOUGH = "not enough reviews yet"


@dataclass(frozen=True)
class Share:
    """`hits` of `n`, with the 95 % interval (Wilson)."""

    hits: int
    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class DriftTest:
    """The same reviewed criteria, judged again later: McNemar's exact test against the first verdicts."""

    n: int
    first_right: int
    now_right: int
    only_first_right: int
    only_now_right: int
    p_value: float
    judged_again_at: datetime


@dataclass(frozen=True)
class Pair:
    """Two judges on the same reviewed criteria: how many independent votes they are worth together, from 1 to 2."""

    judges: tuple[str, str]
    """Cards' ids, or models where pooled."""
    n: int
    """Reviewed criteria that both judged."""
    wrong: tuple[int, int]
    both_wrong: int
    effective_votes: float | None
    """null: one of them is never or always wrong on these."""
    warning: str
    """If they share their mistakes; else empty."""


@dataclass(frozen=True)
class JudgeCard:
    """What the verdicts of a judge are worth. Rates are null without a verdict to count."""

    judge_id: str
    model: str
    prompt: str
    """A hash of its prompt; "" in logs of older versions: unknown."""
    parameters: str
    """As JSON; "" without. Texts are left out."""
    simulated: bool
    reviewed: int
    """Its first PASS or FAIL on criteria that people reviewed."""
    reviewed_blind: int
    """Of these, reviewed before the verdict was seen."""
    reviewed_replies: int
    agreement: Share | None
    sensitivity: Share | None
    """Of the criteria that people failed, those that it failed."""
    specificity: Share | None
    """Of the criteria that people passed, those that it passed."""
    kappa: Kappa | None
    """Agreement beyond chance."""
    opinions: Share | None
    """Agreement of its second opinions, which are in no number above."""
    unusable: Share | None
    """Of all its verdicts, those that were neither PASS nor FAIL."""
    usd_per_verdict: float | None
    ms_per_verdict: float | None
    """Median over replies of the mean latency."""
    flips: Share | None
    """Of the criteria that it judged more than once on the same reply, those that got both PASS and FAIL."""
    drift: DriftTest | None
    pairs: tuple[Pair, ...]
    """With each other judge; most shared criteria first."""
    sentences: tuple[str, ...]
    """The numbers in words."""


@dataclass(frozen=True)
class SecondJudge:
    """The usable judge with the most effective votes beside the first."""

    first: str
    model: str
    """"" if there are not enough reviews yet."""
    effective_votes: float | None
    n: int
    why: str


@dataclass(frozen=True)
class JudgeReport:
    cards: tuple[JudgeCard, ...]
    pairs: tuple[Pair, ...]
    """Pairs of models, pooled over prompts and parameters."""


def judge_report(counts: JudgeCounts) -> JudgeReport:
    keys = sorted(
        {*counts.people, *counts.usage},
        key=lambda key: (-_reviewed(counts.people.get(key)), -counts.usage.get(key, VerdictUsage()).verdicts, key),
    )[:MAX_CARDS]
    return JudgeReport(tuple(_card(counts, key) for key in keys), _model_pairs(counts.pairs))


def second_judge(first: str, pairs: Iterable[Pair], is_usable: Callable[[str], bool]) -> SecondJudge:
    """The best second judge for the model `first`; `pairs` of models. A simulated judge is none for a real one."""
    known = [
        (pair.effective_votes, pair.n, pair.judges[pair.judges[0] == first])
        for pair in pairs
        if first in pair.judges and pair.effective_votes is not None and pair.n >= MIN_SHARED_VERDICTS
    ]
    possible = [one for one in known if is_usable(one[2]) and is_simulated(one[2]) == is_simulated(first)]
    if not possible:
        return SecondJudge(first, "", None, 0, NOT_ENOUGH)
    votes, n, other = max(possible)
    return SecondJudge(first, other, votes, n, f"on {n:,} reviewed criteria, {together_words(votes)}")


def together_words(votes: float) -> str:
    return f"the two together count like {votes:.1f} judges; 2 would mean that their mistakes have nothing in common"


def judge_id(key: JudgeKey) -> str:
    return hashlib.sha256("\0".join(key).encode(errors="surrogatepass")).hexdigest()[:ID_CHARS]


def _card(counts: JudgeCounts, key: JudgeKey) -> JudgeCard:
    people = counts.people.get(key, AgainstPeople())
    usage, again = counts.usage.get(key, VerdictUsage()), counts.again.get(key, AskedAgain())
    confusion = _confusion(people)
    card = JudgeCard(
        judge_id=judge_id(key),
        model=key.model,
        prompt=key.prompt,
        parameters=_shown_parameters(key.parameters),
        simulated=is_simulated(key.model),
        reviewed=confusion.total,
        reviewed_blind=people.blind,
        reviewed_replies=people.replies,
        agreement=_share(confusion.agreed, confusion.total),
        sensitivity=_share(people.both_fail, people.both_fail + people.only_people_fail),
        specificity=_share(people.both_pass, people.both_pass + people.only_judge_fails),
        kappa=confusion.kappa(),
        opinions=_share(people.opinions_agreed, people.opinions),
        unusable=_share(usage.unusable, usage.verdicts),
        usd_per_verdict=usage.usd,
        ms_per_verdict=usage.ms,
        flips=_share(again.flipped, again.repeated),
        drift=_drift(counts.drift.get(key)),
        pairs=tuple(_pair(one, judge_id) for one in counts.pairs if key in (one.first, one.second)),
        sentences=(),
    )
    return _with_sentences(card)


def _reviewed(people: AgainstPeople | None) -> int:
    return _confusion(people).total if people else 0


def _confusion(people: AgainstPeople) -> Confusion:
    return Confusion(people.both_fail, people.only_people_fail, people.only_judge_fails, people.both_pass)


def _share(hits: int, n: int) -> Share | None:
    interval = wilson(hits, n)
    return Share(hits, n, hits / n, interval.low, interval.high) if interval else None


def _drift(drift: Drift | None) -> DriftTest | None:
    if drift is None:
        return None
    return DriftTest(
        n=drift.both_right + drift.only_first_right + drift.only_now_right + drift.both_wrong,
        first_right=drift.both_right + drift.only_first_right,
        now_right=drift.both_right + drift.only_now_right,
        only_first_right=drift.only_first_right,
        only_now_right=drift.only_now_right,
        p_value=mcnemar(drift.only_first_right, drift.only_now_right),
        judged_again_at=drift.at,
    )


def _pair(one: SharedErrors, name: Callable[[JudgeKey], str]) -> Pair:
    rest = one.verdicts - one.first_wrong - one.second_wrong + one.both_wrong
    only_first, only_second = one.first_wrong - one.both_wrong, one.second_wrong - one.both_wrong
    cells = ((True, True, one.both_wrong), (True, False, only_first), (False, True, only_second), (False, False, rest))
    errors = [wrong for *wrong, times in cells for _ in range(times)]
    votes = effective_votes(([wrong[0] for wrong in errors], [wrong[1] for wrong in errors]))
    shared = votes is not None and votes < FEW_VOTES and one.verdicts >= MIN_SHARED_VERDICTS
    return Pair(
        judges=(name(one.first), name(one.second)),
        n=one.verdicts,
        wrong=(one.first_wrong, one.second_wrong),
        both_wrong=one.both_wrong,
        effective_votes=votes,
        warning=f"These two make the same mistakes: together they count like {votes:.1f} judges, not like 2."
        if shared
        else "",
    )


def _model_pairs(pairs: Iterable[SharedErrors]) -> tuple[Pair, ...]:
    """Pairs of different models; two prompts of one model are no second judge."""
    pooled: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in pairs:
        if one.first.model == one.second.model:
            continue
        wrong = (one.first_wrong, one.second_wrong)
        if one.first.model > one.second.model:
            wrong = wrong[::-1]
        models = (min(one.first.model, one.second.model), max(one.first.model, one.second.model))
        for place, amount in enumerate((one.verdicts, *wrong, one.both_wrong)):
            pooled[models][place] += amount
    made = (
        SharedErrors(JudgeKey(first, "", ""), JudgeKey(second, "", ""), *cells)
        for (first, second), cells in pooled.items()
    )
    return tuple(sorted((_pair(one, lambda key: key.model) for one in made), key=lambda pair: (-pair.n, pair.judges)))


def _shown_parameters(parameters: str) -> str:
    if not parameters:
        return ""
    shown = {name: "…" if name in HIDDEN_PARAMETERS else value for name, value in json.loads(parameters).items()}
    return json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# ---------------------------------------------------------------- in words


def _with_sentences(card: JudgeCard) -> JudgeCard:
    parts = (
        card.agreement and f"People agreed with {_of(card.agreement, 'verdicts')}.",
        card.sensitivity and f"Of the criteria that people marked FAIL, it marked FAIL, too: {_of(card.sensitivity)}.",
        card.specificity and f"Of the criteria that people marked PASS, it marked PASS, too: {_of(card.specificity)}.",
        card.kappa and _kappa_sentence(card.kappa),
        card.opinions and f"Asked for a second opinion, it agreed with people on {_of(card.opinions, 'criteria')}.",
        card.unusable and f"It gave no usable verdict in {_of(card.unusable, 'cases')}.",
        _price_sentence(card.usd_per_verdict, card.ms_per_verdict),
        card.flips and f"Asked again about the same reply, it changed {_of(card.flips, 'verdicts')}.",
        card.drift and _drift_sentence(card.drift),
    )
    nothing = () if card.agreement or card.opinions else ("No verdict of this judge has been reviewed yet.",)
    return replace(card, sentences=(*nothing, *(part for part in parts if part)))


def _of(share: Share, noun: str = "") -> str:
    """ "41 of 50 verdicts (82%; in the long run probably 69% to 90%)", with its 95 % interval; of fewer than five the
    counts alone."""
    counts = f"{share.hits:,} of {share.n:,} {noun}".rstrip()
    if share.n < MIN_RATE_N:
        return counts
    return f"{counts} ({share.share:.0%}; {range_words(share.low, share.high)})"


def _kappa_sentence(kappa: Kappa) -> str:
    value = f"{kappa.value:.2f} (in the long run probably {kappa.low:.2f} to {kappa.high:.2f})"
    return f"Agreement that guessing does not explain (kappa): {value}; 1 is perfect, 0 is no better than guessing."


def _price_sentence(usd: float | None, ms: float | None) -> str:
    parts = [] if usd is None else [f"costs ${usd:.4f}" if usd else "costs nothing"]
    parts += [] if ms is None else [f"takes {ms / 1000:.1f} s"]
    return f"A verdict {' and '.join(parts)}." if parts else ""


def _drift_sentence(drift: DriftTest) -> str:
    when = f"Judged again later (last on {drift.judged_again_at:%Y-%m-%d})"
    now = f"it agreed with people on {drift.now_right:,} of {drift.n:,} criteria; the first time, on"
    found = "no sign that the judge has changed" if drift.p_value >= ALPHA else "the judge has changed"
    chance = "less than 0.1%" if drift.p_value < 0.001 else f"{100 * drift.p_value:.2g}%"
    test = f"Chance alone makes such a difference in {chance} of cases (McNemar's test)"
    return f"{when}, {now} {drift.first_right:,}. {test}: {found}."
