"""Every variable of the release before still takes effect; those with a new name or none are reported at start."""

import pytest

from core.errors import BadSettings
from core.settings import Settings, read_settings, settings_warnings, table
from core.settings.deprecated import RENAMED, WITHOUT_EFFECT, constants
from tests.house.tree import ROOT

BEFORE = {
    "HUNTER_TOKENS": f"alice:admin:{'0' * 64}",
    "API_HOST": "::1",
    "API_PORT": "8001",
    "DASHBOARD_HOST": "::1",
    "DASHBOARD_PORT": "8002",
    "API_URL": "http://api:1",
    "PUBLISHED_ON": "127.0.0.2",
    "DASHBOARD_REFRESH": "3",
    "SIGN_IN": "43201",
    "HUNTER_HOSTS": "hunter.example",
    "OPENAI_API_KEY": "sk-1",
    "OPENROUTER_API_KEY": "sk-1",
    "FIREWORKS_API_KEY": "sk-1",
    "OPENAI_BASE_URL": "http://gateway:1/v1",
    "OPENROUTER_BASE_URL": "http://gateway:1/v1",
    "FIREWORKS_BASE_URL": "http://gateway:1/v1",
    "OPENAI_CONCURRENCY": "9",
    "OPENROUTER_CONCURRENCY": "7",
    "FIREWORKS_CONCURRENCY": "5",
    "OPENAI_MODELS": "one, two",
    "OPENROUTER_MODELS": "one, two",
    "FIREWORKS_MODELS": "one, two",
    "OPENAI_COMPATIBLE": '[{"name": "lab", "base_url": "http://lab:1/v1"}]',
    "SIMULATED_PROVIDER": "false",
    "SIMULATED_CONCURRENCY": "9",
    "SIMULATED_SCRIPT": "{}",
    "DEFAULT_JUDGE": "simulated/judge",
    "CALL_TIMEOUT": "601",
    "SILENCE_TIMEOUT": "121",
    "CONNECT_TIMEOUT": "11",
    "CALL_ATTEMPTS": "6",
    "RETRY_WAIT": "2",
    "RETRY_WAIT_MOST": "61",
    "RETRY_AFTER_MOST": "301",
    "RETRY_BUDGET": "2",
    "SAME_FAILURE_MOST": "21",
    "JUDGE_OUTAGE": "121",
    "TARGET_MAX_OUTPUT_TOKENS": "1",
    "JUDGE_MAX_OUTPUT_TOKENS": "16001",
    "JUDGE_QUESTIONS": "4",
    "JUDGE_REPLY_MAX_CHARS": "400001",
    "REPLY_MAX_BYTES": "8388609",
    "HTTP_TRANSPORT": "httpx",
    "HTTP_KEEPALIVE": "61",
    "TLS_CA_FILE": "/ca.pem",
    "QUEUE_MOST": "20001",
    "THROTTLE_LEASE": "11",
    "THROTTLE_RENEW": "2",
    "THROTTLE_LEAVE": "3",
    "THROTTLE_POLL": "1.25",
    "ADAPTIVE_LIMITS": "false",
    "ADAPTIVE_START": "1",
    "ADAPTIVE_COOLDOWN": "16",
    "HUNTS_MOST": "999",
    "RUNS_MOST": "51",
    "ACTIVE_HUNTS_MOST": "401",
    "SHARD_HUNTS": "41",
    "SHARD_LEASE": "7",
    "WEDGED": "16",
    "INSTANCE_BEAT": "3",
    "INSTANCE_LIFE": "11",
    "IDEMPOTENCY_SECRET": "s",
    "ROLE": "worker",
    "DRAIN": "21",
    "REDIS_URL": "redis://localhost",
    "SESSION_TTL": "7201",
    "SESSIONS_MOST": "5001",
    "SESSIONS_SHARE": "51",
    "SESSION_MAX_BYTES": "50331649",
    "EVENTS_MOST": "20001",
    "EVENT_STREAMS_MOST": "2001",
    "EVENT_STREAMS_OF_ONE": "201",
    "HEARTBEAT": "16",
    "REDIS_TIMEOUT": "1.8",
    "REDIS_CONNECTIONS": "33",
    "REDIS_BLOCK": "3",
    "REDIS_PROBE": "1.5",
    "REDIS_PROBES": "3",
    "EVENTS_AGE": "21601",
    "KNOWN_SESSIONS_BYTES": "268435457",
    "JOURNAL_DIR": "/j",
    "JOURNAL_SYNC": "2",
    "TRIALS_MOST": "101",
    "REJUDGINGS_MOST": "21",
    "BLIND_OUTCOME_STEP": "3",
    "SLOTS_MOST": "21",
    "REVIEWS_MOST": "501",
    "TASK_MAX_BYTES": "4194305",
    "MAX_CRITERIA": "101",
    "REVIEW_MAX_CHARS": "20001",
    "TURNS_MOST": "21",
    "PREVIEW_MAX_CHARS": "4001",
    "NOTEBOOK_MAX_BYTES": "16777217",
    "NOTEBOOK_MAX_CELLS": "5001",
    "NOTEBOOK_MAX_VALUES": "150001",
    "LARGE_NOTEBOOKS_MOST": "9",
    "BODY_MAX_BYTES": "17825793",
    "BODY_TIMEOUT": "61",
    "NOTEBOOK_HOSTS": "one, two",
    "FETCH_TIMEOUT": "16",
    "TELEMETRY_DIR": "/t",
    "TELEMETRY_QUEUE": "20001",
    "TELEMETRY_QUEUE_MAX_BYTES": "33554433",
    "TELEMETRY_DAYS": "31",
    "TELEMETRY_REPLY_CHARS": "20001",
    "TELEMETRY_FLUSH": "1.5",
    "TELEMETRY_CACHE": "/c",
    "DASHBOARD_MEMORY": "201",
    "DASHBOARD_REREAD": "31",
    "ALARM_WINDOW": "61",
    "ALARM_LEAST": "21",
    "ALARM_ERRORS": "21",
    "ALARM_RATE_LIMITED": "11",
    "ALARM_UNDETERMINED": "11",
    "ALARM_NO_BREAKS": "101",
    "ALARM_BUDGET": "1",
    "ALARM_DROPPED": "2",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "json",
    "INSTANCE": "one",
    "REVISION": "abc",
}
"""Every variable of that release, with a value that is not its default."""
CONSTANTS = {setting.row.variable for setting in constants()}
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
NOT_IN_COMPOSE = {"DASHBOARD_HOST", "DASHBOARD_PORT", "INSTANCE", "REVISION", "ROLE", "TLS_CA_FILE"}


def test_all_of_them_are_here():
    assert len(BEFORE) == 121
    assert BEFORE.keys() >= RENAMED.keys() | {"WEDGED"}
    assert BEFORE.keys() | set(RENAMED.values()) >= CONSTANTS


@pytest.mark.parametrize("variable", sorted(BEFORE.keys() - WITHOUT_EFFECT))
def test_a_variable_of_the_release_before_takes_effect(variable):
    environment = {variable: BEFORE[variable]}
    read = read_settings(environment)
    assert read != Settings()
    if variable in RENAMED:
        assert read == read_settings({RENAMED[variable]: BEFORE[variable]})
    warned = settings_warnings(read, environment)
    assert len(warned) == (variable in RENAMED or variable in CONSTANTS)


def test_an_old_name_of_a_constant_is_not_answered_with_another_deprecated_name():
    environment = {"RETRY_WAIT_MOST": "61"}
    (warning,) = settings_warnings(read_settings(environment), environment)
    assert (warning.meant, warning.text.endswith("Its default is fixed then.")) == ("", True)


@pytest.mark.parametrize("variable", sorted(WITHOUT_EFFECT))
def test_a_variable_without_effect_is_accepted_and_reported(variable):
    environment = {variable: "16"}
    read = read_settings(environment)
    assert read == Settings()
    (warning,) = settings_warnings(read, environment)
    assert warning.text == f"{variable} no longer has an effect. Remove it."


@pytest.mark.parametrize("variable", sorted(BEFORE.keys() - NOT_IN_COMPOSE))
def test_compose_passes_a_variable_of_the_release_before(variable):
    assert f"- {variable}\n" in COMPOSE or f"- {variable}=" in COMPOSE


def test_an_old_name_is_reported_with_the_new_one():
    (warning,) = settings_warnings(Settings(), {"HUNTS_MOST": "5"})
    assert warning.text == "HUNTS_MOST is deprecated and will be ignored in the next release. Use MAX_HUNTS_PER_RUN."


def test_the_new_name_wins_over_the_old_one_and_that_is_reported():
    environment = {"HUNTS_MOST": "five", "MAX_HUNTS_PER_RUN": "6"}
    read = read_settings(environment)
    assert read.hunting.max_hunts_per_run == 6
    (warning,) = settings_warnings(read, environment)
    assert (
        warning.text
        == "HUNTS_MOST is ignored because MAX_HUNTS_PER_RUN is set too. Remove HUNTS_MOST: it is the old name."
    )


def test_an_empty_new_name_leaves_the_old_one_in_force():
    read = read_settings({"HUNTS_MOST": "5", "MAX_HUNTS_PER_RUN": ""})
    assert read.hunting.max_hunts_per_run == 5


def test_a_former_setting_is_reported():
    (warning,) = settings_warnings(Settings(), {"THROTTLE_LEASE": "5"})
    assert (
        warning.text
        == "THROTTLE_LEASE is deprecated and will be ignored in the next release. Its default is fixed then."
    )


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("HUNTS_MOST", "HUNTS_MOST: must be at least 1 hunts; got 0."),
        ("SHARD_LEASE", "SHARD_LEASE: must be at least 0.5"),
    ],
)
def test_an_error_names_the_variable_that_was_set(variable, says):
    with pytest.raises(BadSettings, match=says):
        read_settings({variable: "0"})


def test_no_more_settings_than_an_operator_can_survey():
    assert len(table()) <= 75
