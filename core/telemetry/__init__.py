"""What is written down for the dashboard: append-only JSON lines, a file per process and day.
May use core.domain, core.errors, core.clock, core.settings.
Never blocks a hunt: the queue is bounded and what is dropped is counted; never holds a key or a session's address.
Owned and closed by core.runtime (writer, flushed after the hunts) and by the dashboard (reader).
Tests in tests/core/telemetry.
"""
