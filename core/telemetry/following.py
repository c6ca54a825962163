"""A log that is looked at while it is long: the newest days at once, older ones behind them in a thread.

Nobody waits for what is being read: who looks meanwhile gets what is there, and is told from which day on it is all.
"""

from __future__ import annotations

import atexit
import threading

import duckdb
import structlog

from core.telemetry.reader import MIB, RefreshReport, TelemetryReader

log = structlog.get_logger(__name__)

FIRST_READ_BYTES = 96 * MIB
"""Read before the first answer: about a quarter of a million records, a second on two cores."""
STEP_BYTES = 64 * MIB
"""A step of the reading behind: new records of today wait for one at most."""


class Following:
    """Owns the reader that it is given, and a thread while older days are being read; `close` ends both."""

    def __init__(self, reader: TelemetryReader) -> None:
        self.reader = reader
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._behind: threading.Thread | None = None
        self._report = RefreshReport()
        atexit.register(self.close)

    def look(self) -> RefreshReport:
        """The log as of now, or while older days are being read as of the last step. Raises OSError as `refresh`."""
        with self._starting:
            if self._behind is None or not self._behind.is_alive():
                self._report = self.reader.refresh(FIRST_READ_BYTES)
                if self._report.waiting_bytes and not self._closing.is_set():
                    self._behind = threading.Thread(
                        target=self._read_older_days, name="telemetry-older-days", daemon=True
                    )
                    self._behind.start()
            return self._report

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until nothing is being read; False when that took longer."""
        behind = self._behind
        if behind is not None:
            behind.join(timeout_s)
        return behind is None or not behind.is_alive()

    def close(self) -> None:
        """After at most one step."""
        atexit.unregister(self.close)
        self._closing.set()
        self.wait()
        self.reader.close()

    def _read_older_days(self) -> None:
        before = self._report.waiting_bytes + 1
        while 0 < self._report.waiting_bytes < before and not self._closing.is_set():  # without progress: the next look
            before = self._report.waiting_bytes
            try:
                self._report = self.reader.refresh(STEP_BYTES)
            except (OSError, duckdb.Error) as error:
                # The next look asks again, and tells the viewer when it fails too.
                log.warning("telemetry.older_days_not_read", error=str(error))
                return
