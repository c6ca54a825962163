"""Thompson sampling against the probability that an arm is the best one."""

from collections import Counter

import pytest
from scipy import integrate, stats

from core.statistics.thompson import Arm, draw

DRAWS = 2000


def share_of_first(*arms):
    return Counter(draw(arms, f"seed {n}") for n in range(DRAWS))[0] / DRAWS


def test_the_same_seed_draws_the_same_arm():
    arms = (Arm(3, 9), Arm(4, 9), Arm(2, 9))
    drawn = [draw(arms, f"r_one {n}") for n in range(50)]
    assert drawn == [draw(arms, f"r_one {n}") for n in range(50)]
    assert len(set(drawn)) > 1


def test_an_arm_is_drawn_as_often_as_it_is_probably_the_best():
    first, second = stats.beta(1 + 2, 1 + 8), stats.beta(1 + 4, 1 + 6)
    expected, _ = integrate.quad(lambda x: first.pdf(x) * second.cdf(x), 0, 1)
    assert share_of_first(Arm(2, 10), Arm(4, 10)) == pytest.approx(expected, abs=0.04)


def test_half_the_price_is_worth_twice_the_rate():
    first, second = stats.beta(1 + 2, 1 + 8), stats.beta(1 + 4, 1 + 6)
    expected, _ = integrate.quad(lambda x: first.pdf(x) * second.cdf(2 * x), 0, 1)
    assert share_of_first(Arm(2, 10, 0.01), Arm(4, 10, 0.02)) == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("costs", [(None, None), (0.0, 0.0), (0.3, 0.3), (0.3, None)])
def test_unknown_and_equal_costs_decide_nothing(costs):
    arms = [Arm(20, 100, costs[0]), Arm(60, 100, costs[1])]
    assert share_of_first(*arms) < 0.001
    assert share_of_first(Arm(5, 10, costs[0]), Arm(5, 10, costs[1])) == pytest.approx(0.5, abs=0.04)


def test_a_free_arm_that_may_break_is_preferred_to_a_paid_one():
    assert share_of_first(Arm(1, 10, 0.0), Arm(9, 10, 0.01)) > 0.99
