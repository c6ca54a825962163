"""The ledger of one process."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.budget.base import Ledger, Refusal, Reservation, Spent, Subject

MAX_SUBJECTS = 10_000
"""Of all days; the oldest are forgotten."""


@dataclass
class DayTotals:
    """The numbers of one subject."""

    spent: int = 0
    unknown: int = 0
    reserved_elsewhere: int = 0
    """By other processes, as last known."""
    open: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Token → amount, and when it counts as spent."""

    @property
    def reserved(self) -> int:
        return self.reserved_elsewhere + sum(amount for amount, _ in self.open.values())

    @property
    def totals(self) -> Spent:
        return Spent(self.spent, self.reserved, self.unknown)

    def lapse(self, now_s: float) -> None:
        for token in [token for token, (_, until_s) in self.open.items() if until_s <= now_s]:
            self.spent += self.open.pop(token)[0]


class MemoryLedger(Ledger):
    def __init__(self, monotonic: Callable[[], float], lapse_s: float) -> None:
        """`lapse_s`: a reservation that is never settled counts as spent after this time; infinite: never."""
        self._monotonic = monotonic
        self._lapse_s = lapse_s
        self._accounts: dict[tuple[str, str, str], DayTotals] = {}

    @property
    def shared(self) -> bool:
        return False

    async def reserve(self, subjects: Sequence[Subject], token: str, amount: int) -> Refusal | None:
        if refused := await self.refusal(subjects):
            return refused
        for subject in subjects:
            self.account(subject).open[token] = (amount, self._monotonic() + self._lapse_s)
        return None

    async def refusal(self, subjects: Sequence[Subject]) -> Refusal | None:
        found = (Refusal(subject, self.account(subject).totals) for subject in subjects)
        return next((one for one in found if one.spent.spent + one.spent.reserved >= one.subject.limit), None)

    async def settle(self, reservation: Reservation, cost: int, *, unknown: bool) -> None:
        for subject in reservation.subjects:
            account = self.account(subject)
            lapsed = account.open.pop(reservation.token, None) is None
            account.spent += cost - reservation.amount if lapsed else cost
            account.unknown += unknown

    async def spent(self, subjects: Sequence[Subject]) -> list[Spent]:
        return [self.account(subject).totals for subject in subjects]

    def account(self, subject: Subject) -> DayTotals:
        """The numbers of a subject, for changes by the owner."""
        key = (subject.kind, subject.name, subject.day)
        if key not in self._accounts and len(self._accounts) >= MAX_SUBJECTS:
            del self._accounts[next(iter(self._accounts))]
        account = self._accounts.setdefault(key, DayTotals())
        if self._lapse_s < math.inf:
            account.lapse(self._monotonic())
        return account
