"""The range of a cost: from the task alone, and from the hunts so far."""

import pytest

from core.domain.verdict import Outcome
from tests.core.hunting.runs.test_estimate import estimated, judged, made


def test_without_hunts_the_range_goes_from_the_prompt_alone_to_the_output_limit():
    (target,) = estimated(("paid/a",), hunts=1).targets
    assert target.basis == "limits"
    assert target.low_usd == pytest.approx((4_000 / 6 * 0.1 * 1.0 + 1 * 10.0) / 1e6)  # cached input may cost a tenth
    assert target.high_usd == pytest.approx((4_000 / 2 * 1.0 + 1_000 * 10.0) / 1e6)
    assert target.low_usd < target.usd < target.high_usd


def test_the_range_of_hunts_so_far_is_wide_for_few_and_narrower_for_many():
    few = estimated(("paid/a",), hunts=1, so_far=[made(1, "paid/a", cost_usd=1.0)]).targets[0]
    many = estimated(("paid/a",), hunts=1, so_far=[made(n, "paid/a", cost_usd=1.0) for n in range(1, 101)]).targets[0]
    assert (few.low_usd, few.usd, few.high_usd, few.based_on) == (0.5, 1.0, 2.0, 1)
    assert (many.low_usd, many.high_usd) == (pytest.approx(1 / 1.1), pytest.approx(1.1))


def test_outliers_are_in_the_range():
    so_far = [made(n, "paid/a", cost_usd=cost) for n, cost in enumerate([0.1] * 18 + [2.0] * 2, 1)]
    target = estimated(("paid/a",), hunts=1, so_far=so_far).targets[0]
    assert target.low_usd < 0.1
    assert target.high_usd > 2.0


def test_failed_hunts_lower_the_lower_bound():
    failed = made(2, "paid/a").model_copy(update={"reply": None, "outcome": Outcome.ERROR})
    so_far = [judged(1, 0.0), failed]
    assert estimated(("paid/a",), hunts=1, so_far=so_far).targets[0].low_usd == pytest.approx(0.1 / 2 / 2)
