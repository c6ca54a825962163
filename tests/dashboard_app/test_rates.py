"""Rates and their intervals."""

import pytest

from core.statistics.intervals import confidence_sequence
from dashboard_app.rates import Rate


@pytest.mark.parametrize(
    ("broke", "decided", "share", "low", "high"),
    # Wilson's score interval, 95 %: values of R's binom.confint(method = "wilson").
    [
        (0, 10, 0.0, 0.0, 0.2775),
        (10, 10, 1.0, 0.7225, 1.0),
        (1, 4, 0.25, 0.0456, 0.6994),
        (50, 200, 0.25, 0.1950, 0.3144),
    ],
)
def test_a_rate_says_how_sure_it_is(broke, decided, share, low, high):
    assert Rate(broke, decided).share == share
    assert Rate(broke, decided).interval[:2] == pytest.approx((low, high), abs=1e-4)


def test_hunts_of_several_runs_have_the_confidence_sequence():
    assert Rate(19, 64, fixed=False).interval == confidence_sequence(19, 64)
    assert [Rate(1, 4, fixed).method for fixed in (True, False)] == ["Wilson", "confidence sequence"]
    assert Rate(0, 0).method == ""


def test_without_a_decided_hunt_there_is_no_rate():
    assert (Rate(0, 0).share, Rate(0, 0).interval) == (None, None)
