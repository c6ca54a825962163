"""A run's JSON: its stop rule, the interval of its rate, its forecast."""

import pytest

from core.domain.parameters import Parameters
from core.domain.run import Counts, RunStatus
from core.domain.stop_rule import StopRule
from core.hunting.views.runs import counts_view, run_view, stop_view
from core.statistics.intervals import confidence_sequence, wilson
from tests.builders import NOW, a_run


def shown(counts, *, sealed=False, **changes):
    return run_view(
        a_run(40, **({"status": RunStatus.RUNNING, "started_at": NOW} | changes)), counts, NOW, sealed=sealed
    )


HALF = Counts(total=40, queued=20, broke=2, held=16, error=2, cost_usd=0.8, judge_cost_usd=0.4, target_cost_usd=0.4)


@pytest.mark.parametrize(
    ("rule", "view"),
    [
        (StopRule(), {"rule": "all"}),
        (StopRule(rule="breaks", breaks=4), {"rule": "breaks", "breaks": 4}),
        (
            StopRule(breaks=4, cost_usd=1.5, futility=0.1),
            {"rule": "any", "breaks": 4, "cost_usd": 1.5, "futility": 0.1},
        ),
    ],
)
def test_a_stop_rule_is_shown_with_its_limits(rule, view):
    assert shown(HALF, stop=rule)["stop"] == view


def test_a_running_run_has_the_confidence_sequence_and_one_that_ended_by_itself_wilsons_interval():
    low, high, _ = confidence_sequence(2, 18)
    assert shown(HALF)["break_rate_interval"] == {"low": low, "high": high, "method": "confidence_sequence"}
    low, high, _ = wilson(2, 18)
    ended = shown(HALF, status=RunStatus.COMPLETED)
    assert ended["break_rate_interval"] == {"low": low, "high": high, "method": "wilson"}


def test_a_forecast_counts_hunts_and_costs():
    found = shown(HALF)["forecast"]
    assert (found["breaks"], found["cost_usd"]) == (4, pytest.approx(found["hunts"] * 0.04))
    assert found["low"] < found["hunts"] < found["high"]
    assert found["words"].startswith(f"About {found['hunts']} more hunts for 4 breaks in all ({found['low']} to ")


def test_a_sealed_forecast_has_costs_of_target_calls_only():
    found = shown(HALF, sealed=True)["forecast"]
    assert found["cost_usd"] == pytest.approx(found["hunts"] * 0.02)
    assert found["cost_high_usd"] == pytest.approx(found["high"] * 0.02)


COUNTS = Counts(total=4, broke=1, held=2, calling=1, replies=3, cost_usd=0.5, judge_cost_usd=0.2, target_cost_usd=0.3)


def test_counts_of_a_sealed_session_have_the_costs_of_targets_only():
    whole, sealed = (counts_view(COUNTS, sealed=sealed) for sealed in (False, True))
    assert (whole["cost_usd"], whole["judge_cost_usd"], whole["done"]) == (0.5, 0.2, 3)
    assert (sealed["cost_usd"], sealed["judge_cost_usd"], sealed["judge_cache"]) == (0.3, None, None)
    assert (sealed["broke"], sealed["held"], sealed["break_rate"]) == (1, 2, whole["break_rate"])


def test_a_run_names_each_model_once_and_whether_anything_of_it_is_simulated():
    run = a_run(4, models=("openai/a", "openai/b", "openai/a"), judge_parameters=Parameters(seed=7))
    view = run_view(run, COUNTS, NOW, sealed=False)
    assert (view["models"], view["simulated"], view["judge_parameters"]) == (
        ["openai/a", "openai/b"],
        True,
        {"seed": 7},
    )
    assert (view["retry_of"], view["stop"], view["task_hash"]) == (None, stop_view(run.stop), run.task.content_hash())
    assert (
        run_view(a_run(4, judge_model="openai/j", models=("openai/a",)), COUNTS, NOW, sealed=False)["simulated"]
        is False
    )


@pytest.mark.parametrize(("sealed", "shown"), [(False, True), (True, False)])
def test_a_reason_that_names_costs_is_redacted_while_sealed(sealed, shown):
    reason = "The run stopped at its limit of $0.50."
    view = run_view(a_run(4, stop_reason=reason), COUNTS, NOW, sealed=sealed)
    assert (view["stop_reason"] == reason) is (shown or "$" in view["stop_reason"])


def test_a_stop_rule_has_only_its_own_limits():
    assert stop_view(StopRule()) == {"rule": StopRule().rule, **StopRule().limits}
