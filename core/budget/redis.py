"""The ledger that all processes share through Redis, with the process's own as fallback."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from core.budget.base import Ledger, Refusal, Reservation, Spent, Subject
from core.budget.memory import MemoryLedger
from core.clock import Clock
from core.errors import RedisAway
from core.redis.client import RedisClients, with_deadline
from core.redis.keys import budget_keys
from core.redis.scripts import Call, LuaScript, run_scripts

log = structlog.get_logger(__name__)
KEY_LIFE_S = 2 * 86400
"""Keys outlive their day by at least one: a call that began before midnight settles on the day it began."""
RETRY_S = 2.0
"""After a failed command, the process counts on its own for this long before it asks Redis again."""
MAX_PENDING = 100_000
"""Costs that wait for Redis."""
BATCH = 500
"""Costs that are sent at once, a few milliseconds' work here and in Redis."""
RESERVE = LuaScript.read(Path(__file__).with_name("reserve.lua"))
SETTLE = LuaScript.read(Path(__file__).with_name("settle.lua"))


class RedisLedger(Ledger):
    """Numbers stay known while Redis is away; what is spent meanwhile is added when it is back."""

    def __init__(self, redis: RedisClients, clock: Clock, *, timeout_s: float, lapse_s: float) -> None:
        self._redis = redis
        self._clock = clock
        self._timeout_s = timeout_s
        self._lapse_s = lapse_s
        self._local = MemoryLedger(clock.monotonic, math.inf)  # Redis decides what has lapsed
        self._pending: list[Call] = []
        self._reserved: set[str] = set()
        """Tokens that are known to be in Redis."""
        self._offline: dict[str, tuple[Reservation, float]] = {}
        """Reservations that Redis does not know, oldest first, and when each counts as spent."""
        self._away_until_s = 0.0
        self._away = False
        self._sending = asyncio.Lock()

    @property
    def shared(self) -> bool:
        return not self._away

    async def reserve(self, subjects: Sequence[Subject], token: str, amount: int) -> Refusal | None:
        await self._settle_lapsed()
        for subject in subjects:  # before the answer, which counts it among those of all processes
            self._local.account(subject).open[token] = (amount, self._clock.monotonic() + self._lapse_s)
        answer = await self._run(self._reserve_call(subjects, token, str(amount)))
        if answer is None or answer[0]:
            for subject in subjects:
                self._local.account(subject).open.pop(token, None)
        if answer is None:
            return await self._reserve_offline(subjects, token, amount)
        refused = self._learn_refusal(subjects, answer)
        if refused is None:
            self._reserved.add(token)
        return refused

    async def refusal(self, subjects: Sequence[Subject]) -> Refusal | None:
        await self._settle_lapsed()
        answer = await self._run(self._reserve_call(subjects, "", "-"))
        return await self._local.refusal(subjects) if answer is None else self._learn_refusal(subjects, answer)

    async def _reserve_offline(self, subjects: Sequence[Subject], token: str, amount: int) -> Refusal | None:
        refused = await self._local.reserve(subjects, token, amount)
        if refused is None:
            reservation = Reservation(tuple(subjects), token, amount)
            self._offline[token] = (reservation, self._clock.monotonic() + self._lapse_s)
        return refused

    async def _settle_lapsed(self) -> None:
        """Count what was reserved without Redis and never settled as spent: Redis cannot do it."""
        now_s = self._clock.monotonic()
        while self._offline:
            reservation, until_s = next(iter(self._offline.values()))
            if until_s > now_s:
                return
            await self.settle(reservation, reservation.amount, unknown=False)

    async def settle(self, reservation: Reservation, cost: int, *, unknown: bool) -> None:
        self._offline.pop(reservation.token, None)
        known = reservation.token in self._reserved
        self._reserved.discard(reservation.token)
        answer = await self._run(self._settle_call(reservation, cost, unknown, known=known))
        if answer is None:
            await self._local.settle(reservation, cost, unknown=unknown)
            if len(self._pending) < MAX_PENDING:
                self._pending.append(self._settle_call(reservation, cost, unknown, known=known, repeated=True))
            return
        for subject in reservation.subjects:
            self._local.account(subject).open.pop(reservation.token, None)
        self._learn(reservation.subjects, answer)

    async def spent(self, subjects: Sequence[Subject]) -> list[Spent]:
        if not subjects:
            return []
        await self._settle_lapsed()
        answer = await self._run(self._reserve_call(subjects, "", "-"))
        if answer is not None:
            self._learn_refusal(subjects, answer)
        return await self._local.spent(subjects)

    def _reserve_call(self, subjects: Sequence[Subject], token: str, amount: str) -> Call:
        now_ms = int(self._clock.now().timestamp() * 1000)
        values: list[str | int] = [now_ms, now_ms + int(self._lapse_s * 1000), amount, token, KEY_LIFE_S]
        for subject in subjects:
            values += [subject.limit, self._local.account(subject).spent]
        return RESERVE, _keys(subjects), values

    def _settle_call(
        self, reservation: Reservation, cost: int, unknown: bool, *, known: bool, repeated: bool = False
    ) -> Call:
        """`known`: Redis has confirmed the reservation."""
        marked_until_ms = 0 if known else int((self._clock.now().timestamp() + self._lapse_s) * 1000)
        values = (reservation.amount, cost, int(unknown), KEY_LIFE_S, int(repeated and known), marked_until_ms)
        return SETTLE, _keys(reservation.subjects), (reservation.token, *values)

    @property
    def _failed_lately(self) -> bool:
        return self._away and self._clock.monotonic() < self._away_until_s

    async def _run(self, call: Call) -> list[Any] | None:
        """The script's answer, after what waited for Redis has been sent; None while Redis is away."""
        try:
            if self._pending or self._sending.locked():
                await self._send_pending()
            if self._failed_lately:
                return None
            async with with_deadline(self._timeout_s):
                (answer,) = await run_scripts(self._redis.commands, [call])
        except RedisAway as error:
            if not self._away:
                log.warning("budget.unshared", reason=error.message)
            self._away, self._away_until_s = True, self._clock.monotonic() + RETRY_S
            return None
        if self._away:
            log.info("budget.shared")
        self._away = False
        return list(answer)

    async def _send_pending(self) -> None:
        """Send what waits, oldest first. A batch whose answer is lost is sent again: it may be counted twice, never not
        at all."""
        async with self._sending:
            while not self._failed_lately and (calls := self._pending[:BATCH]):
                async with with_deadline(self._timeout_s):
                    await run_scripts(self._redis.commands, calls)
                del self._pending[: len(calls)]  # meanwhile others have only appended

    def _learn_refusal(self, subjects: Sequence[Subject], answer: Sequence[int]) -> Refusal | None:
        """Take in the answer of reserve.lua."""
        refused, *rows = answer
        self._learn(subjects, rows)
        if not refused:
            return None
        subject = subjects[int(refused) - 1]
        return Refusal(subject, self._local.account(subject).totals)

    def _learn(self, subjects: Sequence[Subject], rows: Sequence[int]) -> None:
        for index, subject in enumerate(subjects):
            spent, reserved, unknown = (int(number) for number in rows[3 * index : 3 * index + 3])
            account = self._local.account(subject)
            account.spent, account.unknown = max(account.spent, spent), max(account.unknown, unknown)
            now_s = self._clock.monotonic()
            for token in [token for token, (_, until_s) in account.open.items() if until_s <= now_s]:
                del account.open[token]  # Redis counts it as spent
                self._reserved.discard(token)
            ours = sum(amount for amount, _ in account.open.values())
            account.reserved_elsewhere = max(0, reserved - ours)


def _keys(subjects: Sequence[Subject]) -> list[str]:
    return [key for subject in subjects for key in budget_keys(subject.day, subject.kind, subject.name)]
