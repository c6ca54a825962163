"""Budgets of one process, alone or on a real Redis."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.budget.budgets import Budgets
from core.budget.memory import MemoryLedger
from core.budget.redis import RedisLedger
from core.clock import Clock, SystemClock
from core.redis.client import open_redis
from core.settings import BudgetSettings, RedisSettings


def no_budgets() -> Budgets:
    """Without limits."""
    clock = SystemClock()
    return Budgets(BudgetSettings(), MemoryLedger(clock.monotonic, 600.0), clock, "p")


@asynccontextmanager
async def a_process(
    url: str = "",
    *,
    per_user: float = 0.0,
    per_account: float = 0.0,
    clock: Clock | None = None,
    lapse_s: float = 600.0,
    timeout_s: float = 10.0,
    max_wait_s: float = 0.0,
) -> AsyncIterator[Budgets]:
    """`url` empty: without Redis."""
    clock, name = clock or SystemClock(), f"p-{secrets.token_hex(4)}"
    limits = BudgetSettings(per_user, per_account)
    if not url:
        yield Budgets(limits, MemoryLedger(clock.monotonic, lapse_s), clock, name, max_wait_s)
        return
    async with open_redis(RedisSettings(url=url, timeout_s=timeout_s), name) as redis:
        yield Budgets(limits, RedisLedger(redis, clock, timeout_s=timeout_s, lapse_s=lapse_s), clock, name, max_wait_s)
