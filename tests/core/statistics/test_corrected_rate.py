"""The corrected break rate: its distribution, what it lacks, and how often its interval holds."""

from random import Random

import pytest
from scipy.stats import beta

from core.statistics import corrected_rate as module
from core.statistics.corrected_rate import Evidence, Posterior, corrected_rate
from tests.core.statistics.simulations import coverage

SOME = Evidence(broke=80, held=120, reviewed_breaks=20, true_breaks=18, audited_held=20, true_held=19)
FEW = Evidence(broke=3, held=13, reviewed_breaks=3, true_breaks=3, audited_held=2, true_held=2)


@pytest.mark.parametrize("evidence", [SOME, FEW])
def test_its_quantiles_are_those_of_drawn_rates(evidence):
    e, random, n = evidence, Random(3), 40_000
    drawn = sorted(
        q * random.betavariate(e.true_breaks + 0.5, e.reviewed_breaks - e.true_breaks + 0.5)
        + (1 - q) * random.betavariate(e.audited_held - e.true_held + 0.5, e.true_held + 0.5)
        for q in (random.betavariate(e.broke + 0.5, e.held + 0.5) for _ in range(n))
    )
    found = corrected_rate(evidence)
    expected = [drawn[int(n * share)] for share in (0.025, 0.5, 0.975)]
    assert [found.interval.low, found.rate, found.interval.high] == pytest.approx(expected, abs=0.012)


def test_with_a_perfect_judge_it_is_the_judged_rate():
    perfect = Evidence(80, 120, 10**7, 10**7, 10**7, 10**7)
    found = corrected_rate(perfect)
    low, rate, high = beta.ppf([0.025, 0.5, 0.975], 80.5, 120.5)
    assert (found.interval.low, found.rate, found.interval.high) == pytest.approx((low, rate, high), abs=0.004)


def test_three_times_as_many_nodes_give_the_same_quantiles(monkeypatch):
    before = [Posterior(e).quantile(q) for e in (SOME, FEW) for q in (0.025, 0.975)]
    monkeypatch.setattr(module, "NODES", 3 * module.NODES)
    after = [Posterior(e).quantile(q) for e in (SOME, FEW) for q in (0.025, 0.975)]
    assert after == pytest.approx(before, abs=1e-3)


def test_the_quantile_is_the_inverse_of_the_probability():
    posterior = Posterior(FEW)
    assert posterior.probability_below(posterior.quantile(0.975)) == pytest.approx(0.975, abs=1e-5)


@pytest.mark.parametrize(
    ("evidence", "missing"),
    [
        (Evidence(0, 0, 0, 0, 0, 0), ("decided_hunts",)),
        (Evidence(4, 0, 0, 0, 0, 0), ("reviewed_breaks",)),
        (Evidence(4, 9, 4, 4, 0, 0), ("audited_held",)),
        (Evidence(4, 9, 0, 0, 0, 0), ("reviewed_breaks", "audited_held")),
    ],
)
def test_without_reviews_there_is_no_rate_and_what_is_missing_is_named(evidence, missing):
    found = corrected_rate(evidence)
    assert (found.rate, found.interval, found.missing) == (None, None, missing)


def test_what_is_known_without_a_rate_is_given():
    found = corrected_rate(Evidence(4, 9, 4, 4, 0, 0))
    assert found.ppv[:2] == pytest.approx((0.555, 1), abs=1e-3)
    assert found.npv is None


@pytest.mark.parametrize("evidence", [Evidence(0, 16, 0, 0, 2, 2), Evidence(16, 0, 4, 4, 0, 0)])
def test_only_what_occurred_must_be_reviewed(evidence):
    found = corrected_rate(evidence)
    assert found.missing == ()
    assert found.interval.low < found.rate < found.interval.high


def test_impossible_counts_are_rejected():
    with pytest.raises(ValueError, match="impossible counts"):
        Evidence(4, 9, 3, 4, 0, 0)


@pytest.mark.parametrize(("sample", "least"), [((200, 20, 20), 0.93), ((64, 4, 4), 0.90)])
def test_the_interval_holds_where_the_uncorrected_one_does_not(sample, least):
    corrected, uncorrected = coverage(0.2, (0.95, 0.7), sample, repetitions=300, seed=5)
    assert corrected >= least - 0.03  # of 300 repetitions
    assert uncorrected < 0.5
