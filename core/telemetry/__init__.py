"""Telemetry for the dashboard: append-only JSON Lines, one file per process and day.
May use core.domain, core.errors, core.clock, core.settings.
Never blocks a hunt: the queue is bounded, and dropped records are counted; never contains keys or session ids.
Owned and closed by core.runtime (writer, flushed after the hunts) and by the dashboard (reader).
Tests in tests/core/telemetry.
"""
