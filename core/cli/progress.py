"""Shows a run's progress on stderr (stdout is for results): a bar on a terminal, periodic lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, cast

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from core.cli.output import SafeStderr, say
from core.domain.run import Counts, Run

MIN_BAR_COLUMNS = 60
"""Columns; narrower terminals show only the numbers."""
LINE_EVERY_S = 10.0
"""Interval of the progress lines."""


class ProgressDisplay:
    """Shows nothing when `quiet`. `now_s` is a monotonic clock."""

    def __init__(self, run: Run, *, quiet: bool, now_s: Callable[[], float] = time.monotonic) -> None:
        console = Console(file=cast("IO[str]", SafeStderr()))
        decoration = (
            (BarColumn(), TimeElapsedColumn(), TimeRemainingColumn()) if console.width >= MIN_BAR_COLUMNS else ()
        )
        self._lines = not quiet and not console.is_terminal
        self._progress = Progress(
            TextColumn("hunting"),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            *decoration,
            console=console,
            disable=quiet or self._lines,
        )
        self._total = run.hunts
        self._task = self._progress.add_task("", total=run.hunts)
        self._now_s = now_s
        self._newest = self._last_line = ""
        self._line_at_s = now_s()

    def show(self, counts: Counts, *, forecast: str = "", ended: bool = False) -> None:
        """Only finished hunts advance the bar. If `ended`, all others count as not finished, so that the numbers add
        up. `forecast`: a sentence, below the bar or at the end of the line."""
        finished = counts.finished
        rest = self._total - finished if ended else counts.done - finished
        parts = [f"{counts.broke} breaks", f"{counts.held} held"]
        others = ((counts.undetermined, "undetermined"), (counts.error, "errors"), (rest, "not finished"))
        words = " · ".join((*parts, *(f"{n} {word}" for n, word in others if n)))
        below = f"\n{escape(forecast)}" if forecast else ""
        self._progress.update(self._task, completed=finished, description=words + below)
        self._newest = " · ".join(filter(None, (f"hunting {finished}/{self._total} {words}", forecast)))
        if self._lines and (not self._last_line or self._now_s() - self._line_at_s >= LINE_EVERY_S):
            self._write_line()

    def __enter__(self) -> ProgressDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        if self._lines:
            self._write_line()

    def _write_line(self) -> None:
        self._line_at_s = self._now_s()
        if self._newest != self._last_line:
            self._last_line = self._newest
            say(self._newest)
