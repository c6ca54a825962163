"""Claims on the parts of a job, stored in Redis. A claim expires unless renewed and has a fencing number.

Locally a claim is valid until its lease would end by the process's own clock, counted from before the request. A
process that was paused for longer asks Redis before it starts another paid call (`ensure`). Decision record 0070.
`claims.lua` decides when a claim has expired, and `shared.py` begins the jobs of processes that died.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from core.clock import RedisTime, steady_s
from core.errors import RedisAway
from core.hunting.dispatch.base import PartClaims
from core.redis.client import RedisClients, with_deadline
from core.redis.keys import work_key
from core.redis.scripts import LuaScript, run_scripts
from core.settings import Settings

log = structlog.get_logger(__name__)
CLAIMS_SCRIPT = LuaScript.read(Path(__file__).with_name("claims.lua"))
RENEWALS = 8
"""Renewals per lease."""
NONE_FREE, NO_MORE, TOO_LATE = -2, -1, -3
"""Results of claims.lua other than a part."""
LATE = "late"
"""Reason of a request that Redis received after we had given up: this process is late, not Redis."""


@dataclass(frozen=True)
class LeaseConfig:
    """Lease and timeout of claims, in seconds, collected from three groups of settings."""

    lease_s: float
    answer_s: float
    record_ttl_s: float
    """Time to live of the job's record, after its last update."""

    @classmethod
    def of(cls, settings: Settings) -> LeaseConfig:
        return cls(settings.hunting.part_lease_s, settings.redis.timeout_s, settings.sessions.ttl_s)

    @property
    def renew_s(self) -> float:
        return self.lease_s / RENEWALS

    @property
    def quiet_s(self) -> float:
        """While Redis is available, some worker of a job sends an update within this time. After a longer silence no
        part is assigned until all have reported what they did without Redis."""
        return 2 * self.renew_s

    @property
    def settle_s(self) -> float:
        """Within this time every worker of a job renews once, even if its last renewal failed."""
        return 2 * self.renew_s + self.answer_s

    @property
    def stall_s(self) -> float:
        """A process that did not check its claims for this long was paused, or had no CPU."""
        return max(self.lease_s / 2, 2 * (self.renew_s + self.answer_s))


class RedisClaims(PartClaims):
    """One process's view of one job. Without Redis, each process finishes its own parts and the lead continues the
    rest.

    The lead is the first process that worked on the job, or its successor, so that no two processes take the same
    part. Finished parts are reported when Redis is back. A process that was paused while Redis was unavailable cannot
    know what others did, and starts nothing until Redis answers.
    """

    def __init__(
        self,
        redis: RedisClients,
        process: str,
        key: str,
        terms: LeaseConfig,
        on_stop: Callable[[], None],
        *,
        fresh: bool = False,
        waits: bool = True,
        redis_time: RedisTime | None = None,
        monotonic: Callable[[], float] = steady_s,
    ) -> None:
        """`on_stop` is called when the work must end: a person stopped it, or its only part was lost, in which case it
        is left as it is (`handing_back`). `fresh`: the job is new, so no process has worked on it. `waits`: whether
        `next` waits for parts that others own; if not, the job is handed back."""
        super().__init__()
        self._redis = redis
        self._process = process
        self._key = key
        self._terms = terms
        self._on_stop = on_stop
        self._fresh = fresh
        self._waits = waits
        self._monotonic = monotonic
        self._time = redis_time or RedisTime(monotonic)
        self._parts = -1
        self._mine: dict[int, int] = {}
        """Our parts and the fencing number of each claim; 0: claimed without Redis."""
        self._done: set[int] = set()
        self._done_here: dict[int, int] = {}
        self._unsaid: set[int] = set()
        self._taken: set[int] = set()
        self._lead = True
        self._stopping = False
        self._data_name: bytes | None = None
        """Redis's name for this job's record; None before its first answer."""
        self._valid_until = 0.0
        self._away_since: float | None = None
        """Time of the first failed request since Redis last answered."""
        self._awake_at = monotonic()
        self._stalled = False
        """Whether this process was paused since Redis last answered."""
        self._asking = asyncio.Lock()
        self._news = asyncio.Event()
        """Set when we finish a part: the final part may be free."""

    @property
    def held(self) -> frozenset[int]:
        return frozenset(self._mine)

    @property
    def elsewhere(self) -> frozenset[int]:
        return frozenset((self._taken | self._done) - self._done_here.keys())

    def fence(self, part: int) -> int | None:
        return self._mine.get(part) or None

    async def next(self, parts: int) -> int | None:
        while True:
            given = await self.claim(parts)
            if given == NO_MORE:
                return None
            if given >= 0:
                return given
            if not self._waits:
                self.handing_back = True
                return None
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._terms.renew_s):
                    await self._news.wait()

    async def claim(self, parts: int) -> int:
        """Claim a part. Returns it, or NONE_FREE while others still work, or NO_MORE after the end."""
        self._parts = parts
        try:
            return await self._ask("next")
        except RedisAway as error:
            given = NONE_FREE if error.reason == LATE else self._take_alone(parts)
            if given >= 0:
                self._mine[given] = 0
            return given

    async def holds(self, part: int) -> bool:
        if part in self._mine and not self._certain():
            async with self._asking:  # one request for all waiting calls
                if not self._certain():
                    await self.renew()
        return part in self._mine and self._certain()

    def lose(self, part: int) -> None:
        if self._mine.pop(part, None) is None or self._stopping:
            return
        if self.on_lost is not None:
            self.on_lost(part)
        else:
            self._stopping = self.handing_back = True
            self._on_stop()

    async def finish(self, part: int) -> None:
        if part not in self._mine:
            return  # the new owner reports it
        self._done_here[part] = self._mine.pop(part)
        self._done.add(part)
        self._unsaid.add(part)
        await self._send("done")
        self._news.set()

    async def release(self) -> None:
        await self._send("release")

    async def stop(self) -> None:
        self._stopping = True  # the caller needs no notification
        await self._send("stop")

    async def renew(self) -> None:
        """Renew our claims, and report parts that were finished while Redis was unavailable."""
        try:
            await self._ask("renew")
        except RedisAway as error:
            log.debug("claims.renewal_failed", reason=error.message)

    def _certain(self) -> bool:
        """Return whether no other process can own our parts by now."""
        return self._monotonic() < self._valid_until or self._alone()

    def _alone(self) -> bool:
        """Return whether Redis has been unavailable without us pausing: then no other process can claim a part
        either."""
        self._notice_stall()
        return self._data_name is None or (self._away_since is not None and not self._stalled)

    def _notice_stall(self) -> None:
        now = self._monotonic()
        self._stalled = self._stalled or now - self._awake_at > self._terms.stall_s
        self._awake_at = now

    async def _send(self, what: str) -> None:
        try:
            await self._ask(what)
        except RedisAway as error:
            log.debug("claims.report_failed", what=what, reason=error.message)

    async def _ask(self, what: str) -> int:
        self._notice_stall()
        try:
            async with with_deadline(self._terms.answer_s):
                answer = await self._answer(what)
        except RedisAway as error:
            self._notice_stall()
            if error.reason == LATE:  # it answered: others may own our parts
                self._away_since = None
            elif self._away_since is None:
                self._away_since = self._monotonic()
            raise
        return self._take_in(what, answer)

    async def _answer(self, what: str) -> _Answer:
        """Send the request, a second time if the first answer corrected our estimate of Redis's clock."""
        for _ in range(2):
            said = {part: self._done_here[part] for part in self._unsaid}
            if not self._time.known:
                self._time.record(await self._redis.commands.time())
            sent_at = self._monotonic()
            calls = [self._call("done", said)] if said else []
            calls += [self._call(what, self._mine)] if what != "done" else []
            if not calls:
                return _Answer(sent_at, said, [])
            results = (await run_scripts(self._redis.commands, calls))[-1]
            self._time.record_ms(results[1])
            if results[0] != TOO_LATE:
                return _Answer(sent_at, said, results)
        raise RedisAway("Redis received the request too late.", reason=LATE)

    def _take_in(self, what: str, answer: _Answer) -> int:
        self._unsaid -= answer.said.keys()
        if not answer.results:
            return NONE_FREE
        given, _, stopped, lead, lost, taken, finished, name, fences = answer.results
        self._away_since = None
        self._stalled = False
        if self._data_name not in (None, name):  # Redis lost the job: report our finished parts again
            self._unsaid |= self._done_here.keys()
        self._data_name = name
        self._lead = bool(lead)
        self._taken, self._done = set(taken), self._done | set(finished)
        if what in ("next", "renew"):
            self._valid_until = answer.sent_at + self._terms.lease_s - self._terms.renew_s
        for part, fence in zip(fences[::2], fences[1::2], strict=True):
            if part in self._mine or part == given:
                self._mine[part] = fence
        if stopped and not self._stopping:
            self._stopping = True
            self._on_stop()
        for part in lost:
            self.lose(part)
        return int(given)

    def _call(self, what: str, parts: dict[int, int]) -> tuple[LuaScript, Sequence[str], Sequence[str | int]]:
        terms = self._terms
        values: tuple[str | int, ...] = (
            what,
            self._process,
            int(terms.lease_s * 1000),
            int(terms.record_ttl_s * 1000),
            self._parts,
            self._time.in_ms(terms.answer_s),
            int(terms.quiet_s * 1000),
            int(terms.settle_s * 1000),
            int(self._data_name is not None or not self._fresh),
            self._time.alive_ms,
        )
        pairs = [number for pair in sorted(parts.items()) for number in pair]
        return CLAIMS_SCRIPT, (work_key(self._key),), (*values, *pairs)

    @property
    def _absence_s(self) -> float:
        """Time without an answer after which Redis counts as unavailable; a single lost answer does not. Before it, a
        Redis that is back would give our parts to others."""
        if self._data_name is not None:
            return self._terms.quiet_s
        return 0.0 if self._fresh else self._terms.lease_s

    def _take_alone(self, parts: int) -> int:
        """Claim the next part without Redis, if we are allowed to."""
        now = self._monotonic()
        away_s = now - (now if self._away_since is None else self._away_since)
        if not self._lead or not self._alone() or away_s < self._absence_s:
            return NONE_FREE
        if parts in self._done:
            return NO_MORE
        free = next((n for n in range(parts) if n not in self._done | self._mine.keys() | self._taken), None)
        if free is not None:
            return free
        return parts if set(range(parts)) <= self._done and parts not in self._mine else NONE_FREE


@dataclass(frozen=True)
class _Answer:
    sent_at: float
    said: dict[int, int]
    """Parts reported as done, with the fencing number of the claim."""
    results: Sequence[Any]
    """Results of claims.lua; empty if nothing was requested."""
