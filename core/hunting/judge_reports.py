"""The judge cards of this installation, from the telemetry of all its processes. Computed in a child process when
somebody asks for them, and at most every few minutes."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from core.child_process import CallLimits, ChildFailed, ChildProcess
from core.clock import Clock
from core.errors import Unavailable
from core.review.judge_cards import JudgeReport, judge_report
from core.settings import TelemetrySettings
from core.telemetry.appending import FOLDER_MODE
from core.telemetry.judge_counts import count_verdicts

if TYPE_CHECKING:
    from core.telemetry.reader import TelemetryReader

log = structlog.get_logger(__name__)
MAX_AGE_S = 300.0
"""An older report is computed again when somebody asks; until then the older one is shown."""
READING = CallLimits(cpu_s=300.0, wall_s=600.0, memory_bytes=8 * 1024 * 1024 * 1024)
"""A million records take 5 s of CPU the first time. DuckDB reserves more addresses than it uses memory."""
CACHE_FOLDER = ".cache/judges"
"""In the log's folder or TELEMETRY_CACHE: beside the dashboard's database, which belongs to one process."""
LOCK = "reading.lock"


@dataclass(frozen=True)
class DatedReport:
    report: JudgeReport
    computed_at: datetime


class JudgeReports:
    """Owns a child process; `close` ends it."""

    def __init__(self, settings: TelemetrySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._child = ChildProcess()
        self._latest: DatedReport | None = None
        self._computing: asyncio.Task[DatedReport] | None = None

    async def current(self) -> DatedReport:
        """The report, at most MAX_AGE_S old or being computed again. Raises Unavailable if there is none."""
        latest = self._latest
        if latest is None or (self._clock.now() - latest.computed_at).total_seconds() >= MAX_AGE_S:
            if self._computing is None or self._computing.done():
                self._computing = asyncio.create_task(self._compute(), name="judge cards")
                self._computing.add_done_callback(_report_failure)
            if latest is None:
                return await asyncio.shield(self._computing)
        return latest

    async def close(self) -> None:
        await self._child.close()
        if self._computing is not None:
            await asyncio.wait([self._computing])

    async def _compute(self) -> DatedReport:
        at = self._clock.now()
        try:
            report: JudgeReport = await self._child.call(READING, read_report, self._settings)
        except ChildFailed as error:
            raise Unavailable(f"The judge cards could not be computed: {error}.", hint="Try again later.") from error
        self._latest = DatedReport(report, at)
        return self._latest


def read_report(settings: TelemetrySettings) -> JudgeReport:
    """Read what is new in the log and compute the report. Blocks. Raises Unavailable if the log cannot be read."""
    with log_reader(settings) as reader:
        return judge_report(count_verdicts(reader))


@contextmanager
def log_reader(settings: TelemetrySettings) -> Iterator[TelemetryReader]:
    """A reader of the current log, with the cache for all processes but the dashboard. Blocks. Raises Unavailable if
    the log cannot be read."""
    from core.telemetry.reader import TelemetryReader  # DuckDB takes 50 MiB, here of a process that ends

    directory = Path(settings.directory)
    cache = Path(settings.cache_dir or directory) / CACHE_FOLDER
    try:
        with _one_at_a_time(cache), TelemetryReader(directory, cache_directory=cache) as reader:
            reader.refresh()
            yield reader
    except OSError as error:
        raise Unavailable(
            f"The telemetry log cannot be read: {error.strerror or error}.", hint="Check TELEMETRY_DIR."
        ) from error


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    """Processes of one machine wait for each other, so that each of them only reads what is new. Where no cache can be
    written, each reads the whole log."""
    try:
        cache.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        lock = (cache / LOCK).open("ab")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _report_failure(computing: asyncio.Task[DatedReport]) -> None:
    if not computing.cancelled() and (error := computing.exception()) is not None:
        log.warning("judges.not_computed", error=str(error))


@asynccontextmanager
async def open_judge_reports(settings: TelemetrySettings, clock: Clock) -> AsyncIterator[JudgeReports]:
    reports = JudgeReports(settings, clock)
    try:
        yield reports
    finally:
        await reports.close()
