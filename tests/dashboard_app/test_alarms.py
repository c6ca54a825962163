"""Each alarm: not raised below its threshold, raised above it, never by simulated hunts or very few samples."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.settings import AlarmSettings
from core.telemetry.reader import TelemetryReader
from core.telemetry.records import CallRecord, HuntRecord, ProcessRecord
from dashboard_app.alarms import State, alarms
from tests.dashboard_app.records_made_up import NOW, write_log

SETTINGS = AlarmSettings(
    min_samples=10,
    errors_percent=20.0,
    rate_limited_percent=10.0,
    undetermined_percent=10.0,
    max_hunts_without_break=30,
    budget_usd=5.0,
)


def a_hunt(**changes) -> HuntRecord:
    plain = {
        "session": "s",
        "run_id": "r",
        "hunt_id": "h",
        "number": 1,
        "notebook": "n.ipynb",
        "task_id": "",
        "domain": "",
        "taxonomy": "",
        "model": "a/b",
        "provider": "a",
        "judge_model": "j",
        "simulated": False,
        "outcome": "held",
        "passed": 2,
        "criteria": 2,
        "verdicts": {"C1": "PASS", "C2": "PASS"},
        "task": "t",
    }
    return HuntRecord(**plain | changes)


def a_call(**changes) -> CallRecord:
    plain = {
        "session": "s",
        "provider": "a",
        "model": "a/b",
        "purpose": "target",
        "simulated": False,
        "ok": True,
        "wait_ms": 0.0,
        "latency_ms": 1.0,
        "cost_usd": 0.001,
    }
    return CallRecord(**plain | changes)


def at(minutes_ago: float, records: list) -> list:
    """Each hunt has its own ID: repeated records of one hunt count once."""
    return [
        (
            NOW - timedelta(minutes=minutes_ago),
            record.model_copy(update={"hunt_id": f"h_{minutes_ago}_{n}"}) if isinstance(record, HuntRecord) else record,
        )
        for n, record in enumerate(records)
    ]


def states(log_dir, records, *, minutes_ago: float = 5, settings: AlarmSettings = SETTINGS) -> dict[str, State]:
    write_log(log_dir, at(minutes_ago, records))
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        return {alarm.setting: alarm.state for alarm in alarms(reader, settings, NOW)}


def test_an_empty_log_raises_nothing(log_dir):
    assert State.RAISED not in states(log_dir, []).values()


RAISING = {
    "ALARM_ERRORS": [a_hunt(outcome="error", verdicts={}, error="timeout")] * 3 + [a_hunt()] * 9,
    "ALARM_RATE_LIMITED": [a_call(ok=False, error="rate_limited")] * 2 + [a_call()] * 10,
    "ALARM_UNDETERMINED": [a_hunt(verdicts={"C1": "UNDETERMINED", "C2": "PASS"})] * 3 + [a_hunt()] * 9,
    "ALARM_NO_BREAKS": [a_hunt()] * 30,
    "ALARM_BUDGET": [a_call(cost_usd=2.6)] * 2,
    "ALARM_DROPPED": [ProcessRecord(action="stopped", instance="i", version="v", dropped=1)],
}
NOT_RAISED = {
    "ALARM_ERRORS": [a_hunt(outcome="error", verdicts={}, error="timeout")] * 2 + [a_hunt()] * 9,
    "ALARM_RATE_LIMITED": [a_call(ok=False, error="rate_limited")] + [a_call()] * 10,
    "ALARM_UNDETERMINED": [a_hunt(verdicts={"C1": "UNDETERMINED", "C2": "PASS"})] * 2 + [a_hunt()] * 9,
    "ALARM_NO_BREAKS": [a_hunt()] * 29,
    "ALARM_BUDGET": [a_call(cost_usd=2.5)] * 2,
    "ALARM_DROPPED": [ProcessRecord(action="stopped", instance="i", version="v")],
}


@pytest.mark.parametrize("setting", RAISING)
def test_it_is_raised_above_its_threshold_and_alone(log_dir, setting):
    found = states(log_dir, RAISING[setting])
    assert {name for name, state in found.items() if state is State.RAISED} == {setting}


@pytest.mark.parametrize("setting", NOT_RAISED)
def test_it_is_silent_at_its_threshold(log_dir, setting):
    assert states(log_dir, NOT_RAISED[setting])[setting] is State.OK


@pytest.mark.parametrize("setting", [name for name in RAISING if name != "ALARM_DROPPED"])
def test_simulated_hunts_raise_none(log_dir, setting):
    simulated = [record.model_copy(update={"simulated": True}) for record in RAISING[setting]]
    assert State.RAISED not in states(log_dir, simulated).values()


@pytest.mark.parametrize("setting", RAISING)
def test_what_is_long_past_raises_none(log_dir, setting):
    assert states(log_dir, RAISING[setting], minutes_ago=60 * 30)[setting] is not State.RAISED


def test_a_break_ends_the_row_of_hunts_without_one(log_dir):
    write_log(log_dir, at(50, [a_hunt()] * 29))
    write_log(log_dir, at(40, [a_hunt(outcome="broke")]))
    assert states(log_dir, [a_hunt()] * 29)["ALARM_NO_BREAKS"] is State.OK


def test_few_samples_raise_no_alarm(log_dir):
    assert states(log_dir, RAISING["ALARM_ERRORS"][:9])["ALARM_ERRORS"] is State.TOO_FEW


def test_nought_turns_an_alarm_off(log_dir):
    off = replace(SETTINGS, max_hunts_without_break=0, budget_usd=0.0, dropped_records=0)
    every = [record for records in RAISING.values() for record in records]
    found = states(log_dir, every, settings=off)
    assert {found[name] for name in ("ALARM_NO_BREAKS", "ALARM_BUDGET", "ALARM_DROPPED")} == {State.OFF}


def test_the_page_shows_what_is_raised_first_and_every_rule(page, log_dir, monkeypatch):
    from datetime import UTC, datetime

    monkeypatch.setenv("ALARM_MIN_SAMPLES", "10")
    records = [record for _, record in at(1, RAISING["ALARM_ERRORS"])]
    write_log(log_dir, [(datetime.now(UTC) - timedelta(minutes=1), record) for record in records])
    for view in ("alarms", "overview"):
        test = page(view)
        assert not test.exception
        assert "Hunts lost to errors: 3 of 12 hunts" in test.error[0].value
    rules = page("alarms").dataframe[0].value
    assert len(rules) == 6
    assert rules["state"][0] == "✗ raised"


def test_the_page_says_that_no_alarm_is_raised(page, log_dir):
    test = page("alarms")
    assert not test.exception
    assert "No alarm" in test.success[0].value


@pytest.mark.parametrize(
    ("providers", "advice"),
    [
        (["openrouter"], "lower OPENROUTER_CONCURRENCY,"),
        (["openai", "openai", "fireworks"], "lower OPENAI_CONCURRENCY and FIREWORKS_CONCURRENCY,"),
        (["lab"], "lower the limit of lab in OPENAI_COMPATIBLE,"),
    ],
)
def test_a_rate_limit_names_whose_limit_to_lower(log_dir, providers, advice):
    refused = [a_call(provider=name, ok=False, error="rate_limited") for name in providers]
    write_log(log_dir, [(NOW - timedelta(minutes=5), call) for call in (*refused, *[a_call(provider="quiet")] * 10)])
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        (alarm,) = (a for a in alarms(reader, SETTINGS, NOW) if a.setting == "ALARM_RATE_LIMITED")
    assert advice in alarm.advice
    assert f"{providers[0]} {providers.count(providers[0])}" in alarm.found
    assert "quiet" not in alarm.found + alarm.advice
