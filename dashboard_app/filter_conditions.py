"""The filters of the history pages and their SQL conditions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any


class Period(StrEnum):
    """Ends now. The values appear in the page's URL."""

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

_SHORT = "regexp_extract(model, '[^/]*$')"
TARGET = f"""CASE WHEN model = '' THEN 'not chosen' WHEN coalesce(label, '') IN ('', model) THEN model
    WHEN starts_with(label, {_SHORT} || ' · ') THEN model || substr(label, length({_SHORT}) + 1)
    ELSE model || ' · ' || label END"""
"""The name of a hunt's model with its parameters: the model, then the label if it has one; a hunt of an adaptive run
that never began has none. People may give the same
label to several models."""
_EITHER = """
    ($since IS NULL OR ts >= $since) AND ($until IS NULL OR ts < $until)
    AND ($simulated IS NULL OR simulated = $simulated)
"""
CALLS = _EITHER + " AND ($model IS NULL OR model = split_part($model, ' · ', 1))"
"""Condition on `calls`, which have a model but no label and no task: those of the model with any parameters."""
REVIEWS = _EITHER + f" AND ($model IS NULL OR {TARGET} = $model) AND ($notebook IS NULL OR notebook = $notebook)"
"""Condition on `reviews`, which have no domain."""
HUNTS = REVIEWS + " AND ($domain IS NULL OR coalesce(domain, '') = $domain)"
"""Condition on `hunts`."""
RATED = "coalesce(allocation, '') <> 'adaptive'"
"""Condition on `hunts`: break rates count the hunt. Of an adaptive run they count the uniform share only."""
REVEALED = "(NOT coalesce(blind, false) OR (session, hunt_id) IN (SELECT (session, hunt_id) FROM reviews))"
"""Condition on `hunts`: the session is not blind, or the hunt's verdicts were revealed."""
TASK = "coalesce(nullif(task, ''), notebook)"
"""Groups hunts by the hash of the task's text; logs of older versions have no hash and are grouped by notebook."""


@dataclass(frozen=True)
class Choice:
    now: datetime
    """Aware. The period ends here; later records, from writers whose clock is ahead, count too."""
    period: Period = Period.ALL
    model: str | None = None
    notebook: str | None = None
    domain: str | None = None
    origin: Origin = Origin.ANY
    until: datetime | None = None
    """The end of a past period."""
    read_since: datetime | None = None
    """Records before this time have not all been read yet; None: the whole log has been read."""
    log_begin: datetime | None = None
    """Aware; the time of the log's oldest record. None: unknown, so there is no comparison."""

    @property
    def since(self) -> datetime | None:
        """Start of the period; None: the start of the log."""
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
        """The same filters in the previous period. None for the whole log, and if that period is not in the log or not
        read yet."""
        before = self._previous
        return before if before is not None and before.complete and not self.log_is_younger else None

    @property
    def log_is_younger(self) -> bool:
        """Whether the log begins during or after the previous period."""
        before = self._previous
        if before is None or before.since is None:
            return False
        return self.log_begin is None or self.log_begin > before.since

    @property
    def _previous(self) -> Choice | None:
        return replace(self, now=self.since, until=self.since) if self.since else None

    @property
    def complete(self) -> bool:
        """Whether the log has been read for the whole period."""
        return self.read_since is None or (self.since is not None and self.since >= self.read_since)


def _in_the_log(moment: datetime) -> datetime:
    """UTC without a zone, as the log's `ts` column holds it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
