"""Reads a long log in the background: the newest days first, older ones in a thread.

Nobody waits for the thread: viewers get what has been read so far, and the day from which on it is complete.
"""

from __future__ import annotations

import atexit
import threading

import duckdb
import structlog

from core.telemetry.reader import MIB, RefreshReport, TelemetryReader

log = structlog.get_logger(__name__)

FIRST_READ_BYTES = 96 * MIB
"""Bytes read before the first result: about a quarter of a million records, a second on two cores."""
STEP_BYTES = 64 * MIB
"""Bytes per step of the thread: new records of today wait for at most one step."""


class Following:
    """Owns the given reader, and a thread while older days are being read; `close` ends both."""

    def __init__(self, reader: TelemetryReader) -> None:
        self.reader = reader
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._behind: threading.Thread | None = None
        self._report = RefreshReport()
        atexit.register(self.close)

    def look(self) -> RefreshReport:
        """The current state of the log, or of the last step while older days are being read. Raises OSError like
        `refresh`."""
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
        """Wait until everything is read; False if that took longer than the timeout."""
        behind = self._behind
        if behind is not None:
            behind.join(timeout_s)
        return behind is None or not behind.is_alive()

    def close(self) -> None:
        """Returns after at most one step."""
        atexit.unregister(self.close)
        self._closing.set()
        self.wait()
        self.reader.close()

    def _read_older_days(self) -> None:
        before = self._report.waiting_bytes + 1
        # Without progress, leave the rest to the next refresh.
        while 0 < self._report.waiting_bytes < before and not self._closing.is_set():
            before = self._report.waiting_bytes
            try:
                self._report = self.reader.refresh(STEP_BYTES)
            except (OSError, duckdb.Error) as error:
                # The next refresh tries again and reports the error to the viewer.
                log.warning("telemetry.older_days_not_read", error=str(error))
                return
