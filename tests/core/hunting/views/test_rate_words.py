"""Sentences about rates and forecasts."""

import pytest

from core.hunting.views.rate_words import forecast_words, interval_words
from core.statistics.forecast import Forecast
from core.statistics.intervals import confidence_sequence, wilson


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (confidence_sequence(19, 64), "in the long run probably 14% to 49% (95% confidence sequence)"),
        (wilson(16, 16), "in the long run probably 81% to 100% (95% Wilson interval)"),
    ],
)
def test_an_interval_names_its_method(interval, words):
    assert interval_words(interval) == words


@pytest.mark.parametrize(
    ("hunts", "low", "high", "cost", "words"),
    [
        (12, 5, 31, 1 / 30, "About 12 more hunts for 4 confirmed breaks in all (5 to 31 in 8 of 10 cases), at $0.40 ($0.17 to $1.03)."),
        (1, 1, 2, None, "About 1 more hunt for 4 confirmed breaks in all (1 to 2 in 8 of 10 cases)."),
        (2, 1, 3, 0.0, "About 2 more hunts for 4 confirmed breaks in all (1 to 3 in 8 of 10 cases)."),
        (2, 1, 3, 0.0001, "About 2 more hunts for 4 confirmed breaks in all (1 to 3 in 8 of 10 cases), at $0.0002 ($0.0001 to $0.0003)."),
        (5000, 900, None, 0.01, "About 5,000 more hunts for 4 confirmed breaks in all (900 to more than 10,000 in 8 of 10 cases), at $50.00 ($9.00 or more)."),
        (None, None, None, 0.01, "Probably more than 10,000 more hunts for 4 confirmed breaks in all."),
    ],
)  # fmt: skip
def test_a_forecast_says_hunts_cost_and_chance(hunts, low, high, cost, words):
    expected = Forecast(wanted=2, hunts=hunts, low=low, high=high, hunt_cost_usd=cost, chance=0.6)
    costs = [expected.cost_usd(n) for n in (hunts, low, high)]
    chance = "The 20 hunts that are left are enough with a chance of 60%."
    assert forecast_words(expected, "4 confirmed breaks", costs, left=20) == f"{words} {chance}"


def test_a_forecast_may_be_for_one_hunt():
    expected = Forecast(wanted=1, hunts=3, low=1, high=9, hunt_cost_usd=None, chance=0.25)
    words = forecast_words(expected, "4 breaks", [None] * 3, left=1)
    assert words.endswith(" The hunt that is left is enough with a chance of 25%.")


@pytest.mark.parametrize(("chance", "words"), [(1.0, "more than 99%"), (0.99, "99%"), (0.002, "less than 1%")])
def test_no_forecast_is_certain(chance, words):
    expected = Forecast(wanted=1, hunts=3, low=1, high=9, hunt_cost_usd=None, chance=chance)
    assert forecast_words(expected, "4 breaks", [None] * 3, left=9).endswith(f"enough with a chance of {words}.")
