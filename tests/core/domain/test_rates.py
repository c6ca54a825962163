"""Which interval a run's rate has, and what its forecast is for."""

import pytest

from core.domain.rates import break_rate_interval, breaks_needed, goal_words, run_forecast
from core.domain.run import Counts, RunStatus
from core.domain.stop_rule import StopRule
from core.statistics.forecast import Progress, forecast
from core.statistics.intervals import Method, confidence_sequence, wilson
from tests.builders import a_run

COUNTS = Counts(total=20, queued=2, broke=3, held=13, error=2, cost_usd=0.9)


@pytest.mark.parametrize(
    ("changes", "counts", "method"),
    [
        ({"status": RunStatus.COMPLETED}, Counts(total=16, broke=3, held=13), Method.WILSON),
        ({"status": RunStatus.RUNNING}, COUNTS, Method.CONFIDENCE_SEQUENCE),
        ({"status": RunStatus.CANCELLED}, COUNTS, Method.CONFIDENCE_SEQUENCE),
        ({"status": RunStatus.FAILED}, COUNTS, Method.CONFIDENCE_SEQUENCE),
        ({"status": RunStatus.COMPLETED, "stop": StopRule(breaks=9)}, COUNTS, Method.CONFIDENCE_SEQUENCE),
        ({"status": RunStatus.COMPLETED}, Counts(total=17, broke=3, held=13, cancelled=1), Method.CONFIDENCE_SEQUENCE),
        (
            {"status": RunStatus.COMPLETED},
            Counts(total=17, broke=3, held=13, interrupted=1),
            Method.CONFIDENCE_SEQUENCE,
        ),
    ],
)
def test_only_a_run_of_fixed_size_that_ended_by_itself_has_wilsons_interval(changes, counts, method):
    expected = {Method.WILSON: wilson, Method.CONFIDENCE_SEQUENCE: confidence_sequence}[method](3, 16)
    assert break_rate_interval(a_run(20, **changes), counts) == expected


def test_without_decided_hunts_there_is_no_interval():
    assert break_rate_interval(a_run(2), Counts(total=2, error=2)) is None


def test_the_forecast_is_for_the_rules_breaks_or_for_four():
    assert (breaks_needed(a_run()), breaks_needed(a_run(stop=StopRule(breaks=7, cost_usd=1)))) == (4, 7)
    running = a_run(20, status=RunStatus.RUNNING)
    assert run_forecast(running, COUNTS) == forecast(Progress(3, 16, 18, left=2, cost_usd=0.9), wanted=1)


def test_the_goal_names_confirmed_breaks_where_the_run_stops_at_their_number():
    assert goal_words(a_run(stop=StopRule(breaks=7))) == "7 breaks"
    assert goal_words(a_run(stop=StopRule(confirmed_breaks=3))) == "3 confirmed breaks"


@pytest.mark.parametrize("counts", [Counts(total=20, queued=20), Counts(total=20, error=3), Counts(total=20, broke=4)])
def test_no_forecast_before_a_decided_hunt_and_after_the_last_break(counts):
    assert run_forecast(a_run(20, status=RunStatus.RUNNING), counts) is None


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED])
def test_only_a_running_run_has_a_forecast(status):
    assert run_forecast(a_run(20, status=status), COUNTS) is None


ADAPTIVE = Counts(
    total=40, queued=20, broke=9, held=9, error=2, cost_usd=1.0, confirmed=5,
    adaptive_finished=15, adaptive_broke=8, adaptive_held=6, adaptive_confirmed=4,
)  # fmt: skip


def test_rates_and_forecasts_of_an_adaptive_run_are_those_of_its_uniform_share():
    run = a_run(40, allocation="adaptive", status=RunStatus.RUNNING, stop=StopRule(breaks=12))
    assert ADAPTIVE.break_rate == 0.25
    assert break_rate_interval(run, ADAPTIVE) == confidence_sequence(1, 4)
    expected = forecast(Progress(successes=1, decided=4, finished=5, cost_usd=0.25, left=20), 3)
    assert run_forecast(run, ADAPTIVE) == expected


def test_an_adaptive_run_is_futile_by_the_rate_of_its_uniform_share():
    rule = StopRule(futility=0.5)
    held = Counts(total=99, held=40, broke=40, adaptive_finished=40, adaptive_broke=40)
    assert "probably at most" in rule.met(held)
    assert rule.met(held.model_copy(update={"adaptive_broke": 0, "adaptive_finished": 0})) == ""
