"""Opens the throttle: of this process alone, or shared through Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from core.clock import Clock
from core.redis.client import RedisClients
from core.settings import ThrottleSettings
from core.throttle.adaptive import Adaptive
from core.throttle.base import Throttle
from core.throttle.memory import MemoryThrottle
from core.throttle.redis import open_redis_throttle


@asynccontextmanager
async def open_throttle(
    redis: RedisClients | None,
    process: str,
    limits: Iterable[tuple[str, int]],
    *,
    settings: ThrottleSettings,
    timeout_s: float,
    clock: Clock,
    on_bug: Callable[[BaseException], None],
) -> AsyncIterator[Throttle]:
    """`limits`: (account, maximum concurrent calls). `timeout_s`: of Redis commands. Slots are released at the end."""
    adaptive = Adaptive(settings.adaptive_limits, settings.adaptive_cooldown_s, settings.adaptive_start)
    if redis is None:
        yield MemoryThrottle(limits, settings.max_queued_calls, clock, adaptive)
        return
    async with open_redis_throttle(
        redis,
        process,
        limits,
        settings=settings,
        timeout_s=timeout_s,
        clock=clock,
        adaptive=adaptive,
        on_bug=on_bug,
    ) as throttle:
        yield throttle
