"""What a budget is about, and the interface of the ledgers that count it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from core.status import BudgetKind

NANO = 1_000_000_000
"""Amounts are whole nano-dollars: sums are exact, in Lua too (to 9 million dollars)."""


@dataclass(frozen=True)
class Subject:
    """Whose money is counted, on one UTC day."""

    kind: BudgetKind
    name: str
    """A person, "" without sign-in, or an account."""
    day: str
    """YYYY-MM-DD."""
    limit: int
    """Nano-dollars."""


@dataclass(frozen=True)
class Spent:
    """Nano-dollars of one subject."""

    spent: int = 0
    reserved: int = 0
    """Expected cost of the calls in flight."""
    unknown: int = 0
    """Calls of unknown cost."""


@dataclass(frozen=True)
class Reservation:
    """One call in flight, and whom it is counted for."""

    subjects: tuple[Subject, ...]
    token: str
    """Unique; ends with the amount."""
    amount: int


@dataclass(frozen=True)
class Refusal:
    """A subject whose limit is reached by what is spent and reserved."""

    subject: Subject
    spent: Spent

    @property
    def final(self) -> bool:
        """Whether nothing would be left even if the calls in flight cost nothing."""
        return self.spent.spent >= self.subject.limit


class Ledger(ABC):
    """Counts what is spent and reserved. Never fails: without Redis it counts what this process knows."""

    @property
    @abstractmethod
    def shared(self) -> bool:
        """Whether the numbers are those of all processes."""

    @abstractmethod
    async def reserve(self, subjects: Sequence[Subject], token: str, amount: int) -> Refusal | None:
        """Reserve `amount` for all subjects, or for none if one of them refuses."""

    @abstractmethod
    async def refusal(self, subjects: Sequence[Subject]) -> Refusal | None:
        """Return what a reservation would be refused with now."""

    @abstractmethod
    async def settle(self, reservation: Reservation, cost: int, *, unknown: bool) -> None:
        """Replace a reservation with the real cost. One that is never settled counts as spent after a while."""

    @abstractmethod
    async def spent(self, subjects: Sequence[Subject]) -> list[Spent]:
        """Return the current numbers of each subject."""
