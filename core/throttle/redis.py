"""The throttle of several processes: permits leased from Redis, granted locally, shared fairly between sessions.

One task reports this process's permits and demand, in batches over all accounts; another listens for wake-ups. The
permits of a dead process expire. While Redis is down, every process uses an equal part of the limit, at least 1, so
there can be as many calls as processes even if the limit is lower. That part exceeds the permits held before only
after the leases of all other processes have expired. Sharing resumes when Redis is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from core.clock import Clock
from core.errors import RedisAway
from core.redis.client import RedisClients, map_redis_errors, with_deadline
from core.redis.keys import THROTTLE_CHANNEL, throttle_keys
from core.redis.scripts import Call, LuaScript, run_scripts
from core.settings import ThrottleSettings
from core.supervise import running
from core.throttle.adaptive import Adaptive, Rounds
from core.throttle.base import AccountLoad, Throttle
from core.throttle.memory import MemoryThrottle, unknown_account
from core.throttle.shared_limiter import Report, SharedLimiter, SyncResult

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)
SETTLE_RENEWALS = 1.5
"""Renewal intervals to wait before permits grow after Redis was emptied, so that every process has reported."""
LISTEN_S = 3.0
"""Longest wait for a message, after which the task looks whether it has ended."""
IDLE_RENEWALS = 3
"""Reports per lease of a process without calls, so that it is counted."""
ALL_ACCOUNTS = "*"
"""In a message: another process has begun to share the limits."""
TURN_S = 1.0
"""Duration of a session's turn when there are more sessions than slots."""
SYNC = LuaScript.read(Path(__file__).with_name("sync.lua"))
ADJUST = LuaScript.read(Path(__file__).with_name("adjust.lua"))


class RedisThrottle(Throttle):
    """Open it with `open_redis_throttle`."""

    def __init__(
        self,
        redis: RedisClients,
        process: str,
        limits: Iterable[tuple[str, int]],
        *,
        settings: ThrottleSettings,
        timeout_s: float,
        clock: Clock,
        adaptive: Adaptive,
    ) -> None:
        """`process`: the unique name of this process. `timeout_s`: deadline of a Redis command."""
        self.away = ""
        """Why Redis is unavailable; "" while it is up."""
        self.processes = 1
        """Last known number of processes that share the limits."""
        self._redis = redis
        self._process = process
        self._clock = clock
        self._settings = settings
        self._timeout_s = timeout_s
        self._adaptive = adaptive
        self._news = asyncio.Event()
        self._ended = False
        self._listening = False
        """Whether other processes can wake this one."""
        self._limiters = {
            account: self._limiter(account, ceiling, settings.max_queued_calls) for account, ceiling in limits
        }
        self._number = 0
        self._contact_at = self._away_at = time.monotonic()
        self._stalled = False
        """Whether this process was stopped for longer than a lease before Redis failed."""
        self._renew_at = 0.0

    def slot(self, account: str, session: str, *, background: bool = False) -> AbstractAsyncContextManager[float]:
        return self._known(account).slot(session, background=background)

    def record_response(self, account: str, *, slow_down: bool) -> None:
        limiter = self._known(account)
        limiter.record_response(slow_down, self._clock.now)
        if self.away and limiter.proposed is not None:
            limiter.limit, limiter.proposed = limiter.proposed, None

    def load(self) -> tuple[AccountLoad, ...]:
        return tuple(limiter.load() for limiter in self._limiters.values())

    async def keep(self) -> None:
        """Report and renew until cancelled; runs as a task of the owner."""
        while not self._ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._idle_s()):
                    await self._news.wait()
            self._news.clear()
            if not self._ended:
                await self._sync()
            if self.away:
                await asyncio.sleep(self._settings.poll_s)

    async def listen(self) -> None:
        """Report when another process wakes this one, until cancelled. Without it, waiters report every `poll_s`."""
        while not self._ended:
            try:
                with map_redis_errors():
                    await self._handle_wakeups(self._redis.blocking)
            except RedisAway as error:
                log.debug("throttle.listen_failed", reason=error.message)
            finally:
                self._listening = False
                self._news.set()
            await asyncio.sleep(self._settings.renew_s)

    def end(self) -> None:
        """Make the tasks end at their next iteration: redis-py sometimes swallows a cancellation."""
        self._ended = True
        self._news.set()

    async def leave(self) -> None:
        """Release all idle permits, so that no other process waits for the leases to expire.

        Calls still in flight end with the process; their permits are leased for `leave_s`.
        """
        limiters = [limiter for limiter in self._limiters.values() if limiter.in_use]
        for limiter in limiters:
            limiter.expire_lease()
        try:
            await self._exchange(limiters, renewal=True, lease_s=self._settings.leave_s)
        except RedisAway as error:
            log.warning("throttle.release_failed", reason=error.message)

    # -- reports

    def _idle_s(self) -> float:
        """Seconds until the next report is due."""
        until = self._renew_at - time.monotonic()
        waiting = any(map(self._polls, self._limiters.values()))
        return max(0.0, min(until, self._settings.poll_s) if waiting else until)

    def _polls(self, limiter: SharedLimiter) -> bool:
        """Whether its waiting calls need reports besides renewals and those that are due."""
        return limiter.lacks_permits or (limiter.queued > 0 and not self._listening)

    async def _sync(self) -> None:
        renewal = time.monotonic() >= self._renew_at
        every = self._limiters.values()
        limiters = [limiter for limiter in every if limiter.due or self._polls(limiter) or (renewal and limiter.in_use)]
        if renewal:
            limiters = limiters or list(every)[:1]  # so that an idle process is counted too
            self._renew_at = time.monotonic() + self._settings.lease_s / IDLE_RENEWALS
        if not self._listening or any(limiter.in_use for limiter in every):
            self._renew_at = min(self._renew_at, time.monotonic() + self._settings.renew_s)
        if self.away:
            limiters = list(every)
            for limiter in limiters:
                limiter.expire_lease()
        try:
            await self._exchange(limiters, renewal=renewal)
        except RedisAway as error:
            self._use_local_shares(error.message)
        else:
            self._contact_at = time.monotonic()
            if self.away:
                log.info("throttle.shared", processes=self.processes)
                self.away = ""

    async def _exchange(
        self, limiters: Sequence[SharedLimiter], *, renewal: bool, lease_s: float | None = None
    ) -> None:
        """Report and apply the answers. Permits are leased for `lease_s`, by default the configured lease."""
        if not limiters:
            return
        lease_s = self._settings.lease_s if lease_s is None else lease_s
        sent_at = time.monotonic()
        proposals = [limiter for limiter in limiters if limiter.proposed is not None]
        reports = [limiter.report(renewal=renewal) for limiter in limiters]
        calls = [self._adjustment(limiter) for limiter in proposals]
        calls += [self._call(limiter, report, lease_s) for limiter, report in zip(limiters, reports, strict=True)]
        async with with_deadline(self._timeout_s):
            results = (await run_scripts(self._redis.commands, calls))[len(proposals) :]
        # other processes may get our permits when the lease expires by Redis's clock: stop one renewal earlier
        valid_until = sent_at + lease_s - self._settings.renew_s
        for limiter, report, result in zip(limiters, reports, results, strict=True):
            if result:
                answer = _answer(result)
                if answer.counted or answer.processes > self.processes:
                    self.processes = answer.processes
                limiter.apply(report, answer, valid_until)

    def _call(self, limiter: SharedLimiter, report: Report, lease_s: float) -> Call:
        settings, first = self._settings, self._adaptive.first(limiter.ceiling).now if self._adaptive.on else "-"
        self._number += 1
        values: tuple[str | int, ...] = (
            limiter.account,
            self._process,
            int(lease_s * 1000),
            int(settings.renew_s * 1000 * SETTLE_RENEWALS),
            limiter.ceiling,
            "1" if self.away else "",
            report.held,
            json.dumps(report.wants),
            int(TURN_S * 1000),
            THROTTLE_CHANNEL,
            first,
            self._number,
        )
        return SYNC, throttle_keys(limiter.account).all, values

    def _adjustment(self, limiter: SharedLimiter) -> Call:
        wanted, limiter.proposed = limiter.proposed or limiter.limit, None
        values = (wanted.version - 1, wanted.now, wanted.model_dump_json(), THROTTLE_CHANNEL, limiter.account)
        return ADJUST, (throttle_keys(limiter.account).limit,), values

    def _use_local_shares(self, reason: str) -> None:
        now = time.monotonic()
        if not self.away:
            log.warning("throttle.unshared", reason=reason, processes=self.processes)
            self._away_at, self._stalled = now, now - self._contact_at >= self._settings.lease_s
        self.away = reason
        # after a lease, the permits of all other processes have expired, and they use only their own part
        # a process that was stopped may not know of new processes: its own absence does not count as Redis's
        alone = self.processes <= 1 and not self._stalled
        grown = alone or now - self._away_at >= self._settings.lease_s
        for limiter in self._limiters.values():
            limiter.use_local_share(self.processes, grown=grown)

    # -- wake-ups

    async def _handle_wakeups(self, redis: Redis) -> None:
        async with redis.pubsub() as pubsub:
            await pubsub.subscribe(THROTTLE_CHANNEL)
            self._listening = True
            self._mark_due(self._limiters)
            while not self._ended:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=LISTEN_S)
                if message is not None:
                    account, *processes = message["data"].decode().split(" ")
                    if account == ALL_ACCOUNTS:
                        self._renew_at = 0.0
                        self._news.set()
                    elif self._process in processes or processes == ["*"]:
                        self._mark_due([account])

    def _mark_due(self, accounts: Iterable[str]) -> None:
        for account in accounts:
            if (limiter := self._limiters.get(account)) is not None and limiter.in_use:
                limiter.due = True
                self._news.set()

    # -- limiters

    def _limiter(self, account: str, ceiling: int, max_queue: int) -> SharedLimiter:
        rounds = Rounds(ceiling, self._adaptive.cooldown_s) if self._adaptive.on else None
        limiter = SharedLimiter(account, self._adaptive.first(ceiling), ceiling, max_queue, rounds)
        limiter.on_due = self._news.set
        return limiter

    def _known(self, account: str) -> SharedLimiter:
        limiter = self._limiters.get(account)
        if limiter is None:
            raise unknown_account(account)
        return limiter


@asynccontextmanager
async def open_redis_throttle(
    redis: RedisClients,
    process: str,
    limits: Iterable[tuple[str, int]],
    *,
    settings: ThrottleSettings,
    timeout_s: float,
    clock: Clock,
    adaptive: Adaptive,
    on_bug: Callable[[BaseException], None],
) -> AsyncIterator[RedisThrottle]:
    """Run the throttle and its two tasks until the block ends, then release its permits."""
    throttle = RedisThrottle(
        redis, process, limits, settings=settings, timeout_s=timeout_s, clock=clock, adaptive=adaptive
    )
    try:
        async with running(on_bug, throttle_report=throttle.keep, throttle_listen=throttle.listen):
            try:
                yield throttle
            finally:
                throttle.end()
    finally:
        await throttle.leave()


def _answer(result: Sequence[Any]) -> SyncResult:
    held, share, lack, contended, counted, limit, why, processes, shares = result
    sessions = [name.decode() for name in shares[::2]]
    return SyncResult(
        held=held,
        share=share,
        others_lack=bool(lack),
        contended=bool(contended),
        counted=bool(counted),
        limit=limit,
        why=why,
        processes=processes,
        shares=dict(zip(sessions, shares[1::2], strict=True)),
    )


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
