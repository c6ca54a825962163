"""Thresholds of the dashboard's alarms; dashboard_app/alarms.py has the rules."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import setting


@dataclass(frozen=True)
class AlarmSettings:
    """When the dashboard raises an alarm."""

    window_min: int = setting(60, "ALARM_WINDOW", "min", "Time window of the alarms.", minimum=1, maximum=10080)
    min_samples: int = setting(
        20, "ALARM_MIN_SAMPLES", "samples", "Minimum hunts, calls or verdicts for percentage alarms.", minimum=1
    )
    errors_percent: float = setting(
        20.0,
        "ALARM_ERRORS",
        "% of hunts",
        "Share of hunts ending in errors above which an alarm is raised.",
        minimum=0,
        maximum=100,
    )
    rate_limited_percent: float = setting(
        10.0,
        "ALARM_RATE_LIMITED",
        "% of calls",
        "Share of rate-limited calls above which an alarm is raised.",
        minimum=0,
        maximum=100,
    )
    undetermined_percent: float = setting(
        10.0,
        "ALARM_UNDETERMINED",
        "% of verdicts",
        "Share of undetermined verdicts above which an alarm is raised.",
        minimum=0,
        maximum=100,
    )
    max_hunts_without_break: int = setting(
        100,
        "ALARM_NO_BREAKS",
        "hunts",
        "Decided hunts of one task without a break that raise an alarm; 0: off.",
        minimum=0,
    )
    budget_usd: float = setting(
        0.0,
        "ALARM_BUDGET",
        "USD a day",
        "Known cost of 24 hours above which an alarm is raised; 0: no budget.",
        minimum=0,
    )

    dropped_records: int = 1
    """Lost telemetry records that raise an alarm; 0: off."""
