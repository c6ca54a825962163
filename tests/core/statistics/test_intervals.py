"""Intervals agree with other code, hold as often as they promise, and never leave 0 to 1."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln
from scipy.stats import beta
from statsmodels.stats.proportion import proportion_confint

from core.statistics.intervals import ALPHA, Method, confidence_sequence, jeffreys, wilson
from tests.core.statistics.simulations import share_of_runs_missed

SHARES = [(0, 1), (1, 1), (0, 16), (1, 4), (3, 16), (16, 16), (19, 64), (500, 1000)]


def counts(largest=2000):
    return st.integers(1, largest).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("successes", "trials"), SHARES)
def test_wilson_is_that_of_statsmodels(successes, trials):
    expected = proportion_confint(successes, trials, method="wilson")
    assert wilson(successes, trials)[:2] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), SHARES)
def test_jeffreys_is_scipys_beta_with_closed_ends(successes, trials):
    low, high = beta.ppf([0.025, 0.975], successes + 0.5, trials - successes + 0.5)
    expected = (0 if successes == 0 else low, 1 if successes == trials else high)
    assert jeffreys(successes, trials)[:2] == pytest.approx(expected)
    assert jeffreys(successes, trials).method is Method.JEFFREYS


def test_four_of_four_reviewed_breaks_have_the_interval_of_the_specification():
    assert jeffreys(4, 4)[:2] == pytest.approx((0.55, 1), abs=0.006)


def test_the_confidence_sequence_at_64_hunts_has_the_width_of_the_specification():
    assert confidence_sequence(19, 64)[:2] == pytest.approx((0.14, 0.49), abs=0.005)


@given(counts())
def test_the_ends_of_the_confidence_sequence_are_where_scipys_martingale_crosses(found):
    s, n = found
    low, high, _ = confidence_sequence(s, n)

    def crossing(p):
        return (
            betaln(1 + s, 1 + n - s)
            - betaln(1, 1)
            - s * log(p or 1)
            - (n - s) * log(1 - p if p < 1 else 1)
            - log(1 / ALPHA)
        )

    assert [abs(crossing(end)) < 1e-6 for end in (low, high)] == [s > 0, s < n] or n == 1
    assert 0 <= low < s / n + 1e-12
    assert s / n - 1e-12 < high <= 1


@given(counts(200))
def test_the_confidence_sequence_contains_wilsons_interval_up_to_the_ends(found):
    sequence, fixed = confidence_sequence(*found), wilson(*found)
    assert sequence.high - sequence.low >= fixed.high - fixed.low


@pytest.mark.parametrize("interval", [wilson, confidence_sequence, jeffreys])
def test_without_trials_there_is_no_interval_and_impossible_counts_are_rejected(interval):
    assert interval(0, 0) is None
    with pytest.raises(ValueError, match="5 of 4 is not a share"):
        interval(5, 4)


def test_watched_after_every_hunt_the_sequence_misses_less_than_5_percent_and_wilson_far_more():
    sequence, fixed = share_of_runs_missed(rate=0.3, runs=300, hunts=100, seed=1)
    assert sequence <= 0.05 + 0.02
    assert fixed > 0.15
