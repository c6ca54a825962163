"""What the server counts: calls, calls in flight, the most in flight at once, and how calls ended.

Limits are proven here, on the provider's side: by model, by purpose and by account (one key).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from core.simulator.seeded import digest_of

MAX_ROWS = 1_000
"""Models or accounts that are counted on their own; all further ones share the row OTHERS."""
OTHERS = "others"


def account_of(key: str) -> str:
    """The name under which a key's calls are counted: never the key itself. "none" without a key."""
    return digest_of(key)[:12] if key else "none"


@dataclass(slots=True)
class Count:
    calls: int = 0
    in_flight: int = 0
    in_flight_most: int = 0
    """The name is part of `/sim/counters`."""


class OpenCall:
    """One call in flight, until its first `end`."""

    def __init__(self, counts: tuple[Count, ...], ended: dict[str, int]) -> None:
        self._counts = counts
        self._ended = ended
        for count in counts:
            count.calls += 1
            count.in_flight += 1
            count.in_flight_most = max(count.in_flight_most, count.in_flight)

    def end(self, how: str) -> None:
        """To be called before the last byte is sent, so that nobody sees a free slot too early."""
        if self._counts:
            self._ended[how] = self._ended.get(how, 0) + 1
        for count in self._counts:
            count.in_flight -= 1
        self._counts = ()


@dataclass
class Counters:
    total: Count = field(default_factory=Count)
    ended: dict[str, int] = field(default_factory=dict)
    by_purpose: dict[str, Count] = field(default_factory=dict)
    by_model: dict[str, Count] = field(default_factory=dict)
    by_account: dict[str, Count] = field(default_factory=dict)

    @contextmanager
    def call(self, purpose: str, model: str, account: str) -> Iterator[OpenCall]:
        """A call in flight. If nothing has ended it when the block ends, the client has disconnected."""
        rows = (_row(self.by_purpose, purpose), _row(self.by_model, model), _row(self.by_account, account))
        call = OpenCall((self.total, *rows), self.ended)
        try:
            yield call
        finally:
            call.end("disconnected")

    def as_json(self) -> dict[str, Any]:
        rows = asdict(self)
        return {**rows.pop("total"), **rows}


def _row(rows: dict[str, Count], name: str) -> Count:
    return rows.setdefault(name if name in rows or len(rows) < MAX_ROWS else OTHERS, Count())
