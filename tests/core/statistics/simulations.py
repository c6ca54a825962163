"""Simulations with a planted truth: small in `make test`, whole in `make bench`."""

from functools import cache
from random import Random

from core.statistics.corrected_rate import Evidence, Posterior
from core.statistics.intervals import confidence_sequence, wilson

JUDGES = ((0.9, 0.9), (0.95, 0.7))
"""Sensitivity and specificity."""
SAMPLES = ((200, 20, 20), (64, 4, 4), (16, 4, 2))
"""Hunts, reviewed breaks, audited held hunts."""
RATES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)


@cache
def _ends(successes, trials):
    found = confidence_sequence(successes, trials), wilson(successes, trials)
    return [(interval.low, interval.high) for interval in found if interval]


def share_of_runs_missed(rate, runs, hunts, seed):
    """Shares of runs whose interval, looked at after every hunt, ever misses the true rate: (sequence, Wilson)."""
    random = Random(seed)
    missed = [0, 0]
    for _ in range(runs):
        broke, ever = 0, [False, False]
        for n in range(1, hunts + 1):
            broke += random.random() < rate
            ever = [was or not low <= rate <= high for was, (low, high) in zip(ever, _ends(broke, n), strict=True)]
        missed = [n + e for n, e in zip(missed, ever, strict=True)]
    return missed[0] / runs, missed[1] / runs


@cache
def _corrected_covers(evidence, rate):
    return 0.025 <= Posterior(evidence).probability_below(rate) <= 0.975


def coverage(rate, judge, sample, repetitions, seed):
    """How often the 95 % intervals contain the true rate: (corrected, uncorrected Wilson). Repetitions without a
    corrected rate (no break or no held hunt to review) do not count."""
    random = Random(seed)
    covered, counted = [0, 0], 0
    for _ in range(repetitions):
        evidence = _simulated(random, rate, *judge, *sample)
        if not evidence.reviewed_breaks or not evidence.audited_held:
            continue
        counted += 1
        low, high, *_ = wilson(evidence.broke, evidence.broke + evidence.held) or (0, 1)
        covered[0] += _corrected_covers(evidence, rate)
        covered[1] += low <= rate <= high
    return covered[0] / counted, covered[1] / counted


def _simulated(random, rate, sensitivity, specificity, hunts, reviews, audits):
    broke: list[bool] = []
    held: list[bool] = []
    for _ in range(hunts):
        true = random.random() < rate
        judged = random.random() < (sensitivity if true else 1 - specificity)
        (broke if judged else held).append(true)
    reviewed, audited = broke[:reviews], held[:audits]
    return Evidence(
        broke=len(broke), held=len(held), reviewed_breaks=len(reviewed), true_breaks=sum(reviewed),
        audited_held=len(audited), true_held=len(audited) - sum(audited),
    )  # fmt: skip
