"""The telemetry log and the dashboard's cache of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.rows import MIB, setting


@dataclass(frozen=True)
class TelemetrySettings:
    """The telemetry log and the dashboard's cache of it."""

    directory: str = setting("telemetry", "TELEMETRY_DIR", "path", "Where telemetry is written and read.")
    retention_days: int = setting(
        30, "TELEMETRY_DAYS", "days", "Days after which telemetry files are removed.", minimum=1
    )
    max_reply_chars: int = setting(
        20_000,
        "TELEMETRY_REPLY_CHARS",
        "characters",
        "Maximum text of each reply in the log; 0: none.",
        minimum=0,
        maximum=100_000,
    )
    cache_dir: str = setting(
        "", "TELEMETRY_CACHE", "path", "Where the dashboard caches what it has read; empty: .cache in TELEMETRY_DIR."
    )

    max_queued_records: int = 20_000
    """Records that wait to be written; further ones are dropped and counted. Minutes of hunting with a blocked disk."""
    max_queued_bytes: int = 32 * MIB
    """Memory for those records."""
    flush_interval_s: float = 0.5
    """Between two writes: what a crash can lose."""
