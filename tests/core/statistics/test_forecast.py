"""Forecasts: quantiles of another implementation, of a simulation, and the sentences' edge cases."""

from random import Random

import pytest
from scipy.stats import betanbinom

from core.statistics.forecast import MAX_FORECAST_HUNTS, Forecast, Progress, chance, cumulative, forecast


@pytest.mark.parametrize(("wanted", "alpha", "beta"), [(1, 1, 1), (2, 3, 15), (4, 20, 45), (7, 1, 200)])
def test_the_distribution_is_scipys(wanted, alpha, beta):
    rows = list(cumulative(wanted, alpha, beta, wanted + 60))
    expected = [betanbinom.cdf(hunts - wanted, wanted, alpha, beta) for hunts, _ in rows]
    assert [below for _, below in rows] == pytest.approx(expected, rel=1e-9)
    assert [hunts for hunts, _ in rows] == list(range(wanted, wanted + 61))


def test_its_quantiles_are_those_of_simulated_runs():
    random, needed = Random(7), []
    for _ in range(4000):
        rate, hunts, broke = random.betavariate(1 + 6, 1 + 14), 0, 0
        while broke < 2:
            hunts += 1
            broke += random.random() < rate
        needed.append(hunts)
    needed.sort()
    found = forecast(Progress(successes=6, decided=20, finished=20, left=0), wanted=2)
    assert (found.low, found.hunts, found.high) == pytest.approx(
        [needed[int(4000 * q)] for q in (0.1, 0.5, 0.9)], abs=1
    )


def test_hunts_without_an_outcome_are_expected_again_and_cost_as_the_others():
    every = forecast(Progress(6, 20, 20, 0, cost_usd=1.0), 2)
    half = forecast(Progress(6, 20, 40, 0, cost_usd=1.0), 2)
    assert (half.low, half.hunts, half.high) == (2 * every.low, 2 * every.hunts, 2 * every.high)
    assert half.cost_usd(half.hunts) == pytest.approx(every.cost_usd(every.hunts))


def test_the_chance_within_the_hunts_that_are_left():
    assert forecast(Progress(6, 20, 20, left=10), 2).chance == pytest.approx(chance(2, 7, 15, 10))
    assert forecast(Progress(6, 20, 20, left=1), 2).chance == 0
    assert forecast(Progress(6, 20, 40, left=10), 2).chance == pytest.approx(chance(2, 7, 15, 5))


def test_nothing_to_forecast():
    assert forecast(Progress(4, 20, 20, 9), 0) is None
    assert forecast(Progress(0, 0, 3, 9), 4) is None


def test_what_lies_beyond_the_limit_and_unknown_costs_are_not_given():
    found = forecast(Progress(0, 1000, 1000, 3), 4)
    assert found == Forecast(wanted=4, hunts=5292, low=found.low, high=None, hunt_cost_usd=None, chance=0.0)
    assert found.low < found.hunts < MAX_FORECAST_HUNTS
    assert found.cost_usd(found.high) is None
    assert found.cost_usd(found.hunts) is None
