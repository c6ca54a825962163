"""A run ends as it was told: at the first limit that is reached."""

import pytest
from pydantic import ValidationError

from core.domain.run import Counts
from core.domain.stop_rule import MAX_STOP, StopRule


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "breaks"}, {"rule": "cost"}, {"rule": "all", "breaks": 2}, {"rule": "breaks", "breaks": 0},
        {"rule": "cost", "cost_usd": 0.0}, {"rule": "cost", "cost_usd": float("inf")}, {"rule": "never"},
        {"futility": 0.0}, {"futility": 1.0}, {"rule": "any"}, {"or_breaks": 0},
        {"rule": "breaks", "breaks": 1, "cost_usd": 1.0}, {"rule": "breaks", "breaks": MAX_STOP + 1},
    ],
)  # fmt: skip
def test_an_invalid_rule_is_rejected(wrong):
    with pytest.raises(ValidationError):
        StopRule(**wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rule": "all", "breaks": 2}, "the rule 'all' takes no number"),
        ({"rule": "futility"}, "the rule 'futility' takes futility"),
        ({"rule": "breaks", "breaks": 2, "cost_usd": 1.0}, "the rule 'breaks' takes breaks"),
        ({"rule": "breaks", "cost_usd": 1.0}, "the rule 'breaks' takes breaks"),
        ({"rule": "cost"}, "the rule 'cost' takes cost_usd"),
    ],
)
def test_a_rule_says_which_number_it_takes(wrong, said):
    with pytest.raises(ValidationError, match=said):
        StopRule(**wrong)


def test_a_rule_is_met_by_what_was_asked_for():
    assert StopRule().met(Counts(broke=99, cost_usd=99.0)) == ""
    two, dollar = StopRule(rule="breaks", breaks=2), StopRule(rule="cost", cost_usd=1.0)
    assert (two.met(Counts(broke=1)), dollar.met(Counts()), dollar.met(Counts(cost_usd=0.99))) == ("", "", "")
    rest = "no further hunt was started, and those already running were finished."
    assert two.met(Counts(broke=2)) == two.met(Counts(broke=3)) == f"Stopped at the goal of 2 breaks: {rest}"
    one = StopRule(confirmed_breaks=1)
    assert one.met(Counts(broke=3, confirmed=1)) == f"Stopped at the goal of 1 confirmed break: {rest}"
    assert (
        dollar.met(Counts(cost_usd=1.0)) == dollar.met(Counts(cost_usd=9.0)) == "Stopped at the run's cost limit of $1."
    )


def test_a_limit_that_is_nearly_nothing_is_not_met_by_unknown_costs():
    assert StopRule(rule="cost", cost_usd=1e-9).met(Counts(cost_usd=None)) == ""


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({}, "all"), ({"breaks": 4}, "breaks"), ({"cost_usd": 1.5}, "cost"), ({"futility": 0.1}, "futility"),
        ({"breaks": 4, "cost_usd": 1.5}, "any"), ({"rule": "any", "breaks": 4, "futility": 0.1}, "any"),
        ({"rule": "breaks", "breaks": 4, "futility": 0.1}, "any"), ({"rule": "futility", "futility": 0.1}, "futility"),
    ],
)  # fmt: skip
def test_a_rule_is_named_after_its_limits(given, rule):
    assert StopRule(**given).rule == rule
    assert StopRule(**given).limits == {name: value for name, value in given.items() if name != "rule"}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({}, {"rule": "all", "breaks": None, "cost_usd": None}),
        ({"breaks": 4}, {"rule": "breaks", "breaks": 4, "cost_usd": None}),
        ({"futility": 0.1}, {"rule": "all", "breaks": None, "cost_usd": None, "futility": 0.1}),
        ({"breaks": 4, "cost_usd": 1.5}, {"rule": "cost", "cost_usd": 1.5, "or_breaks": 4}),
        ({"cost_usd": 1.5, "futility": 0.1}, {"rule": "cost", "breaks": None, "cost_usd": 1.5, "futility": 0.1}),
    ],
)
def test_the_release_before_can_read_what_is_stored(given, stored):
    rule = StopRule(**given)
    assert rule.model_dump() == stored
    assert StopRule.model_validate(stored) == rule
    assert StopRule.model_validate_json(rule.model_dump_json(exclude_defaults=True), extra="ignore") == rule


def test_a_run_is_futile_when_the_whole_interval_is_below_the_worthwhile_rate():
    tenth = StopRule(futility=0.1)
    assert tenth.met(Counts()) == tenth.met(Counts(held=30)) == tenth.met(Counts(broke=5, held=45)) == ""
    assert tenth.met(Counts(held=80)) == "Stopped: the break rate is probably at most 8.8%, below the worthwhile 10.0%."
    assert tenth.met(Counts(broke=3, held=200)) != ""
    assert tenth.met(Counts(undetermined=500, error=500)) == ""


def test_the_first_limit_that_is_reached_ends_a_run():
    both = StopRule(breaks=2, cost_usd=1.0)
    assert both.met(Counts(broke=1, cost_usd=0.5)) == ""
    assert both.met(Counts(broke=2, cost_usd=0.5)).startswith("Stopped at the goal of 2 breaks:")
    assert both.met(Counts(broke=1, cost_usd=1.0)) == "Stopped at the run's cost limit of $1."
