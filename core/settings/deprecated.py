"""Variables of the release before: renamed ones, ones that became constants, and ones without effect. Removed with the
next release."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from core.settings.groups import Setting, Settings
from core.settings.rows import MIB, Row, SettingWarning

RENAMED = {
    "SIGN_IN": "SIGN_IN_TTL",
    "DRAIN": "DRAIN_TIMEOUT",
    "HEARTBEAT": "SSE_KEEPALIVE",
    "EVENT_STREAMS_MOST": "MAX_EVENT_STREAMS",
    "EVENT_STREAMS_OF_ONE": "MAX_EVENT_STREAMS_PER_USER",
    "BODY_MAX_BYTES": "MAX_BODY_BYTES",
    "CALL_ATTEMPTS": "MAX_CALL_ATTEMPTS",
    "RETRY_WAIT_MOST": "RETRY_MAX_WAIT",
    "SAME_FAILURE_MOST": "MAX_SAME_FAILURES",
    "JUDGE_QUESTIONS": "MAX_JUDGE_ATTEMPTS",
    "KNOWN_SESSIONS_BYTES": "MAX_FALLBACK_BYTES",
    "SESSIONS_MOST": "MAX_SESSIONS",
    "SESSIONS_SHARE": "MAX_SESSIONS_PERCENT_PER_USER",
    "HUNTS_MOST": "MAX_HUNTS_PER_RUN",
    "TASK_MAX_BYTES": "MAX_TASK_BYTES",
    "SLOTS_MOST": "MAX_SLOTS",
    "NOTEBOOK_MAX_BYTES": "MAX_NOTEBOOK_BYTES",
    "ALARM_LEAST": "ALARM_MIN_SAMPLES",
}
"""Old name → new name."""

WITHOUT_EFFECT = frozenset({"WEDGED", "WORKER_STALL_TIMEOUT"})
"""What they set no longer exists."""


class _Constant(NamedTuple):
    field: str
    """`group.field` of Settings."""
    unit: str
    minimum: float | None = None
    maximum: float | None = None


_CONSTANTS = {
    "DASHBOARD_REFRESH": _Constant("server.dashboard_refresh_s", "s", 0.2, 3600),
    "DASHBOARD_REREAD": _Constant("server.dashboard_reread_s", "s", 1, 3600),
    "SSE_KEEPALIVE": _Constant("server.sse_keepalive_s", "s", 0.05),
    "BODY_TIMEOUT": _Constant("server.body_timeout_s", "s", 0.1),
    "REVISION": _Constant("server.revision", "text"),
    "TELEMETRY_QUEUE": _Constant("telemetry.max_queued_records", "records", 1),
    "TELEMETRY_QUEUE_MAX_BYTES": _Constant("telemetry.max_queued_bytes", "bytes", MIB),
    "TELEMETRY_FLUSH": _Constant("telemetry.flush_interval_s", "s", 0.01),
    "ALARM_DROPPED": _Constant("alarms.dropped_records", "records", 0),
    "CONNECT_TIMEOUT": _Constant("calls.connect_timeout_s", "s", 0.1),
    "RETRY_WAIT": _Constant("calls.retry_min_wait_s", "s", 0),
    "RETRY_AFTER_MOST": _Constant("calls.max_retry_after_s", "s", 0),
    "RETRY_BUDGET": _Constant("calls.retry_budget_ratio", "retries per call", 0),
    "JUDGE_OUTAGE": _Constant("calls.judge_outage_s", "s", 0),
    "JUDGE_REPLY_MAX_CHARS": _Constant("calls.max_judged_chars", "characters", 1000),
    "REPLY_MAX_BYTES": _Constant("calls.max_reply_bytes", "bytes", 1024),
    "HTTP_KEEPALIVE": _Constant("calls.http_keepalive_s", "s", 1),
    "QUEUE_MOST": _Constant("throttle.max_queued_calls", "calls", 1),
    "THROTTLE_LEASE": _Constant("throttle.lease_s", "s", 0.2),
    "THROTTLE_RENEW": _Constant("throttle.renew_s", "s", 0.05),
    "THROTTLE_LEAVE": _Constant("throttle.leave_s", "s", 0.1),
    "THROTTLE_POLL": _Constant("throttle.poll_s", "s", 0.01),
    "ADAPTIVE_START": _Constant("throttle.adaptive_start", "calls", 0),
    "ADAPTIVE_COOLDOWN": _Constant("throttle.adaptive_cooldown_s", "s", 0),
    "REDIS_CONNECTIONS": _Constant("redis.max_connections", "connections", 2),
    "REDIS_BLOCK": _Constant("redis.block_s", "s", 0.05),
    "REDIS_PROBE": _Constant("redis.probe_interval_s", "s", 0.02, 60),
    "REDIS_PROBES": _Constant("redis.min_good_probes", "times", 1, 100),
    "EVENTS_AGE": _Constant("redis.max_event_age_s", "s", 60),
    "JOURNAL_SYNC": _Constant("redis.journal_sync_s", "s", 0.01),
    "SESSION_MAX_BYTES": _Constant("sessions.max_bytes", "bytes", MIB),
    "EVENTS_MOST": _Constant("sessions.max_events", "events", 100),
    "RUNS_MOST": _Constant("hunting.max_runs", "runs", 1),
    "TRIALS_MOST": _Constant("hunting.max_trials", "trials", 1),
    "TURNS_MOST": _Constant("hunting.max_turns", "turns", 1),
    "REJUDGINGS_MOST": _Constant("hunting.max_rejudgings", "times", 1),
    "BLIND_OUTCOME_STEP": _Constant("hunting.blind_outcome_step_s", "s", 0, 3600),
    "ACTIVE_HUNTS_MOST": _Constant("hunting.max_active_hunts", "hunts", 1),
    "SHARD_HUNTS": _Constant("hunting.part_hunts", "hunts", 1),
    "SHARD_LEASE": _Constant("hunting.part_lease_s", "s", 0.5),
    "INSTANCE_BEAT": _Constant("hunting.heartbeat_s", "s", 0.05),
    "INSTANCE_LIFE": _Constant("hunting.instance_ttl_s", "s", 0.2),
    "REVIEWS_MOST": _Constant("review.max_reviews", "reviews", 1),
    "REVIEW_MAX_CHARS": _Constant("review.max_explanation_chars", "characters", 100),
    "NOTEBOOK_MAX_CELLS": _Constant("notebooks.max_cells", "cells", 1),
    "NOTEBOOK_MAX_VALUES": _Constant("notebooks.max_values", "values", 1000),
    "LARGE_NOTEBOOKS_MOST": _Constant("notebooks.max_large_waiting", "notebooks", 1),
    "FETCH_TIMEOUT": _Constant("notebooks.fetch_timeout_s", "s", 0.1),
    "MAX_FALLBACK_BYTES": _Constant("redis.max_fallback_bytes", "bytes", MIB),
    "MAX_SESSIONS_PERCENT_PER_USER": _Constant("sessions.max_percent_per_user", "% of MAX_SESSIONS", 1, 100),
    "MAX_SLOTS": _Constant("review.max_slots", "hunts", 1),
    "RETRY_MAX_WAIT": _Constant("calls.retry_max_wait_s", "s", 0),
    "PREVIEW_MAX_CHARS": _Constant("notebooks.max_preview_chars", "characters", 100),
}


def constants() -> Iterator[Setting]:
    """What was a setting and is a constant now, as rows that can still be read."""
    for variable, (field, unit, minimum, maximum) in _CONSTANTS.items():
        group, _, name = field.partition(".")
        default = getattr(getattr(Settings(), group), name)
        yield Setting(group, name, Row(variable, unit, "", minimum, maximum), default)


def deprecated_variables(variables: Collection[str]) -> Iterator[SettingWarning]:
    """A warning for each deprecated variable among those that are set."""
    for old, new in RENAMED.items():
        if old in variables and new in variables:
            text = f"{old} is ignored because {new} is set too. Remove {old}: it is the old name."
            yield SettingWarning(old, new, text)
        elif old in variables and new in _CONSTANTS:
            yield SettingWarning(old, "", _fixed(old))
        elif old in variables:
            text = f"{old} is deprecated and will be ignored in the next release. Use {new}."
            yield SettingWarning(old, new, text)
    for variable in sorted(WITHOUT_EFFECT & set(variables)):
        yield SettingWarning(variable, "", f"{variable} no longer has an effect. Remove it.")
    for variable in sorted(_CONSTANTS.keys() & set(variables)):
        yield SettingWarning(variable, "", _fixed(variable))


def _fixed(variable: str) -> str:
    return f"{variable} is deprecated and will be ignored in the next release. Its default is fixed then."
