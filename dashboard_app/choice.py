"""What a viewer has chosen to look at: the part of the log that every number and chart of a page is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any


class Period(StrEnum):
    """Up to now. The values stand in the page's address."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"


class Origin(StrEnum):
    """Whether the hunted models were real."""

    ANY = "any"
    REAL = "real"
    SIMULATED = "simulated"


LENGTH: dict[Period, timedelta] = {
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}

CALLS = """
    ($since IS NULL OR ts >= $since) AND ($until IS NULL OR ts < $until) AND ($model IS NULL OR model = $model)
    AND ($simulated IS NULL OR simulated = $simulated)
"""
"""Which rows of `calls` are meant. A call knows its model, and nothing of tasks."""
HUNTS = (
    CALLS + " AND ($notebook IS NULL OR notebook = $notebook) AND ($domain IS NULL OR coalesce(domain, '') = $domain)"
)
"""Which rows of `hunts`, and of `reviews` but for the domain, are meant."""
TASK = "coalesce(nullif(task, ''), notebook)"
"""Criteria are compared within one of these: the same text of a task, or for old logs the same notebook."""


@dataclass(frozen=True)
class Choice:
    now: datetime
    """Aware; the period goes up to here, and what a writer whose clock is ahead has written counts too."""
    period: Period = Period.ALL
    model: str | None = None
    notebook: str | None = None
    domain: str | None = None
    origin: Origin = Origin.ANY
    until: datetime | None = None
    """The end of a period that is over."""
    read_since: datetime | None = None
    """Of the log before it not all has been read yet; None: all is there."""
    log_begin: datetime | None = None
    """Aware; the log's oldest record. None: not known, then nothing is compared to what may be missing."""

    @property
    def since(self) -> datetime | None:
        """The period's beginning; None: the log's."""
        length = LENGTH.get(self.period)
        return self.now - length if length else None

    @property
    def params(self) -> dict[str, Any]:
        simulated = {Origin.REAL: False, Origin.SIMULATED: True}.get(self.origin)
        return {
            "since": _in_the_log(self.since) if self.since else None,
            "model": self.model,
            "notebook": self.notebook,
            "domain": self.domain,
            "simulated": simulated,
            "until": _in_the_log(self.until) if self.until else None,
        }

    @property
    def before(self) -> Choice | None:
        """The same choice in the previous period. None for the whole log, which has none, and where the log does not
        hold that period from its beginning on: because it is still being read, or because the log is younger."""
        before = self._previous
        return before if before is not None and before.complete and not self.log_is_younger else None

    @property
    def log_is_younger(self) -> bool:
        """Whether the log begins within the previous period, or after it."""
        before = self._previous
        if before is None or before.since is None:
            return False
        return self.log_begin is None or self.log_begin > before.since

    @property
    def _previous(self) -> Choice | None:
        return replace(self, now=self.since, until=self.since) if self.since else None

    @property
    def complete(self) -> bool:
        """Everything that the choice means has been read."""
        return self.read_since is None or (self.since is not None and self.since >= self.read_since)


def _in_the_log(moment: datetime) -> datetime:
    """UTC without a zone, as the log's `ts` column holds it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
