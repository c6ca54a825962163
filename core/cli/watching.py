"""The progress bar of a run on a terminal; on stderr, so that stdout stays for results."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from core.domain.run import Counts, Run

ROOMY = 60
"""Columns; a narrower terminal is told the numbers alone."""


class Watching:
    def __init__(self, run: Run, *, quiet: bool) -> None:
        console = Console(stderr=True)
        decoration = (BarColumn(), TimeElapsedColumn(), TimeRemainingColumn()) if console.width >= ROOMY else ()
        self._progress = Progress(
            TextColumn("hunting"),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            *decoration,
            console=console,
            disable=quiet,
        )
        self._task = self._progress.add_task("", total=run.hunts)

    def show(self, counts: Counts) -> None:
        parts = [f"{counts.broke} breaks", f"{counts.held} held"]
        parts += [f"{n} {word}" for n, word in ((counts.undetermined, "undetermined"), (counts.error, "errors")) if n]
        self._progress.update(self._task, completed=counts.done, description=" · ".join(parts))

    def __enter__(self) -> Watching:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
