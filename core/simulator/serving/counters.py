"""What the server counted: calls, calls in flight, the most in flight at once, and how calls ended.

Limits are proven here, on the provider's side: by model, by purpose and by account (one key).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from core.simulator.chance import digest_of

ROWS_MOST = 1_000
"""Different models or accounts that are counted apart; all further ones share a row."""
OTHERS = "others"


def account_of(key: str) -> str:
    """The name under which a key's calls are counted: never the key itself. "none" without a key."""
    return digest_of(key)[:12] if key else "none"


@dataclass(slots=True)
class Count:
    calls: int = 0
    in_flight: int = 0
    in_flight_most: int = 0

    def begin(self) -> None:
        self.calls += 1
        self.in_flight += 1
        self.in_flight_most = max(self.in_flight_most, self.in_flight)

    def end(self) -> None:
        self.in_flight -= 1

    def as_json(self) -> dict[str, int]:
        return {"calls": self.calls, "in_flight": self.in_flight, "in_flight_most": self.in_flight_most}


class Ticket:
    """One call in flight. Ended once, by whoever knows first how it ends."""

    def __init__(self, counts: tuple[Count, ...], ended: Counter[str]) -> None:
        self._counts = counts
        self._ended = ended
        self._open = True
        for count in counts:
            count.begin()

    def end(self, how: str) -> None:
        """No longer in flight. Said before the last byte is sent, so that nobody can see a free place too early."""
        if self._open:
            self._open = False
            self._ended[how] += 1
            for count in self._counts:
                count.end()


@dataclass
class Counters:
    total: Count = field(default_factory=Count)
    by_purpose: dict[str, Count] = field(default_factory=dict)
    by_model: dict[str, Count] = field(default_factory=dict)
    by_account: dict[str, Count] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def call(self, purpose: str, model: str, account: str) -> Iterator[Ticket]:
        """A call in flight, from here to `Ticket.end`, or to the end of the block: then it was `disconnected`."""
        rows = (_row(self.by_purpose, purpose), _row(self.by_model, model), _row(self.by_account, account))
        ticket = Ticket((self.total, *rows), self.ended)
        try:
            yield ticket
        finally:
            ticket.end("disconnected")

    def as_json(self) -> dict[str, Any]:
        return {
            **self.total.as_json(),
            "ended": dict(self.ended),
            "by_purpose": _rows(self.by_purpose),
            "by_model": _rows(self.by_model),
            "by_account": _rows(self.by_account),
        }


def _row(rows: dict[str, Count], name: str) -> Count:
    if name not in rows and len(rows) >= ROWS_MOST:
        name = OTHERS
    return rows.setdefault(name, Count())


def _rows(rows: dict[str, Count]) -> dict[str, dict[str, int]]:
    return {name: count.as_json() for name, count in rows.items()}
