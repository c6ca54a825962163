"""The budgets of today: refuse, reserve, settle, show."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from core.budget.base import NANO, Ledger, Refusal, Reservation, Spent, Subject
from core.budget.memory import MemoryLedger
from core.budget.redis import RedisLedger
from core.clock import Clock
from core.errors import BudgetSpent
from core.redis.client import RedisClients
from core.settings import BudgetSettings, Settings
from core.status import BudgetState

RETRY_S = 0.25
MAX_WAIT_S = 30.0
"""Longest wait for calls in flight to settle; those of a process that died settle minutes later."""
STEPS = 20
"""What is left is shown to trainers in steps of a twentieth: exact amounts would reveal judge costs of sealed
sessions."""


class NoRoomYet(Exception):
    """What is left of a budget is reserved for calls in flight, which may cost less than expected."""


@dataclass(frozen=True)
class _Limits:
    user: int
    account: int


class Budgets:
    """Without limits it does nothing, and costs nothing."""

    def __init__(
        self, settings: BudgetSettings, ledger: Ledger, clock: Clock, process: str, max_wait_s: float = MAX_WAIT_S
    ) -> None:
        """`process`: unique name of this process."""
        self._max_wait_s = max_wait_s
        self._limits = _Limits(round(settings.per_user_usd * NANO), round(settings.per_account_usd * NANO))
        self._ledger = ledger
        self._clock = clock
        self._process = process
        self._numbers = itertools.count()
        self._polling: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @property
    def active(self) -> bool:
        return bool(self._limits.user or self._limits.account)

    async def reserve(self, user: str, account: str, expected_usd: float) -> Reservation | None:
        """Reserve the expected cost of one call; None without limits. Raises BudgetSpent if nothing is left, and
        NoRoomYet if only calls in flight use the budget up: see `wait_for_room`.

        A budget with anything left allows the call, so it is exceeded by the calls in flight at most.
        """
        subjects = self._subjects((user,), (account,))
        if not subjects:
            return None
        amount = max(0, round(expected_usd * NANO))
        token = f"{self._process}:{next(self._numbers)}:{amount}"
        if refused := await self._ledger.reserve(subjects, token, amount):
            if refused.final:
                raise self._spent(refused.subject)
            raise NoRoomYet
        return Reservation(tuple(subjects), token, amount)

    async def wait_for_room(self, user: str, account: str) -> None:
        """Wait until calls in flight have settled. Raises BudgetSpent if nothing is left then, or after MAX_WAIT_S."""
        until_s = self._clock.monotonic() + self._max_wait_s
        lock = self._polling.setdefault((user, account), asyncio.Lock())
        async with lock:  # however many wait, one of them asks the ledger
            while refused := await self._room_refusal(user, account):
                if refused.final or self._clock.monotonic() >= until_s:
                    raise self._spent(refused.subject)
                await asyncio.sleep(RETRY_S)

    async def _room_refusal(self, user: str, account: str) -> Refusal | None:
        subjects = self._subjects((user,), (account,))
        return await self._ledger.refusal(subjects) if subjects else None

    async def settle(self, reservation: Reservation | None, cost_usd: float | None) -> None:
        """Count the real cost. None: it is unknown, and counts as 0."""
        if reservation is not None:
            cost = 0 if cost_usd is None else max(0, round(cost_usd * NANO))
            await self._ledger.settle(reservation, cost, unknown=cost_usd is None)

    async def refuse_spent(self, user: str, accounts: Iterable[str]) -> None:
        """Raise BudgetSpent if the person's budget or that of one of the accounts is spent."""
        subjects = self._subjects((user,), accounts)
        for subject, spent in zip(subjects, await self._read(subjects), strict=True):
            if spent.spent >= subject.limit:
                raise self._spent(subject)

    async def states(self, users: Iterable[str], accounts: Iterable[str]) -> tuple[BudgetState, ...]:
        """What is left for these people and of these accounts, exactly."""
        subjects = self._subjects(users, accounts)
        rows = zip(subjects, await self._read(subjects), strict=True)
        return tuple(_state(subject, spent, shared=self._ledger.shared) for subject, spent in rows)

    async def rough_states(self, user: str, accounts: Iterable[str]) -> tuple[BudgetState, ...]:
        """The same for trainers: in steps, without a person's name."""
        return tuple(_in_steps(state) for state in await self.states((user,), accounts))

    async def _read(self, subjects: Sequence[Subject]) -> list[Spent]:
        return await self._ledger.spent(subjects) if subjects else []

    def _subjects(self, users: Iterable[str], accounts: Iterable[str]) -> list[Subject]:
        """Those that have a limit."""
        day = f"{self._clock.now():%Y-%m-%d}"
        people = [Subject("user", name, day, self._limits.user) for name in dict.fromkeys(users)]
        every = [*people, *(Subject("account", name, day, self._limits.account) for name in dict.fromkeys(accounts))]
        return [subject for subject in every if subject.limit]

    def _spent(self, subject: Subject) -> BudgetSpent:
        now = self._clock.now()
        whose = "per person" if subject.kind == "user" else f"of the account {subject.name}"
        variable = "BUDGET_PER_USER_USD" if subject.kind == "user" else "BUDGET_PER_ACCOUNT_USD"
        other = "" if subject.kind == "user" else " Models of other accounts can still be used."
        wait_s = (next_day(now) - now).total_seconds()
        return BudgetSpent(
            f"The daily budget {whose} (${subject.limit / NANO:,.2f}) is spent.",
            hint=f"It starts again at 00:00 UTC. Operators can raise {variable}.{other}",
            details={
                "kind": subject.kind,
                "account": subject.name if subject.kind == "account" else None,
                "limit_usd": subject.limit / NANO,
                "retry_after_s": int(wait_s) + 1,
            },
        )


def next_day(now: datetime) -> datetime:
    """The next midnight UTC."""
    return datetime(now.year, now.month, now.day, tzinfo=now.tzinfo) + timedelta(days=1)


def _state(subject: Subject, spent: Spent, *, shared: bool) -> BudgetState:
    return BudgetState(
        kind=subject.kind,
        name=subject.name,
        limit_usd=subject.limit / NANO,
        spent_usd=spent.spent / NANO,
        reserved_usd=spent.reserved / NANO,
        left_usd=max(0, subject.limit - spent.spent - spent.reserved) / NANO,
        unknown_calls=spent.unknown,
        shared=shared,
    )


def _in_steps(state: BudgetState) -> BudgetState:
    """Rounded down to a step; half a step for anything below the first, and 0 only if nothing is left."""
    step = state.limit_usd / STEPS
    left = int(state.left_usd / step) * step or (step / 2 if state.left_usd > 0 else 0.0)
    name = "" if state.kind == "user" else state.name
    shown = {"name": name, "left_usd": left, "spent_usd": state.limit_usd - left, "reserved_usd": 0.0}
    return state.model_copy(update={**shown, "unknown_calls": int(state.unknown_calls > 0)})


LAPSE_MARGIN_S = 60.0
"""A reservation outlives the longest call by this; then it counts as spent."""


def open_budgets(settings: Settings, redis: RedisClients | None, clock: Clock, process: str) -> Budgets:
    """Holds nothing that must be closed: the runtime closes Redis."""
    lapse_s = settings.calls.timeout_s + LAPSE_MARGIN_S
    if redis is None:
        return Budgets(settings.budgets, MemoryLedger(clock.monotonic, lapse_s), clock, process)
    shared = RedisLedger(redis, clock, timeout_s=settings.redis.timeout_s, lapse_s=lapse_s)
    return Budgets(settings.budgets, shared, clock, process)
