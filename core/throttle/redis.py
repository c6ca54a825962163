"""The throttle of several processes: leases in Redis, handed out locally, shared fairly between sessions.

One task of its own reports what this process holds and wants, in batches over all accounts; another listens for
"look again". Permits of a process that is gone return by expiry. Redis away: every process goes on with an equal
part of the limit, at least 1 (so with fewer calls allowed than processes, there may be as many calls as processes);
the part grows above what was held only when the leases of all others are over. It ends by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from redis.asyncio import Redis

from core.clock import Clock
from core.errors import RedisAway
from core.redis.client import RedisClients, map_redis_errors, with_deadline
from core.redis.keys import THROTTLE_CHANNEL, throttle_keys
from core.redis.scripts import Call, Script, run_scripts
from core.settings import ThrottleSettings
from core.supervise import run_forever
from core.throttle.adaptive import Adaptive, Rounds
from core.throttle.base import AccountLoad, Throttle
from core.throttle.memory import unknown_account
from core.throttle.shared_limiter import Answer, Report, SharedLimiter

log = structlog.get_logger(__name__)
SETTLE_RENEWALS = 1.5
"""After an empty Redis permits grow only when everybody had time to report: so many renewals."""
TURN_S = 1.0
"""How long a session that is served keeps its turn when there are more sessions than slots."""
SYNC = Script.read(Path(__file__).with_name("sync.lua"))
ADJUST = Script.read(Path(__file__).with_name("adjust.lua"))


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
        """`process`: this process's name, never reused by another. `timeout_s`: the longest wait for Redis."""
        self.away = ""
        """Why Redis cannot be used; "" when it can."""
        self.processes = 1
        """Processes that share the limits, as last known."""
        self._redis = redis
        self._process = process
        self._clock = clock
        self._settings = settings
        self._timeout_s = timeout_s
        self._adaptive = adaptive
        self._news = asyncio.Event()
        self._ended = False
        self._lanes = {account: self._lane(account, ceiling, settings.max_queued_calls) for account, ceiling in limits}
        self._number = 0
        self._contact_at = self._away_at = time.monotonic()
        self._stalled = False
        """We were stopped for longer than a lease before Redis did not answer."""
        self._renew_at = 0.0

    def slot(self, account: str, session: str) -> AbstractAsyncContextManager[float]:
        return self._known(account).slot(session)

    def note(self, account: str, *, slow_down: bool) -> None:
        lane = self._known(account)
        lane.note(slow_down, self._clock.now)
        if self.away and lane.proposed is not None:
            lane.limit, lane.proposed = lane.proposed, None

    def load(self) -> tuple[AccountLoad, ...]:
        return tuple(lane.load() for lane in self._lanes.values())

    async def keep(self) -> None:
        """Report and renew until cancelled; the owner's task."""
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
        """Look again when others say so, until cancelled; without it, what waits is asked for every `poll_s`."""
        while not self._ended:
            try:
                with map_redis_errors():
                    await self._heed(self._redis.blocking)
            except RedisAway as error:
                log.debug("not listening to the other processes", reason=error.message)
            await asyncio.sleep(self._settings.renew_s)

    def end(self) -> None:
        """The tasks end with their next look: a cancellation that arrives inside redis-py is sometimes lost there."""
        self._ended = True
        self._news.set()

    async def leave(self) -> None:
        """Give everything back at once, so that nobody waits for leases to end.

        Calls that are in flight still (they could not be ended) end with the process: their permits have a lease of
        `leave_s`.
        """
        lanes = [lane for lane in self._lanes.values() if lane.in_use]
        for lane in lanes:
            lane.lapse()
        try:
            await self._exchange(lanes, renewal=True, lease_s=self._settings.leave_s)
        except RedisAway as error:
            log.warning("permits were not given back; they end with their lease", reason=error.message)

    # -- reports

    def _idle_s(self) -> float:
        """How long there is nothing to do but wait for news."""
        until = self._renew_at - time.monotonic()
        waiting = any(lane.line.queued for lane in self._lanes.values())
        return max(0.0, min(until, self._settings.poll_s) if waiting else until)

    async def _sync(self) -> None:
        renewal = time.monotonic() >= self._renew_at
        every = self._lanes.values()
        lanes = [lane for lane in every if lane.due or lane.line.queued or (renewal and lane.in_use)]
        if renewal:
            self._renew_at = time.monotonic() + self._settings.renew_s
            lanes = lanes or list(every)[:1]  # a process that does nothing is counted all the same
        if self.away:
            lanes = list(every)
            for lane in lanes:
                lane.lapse()
        try:
            await self._exchange(lanes, renewal=renewal)
        except RedisAway as error:
            self._go_alone(error.message)
        else:
            self._contact_at = time.monotonic()
            if self.away:
                log.info("the throttle is shared again", processes=self.processes)
                self.away = ""

    async def _exchange(self, lanes: Sequence[SharedLimiter], *, renewal: bool, lease_s: float | None = None) -> None:
        """Report and take in the answers; what is held then is held for `lease_s`, else for the configured lease."""
        if not lanes:
            return
        lease_s = self._settings.lease_s if lease_s is None else lease_s
        sent_at = time.monotonic()
        proposals = [lane for lane in lanes if lane.proposed is not None]
        reports = [lane.report(renewal=renewal) for lane in lanes]
        calls = [self._adjustment(lane) for lane in proposals]
        calls += [self._call(lane, report, lease_s) for lane, report in zip(lanes, reports, strict=True)]
        async with with_deadline(self._timeout_s):
            results = (await run_scripts(self._redis.commands, calls))[len(proposals) :]
        # others may take our permits at the lease's end by Redis's clock; ours stops a renewal earlier
        valid_until = sent_at + lease_s - self._settings.renew_s
        for lane, report, result in zip(lanes, reports, results, strict=True):
            if result:
                answer = _answer(result)
                if answer.settled or answer.processes > self.processes:  # an emptied Redis knows only who has reported
                    self.processes = answer.processes
                lane.told(report, answer, valid_until)

    def _call(self, lane: SharedLimiter, report: Report, lease_s: float) -> Call:
        settings, first = self._settings, self._adaptive.first(lane.ceiling).now if self._adaptive.on else "-"
        self._number += 1
        values: tuple[str | int, ...] = (
            lane.account,
            self._process,
            int(lease_s * 1000),
            int(settings.renew_s * 1000 * SETTLE_RENEWALS),
            lane.ceiling,
            "1" if self.away else "",
            report.held,
            json.dumps(report.wants),
            int(TURN_S * 1000),
            THROTTLE_CHANNEL,
            first,
            self._number,
        )
        return SYNC, throttle_keys(lane.account).all, values

    def _adjustment(self, lane: SharedLimiter) -> Call:
        wanted, lane.proposed = lane.proposed or lane.limit, None
        values = (wanted.version - 1, wanted.now, wanted.model_dump_json(), THROTTLE_CHANNEL, lane.account)
        return ADJUST, (throttle_keys(lane.account).limit,), values

    def _go_alone(self, reason: str) -> None:
        now = time.monotonic()
        if not self.away:
            log.warning("the throttle goes on alone", reason=reason, processes=self.processes)
            self._away_at, self._stalled = now, now - self._contact_at >= self._settings.lease_s
        self.away = reason
        # the leases of all others are over as well: what they held is nobody's, and they keep to their part, too
        # who was stopped does not know who came meanwhile: its own absence is none of Redis's
        alone = self.processes <= 1 and not self._stalled
        grown = alone or now - self._away_at >= self._settings.lease_s
        for lane in self._lanes.values():
            lane.go_alone(self.processes, grown=grown)

    # -- what others say

    async def _heed(self, redis: Redis) -> None:
        async with redis.pubsub() as heard:
            await heard.subscribe(THROTTLE_CHANNEL)
            self._look_again(self._lanes)
            while not self._ended:
                message = await heard.get_message(ignore_subscribe_messages=True, timeout=1.0)
                if message is not None:
                    account, *processes = message["data"].decode().split(" ")
                    if self._process in processes or processes == ["*"]:
                        self._look_again([account])

    def _look_again(self, accounts: Iterable[str]) -> None:
        for account in accounts:
            if (lane := self._lanes.get(account)) is not None and lane.in_use:
                lane.due = True
                self._news.set()

    # -- lanes

    def _lane(self, account: str, ceiling: int, max_queue: int) -> SharedLimiter:
        rounds = Rounds(ceiling, self._adaptive.cooldown_s) if self._adaptive.on else None
        lane = SharedLimiter(account, self._adaptive.first(ceiling), ceiling, max_queue, rounds)
        lane.tell = self._news.set
        return lane

    def _known(self, account: str) -> SharedLimiter:
        lane = self._lanes.get(account)
        if lane is None:
            raise unknown_account(account)
        return lane


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
    """The throttle with its two tasks, until the block ends; what it holds is then given back."""
    throttle = RedisThrottle(
        redis, process, limits, settings=settings, timeout_s=timeout_s, clock=clock, adaptive=adaptive
    )
    tasks = [
        asyncio.create_task(run_forever(throttle.keep, on_bug), name="throttle: report"),
        asyncio.create_task(run_forever(throttle.listen, on_bug), name="throttle: listen"),
    ]
    try:
        yield throttle
    finally:
        throttle.end()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await throttle.leave()


def _answer(result: Sequence[Any]) -> Answer:
    held, share, lack, contended, settled, limit, why, processes, shares = result
    sessions = [name.decode() for name in shares[::2]]
    return Answer(
        held=held,
        share=share,
        others_lack=bool(lack),
        contended=bool(contended),
        settled=bool(settled),
        limit=limit,
        why=why,
        processes=processes,
        shares=dict(zip(sessions, shares[1::2], strict=True)),
    )
