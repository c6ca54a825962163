"""Rates and their intervals."""

import pytest

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
    assert Rate(broke, decided).interval == pytest.approx((low, high), abs=1e-4)


def test_without_a_decided_hunt_there_is_no_rate():
    assert (Rate(0, 0).share, Rate(0, 0).interval) == (None, None)
