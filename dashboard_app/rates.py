"""Rates with 95% intervals, as the page and the command line show them (docs/statistics.md)."""

from __future__ import annotations

from dataclasses import dataclass

from core.statistics.intervals import Interval, Method, confidence_sequence, wilson

METHODS = {Method.WILSON: "Wilson", Method.CONFIDENCE_SEQUENCE: "confidence sequence"}


@dataclass(frozen=True)
class Rate:
    """Breaks over decided hunts (broke + held); errors and undecided hunts do not count."""

    broke: int
    decided: int
    fixed: bool = True
    """Their number was fixed beforehand; false for hunts of several runs and of a run that ended early."""

    @property
    def share(self) -> float | None:
        """0 to 1; None ("n/a") without decided hunts."""
        return self.broke / self.decided if self.decided else None

    @property
    def interval(self) -> Interval | None:
        return (wilson if self.fixed else confidence_sequence)(self.broke, self.decided)

    @property
    def method(self) -> str:
        return METHODS[self.interval.method] if self.interval else ""
