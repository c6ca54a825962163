"""The parts of a job shared by processes: claims in Redis that end when nobody renews them, each with a fencing number.

A claim holds here until its lease would be over by our own clock, counted from before it was asked for: a process that
was stopped for longer asks Redis before it begins another paid call (`ensure`). Decision record 0070.
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
from core.hunting.dispatch.base import Shards
from core.redis.client import RedisClients, with_deadline
from core.redis.keys import work_key
from core.redis.scripts import Script, run_scripts
from core.settings import Settings

log = structlog.get_logger(__name__)
SHARDS = Script.read(Path(__file__).with_name("shards.lua"))
RENEWALS = 8
"""How often a claim is renewed in the time that it lasts."""
NONE_FREE, NO_MORE, TOO_LATE = -2, -1, -3
"""What shards.lua answers instead of a part."""


@dataclass(frozen=True)
class LeaseConfig:
    """How long claims last and are asked for, in seconds: of three groups of settings."""

    lease_s: float
    answer_s: float
    kept_s: float
    """How long is known which parts are done, after the last word."""

    @classmethod
    def of(cls, settings: Settings) -> LeaseConfig:
        return cls(settings.hunting.part_lease_s, settings.redis.timeout_s, settings.sessions.ttl_s)

    @property
    def renew_s(self) -> float:
        return self.lease_s / RENEWALS

    @property
    def quiet_s(self) -> float:
        """Nobody who works on a job is silent for so long while Redis answers."""
        return self.lease_s / 2

    @property
    def settle_s(self) -> float:
        """In so long everybody who works on a job has renewed, whatever became of the renewal before."""
        return 2 * self.renew_s + self.answer_s

    @property
    def stall_s(self) -> float:
        """Who did not look at its claims for so long was stopped, or had no CPU."""
        return max(self.lease_s / 2, 2 * (self.renew_s + self.answer_s))


class RedisShards(Shards):
    """One process's view of one job. Redis away: it finishes what it has; the lead of the job goes on with the rest.

    The lead is the first process that worked on the job (or the next, when that one is gone), so that the others do
    not take the same parts. What was done meanwhile is said when Redis is back. Whoever was stopped while Redis is away
    cannot know what others did, and begins nothing until Redis has said so.
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
        redis_time: RedisTime | None = None,
        monotonic: Callable[[], float] = steady_s,
    ) -> None:
        """`on_stop` is told when the work is to end: a person stopped it, or its only part is lost, in which case it is
        to be left as it is (`handing_back`). `fresh`: nobody can have worked on the job before."""
        super().__init__()
        self._redis = redis
        self._process = process
        self._key = key
        self._terms = terms
        self._on_stop = on_stop
        self._fresh = fresh
        self._monotonic = monotonic
        self._time = redis_time or RedisTime(monotonic)
        self._parts = -1
        self._mine: dict[int, int] = {}
        """Our parts with the number of the claim; 0: taken without Redis."""
        self._done: set[int] = set()
        self._done_here: dict[int, int] = {}
        self._unsaid: set[int] = set()
        self._taken: set[int] = set()
        self._lead = True
        self._stopping = False
        self._data_name: bytes | None = None
        """What Redis calls the data of this job; None before its first answer."""
        self._lost_once = False
        self._orphans: set[int] = set()
        self._valid_until = 0.0
        self._away_since: float | None = None
        """When Redis first did not answer, of the times since it last did."""
        self._awake_at = monotonic()
        self._stalled = False
        """We were stopped since Redis last answered."""
        self._asking = asyncio.Lock()
        self._news = asyncio.Event()
        """Set when a part of ours is done: the end may be free."""

    @property
    def held(self) -> frozenset[int]:
        return frozenset(self._mine)

    @property
    def elsewhere(self) -> frozenset[int]:
        return frozenset((self._taken | self._done) - self._done_here.keys())

    def fence(self, part: int) -> int | None:
        return self._mine.get(part) or None

    def orphaned(self, part: int) -> bool:
        return part in self._orphans

    async def next(self, parts: int) -> int | None:
        while True:
            given = await self.claim(parts)
            if given == NO_MORE:
                return None
            if given >= 0:
                return given
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._terms.renew_s):
                    await self._news.wait()

    async def claim(self, parts: int) -> int:
        """A part that is ours from now on, NONE_FREE while others are at work, NO_MORE after the end."""
        self._parts = parts
        try:
            return await self._ask("next")
        except RedisAway:
            given = self._take_alone(parts)
            if given >= 0:
                self._mine[given] = 0
            return given

    async def holds(self, part: int) -> bool:
        if part in self._mine and not self._certain():
            async with self._asking:  # one question for all calls that wait
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

    async def done(self, part: int) -> None:
        if part not in self._mine:
            return  # others have it: they say so
        self._done_here[part] = self._mine.pop(part)
        self._done.add(part)
        self._unsaid.add(part)
        await self._tell("done")
        self._news.set()

    async def release(self) -> None:
        await self._tell("release")

    async def stop(self) -> None:
        self._stopping = True  # who stops it needs no telling
        await self._tell("stop")

    async def renew(self) -> None:
        """Keep what is ours; say what was done while Redis was away."""
        try:
            await self._ask("renew")
        except RedisAway as error:
            log.debug("claims are not renewed", reason=error.message)

    def _certain(self) -> bool:
        """Whether nobody else can have our parts by now, as far as can be known without asking."""
        return self._monotonic() < self._valid_until or self._alone()

    def _alone(self) -> bool:
        """Whether Redis is away, and we have seen all of its absence: nobody else can ask it either."""
        self._notice_stall()
        return self._data_name is None or (self._away_since is not None and not self._stalled)

    def _notice_stall(self) -> None:
        now = self._monotonic()
        self._stalled = self._stalled or now - self._awake_at > self._terms.stall_s
        self._awake_at = now

    async def _tell(self, what: str) -> None:
        try:
            await self._ask(what)
        except RedisAway as error:
            log.debug("not said to the others yet", what=what, reason=error.message)

    async def _ask(self, what: str) -> int:
        self._notice_stall()
        try:
            async with with_deadline(self._terms.answer_s):
                answer = await self._answer(what)
        except RedisAway:
            self._notice_stall()
            if self._away_since is None:
                self._away_since = self._monotonic()
            raise
        return self._take_in(what, answer)

    async def _answer(self, what: str) -> _Answer:
        """The question may be put twice: the second time by what the first answer said of Redis's clock."""
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
        raise RedisAway("Redis answered too late.", reason="timeout")

    def _take_in(self, what: str, answer: _Answer) -> int:
        self._unsaid -= answer.said.keys()
        if not answer.results:
            return NONE_FREE
        given, _, stopped, lead, lost, taken, finished, name, fences, orphaned = answer.results
        self._away_since = None
        self._stalled = False
        if self._data_name not in (None, name):  # Redis lost the job: what was done here is said once more
            self._unsaid |= self._done_here.keys()
            self._lost_once = True
        self._data_name = name
        self._lead = bool(lead)
        self._taken, self._done = set(taken), self._done | set(finished)
        if what in ("next", "renew"):
            self._valid_until = answer.sent_at + self._terms.lease_s - self._terms.renew_s
        for part, fence in zip(fences[::2], fences[1::2], strict=True):
            if part in self._mine or part == given:
                self._mine[part] = fence
        if given >= 0 and (orphaned or self._lost_once):
            self._orphans.add(given)
        if stopped and not self._stopping:
            self._stopping = True
            self._on_stop()
        for part in lost:
            self.lose(part)
        return int(given)

    def _call(self, what: str, parts: dict[int, int]) -> tuple[Script, Sequence[str], Sequence[str | int]]:
        terms = self._terms
        values: tuple[str | int, ...] = (
            what,
            self._process,
            int(terms.lease_s * 1000),
            int(terms.kept_s * 1000),
            self._parts,
            self._time.in_ms(terms.answer_s),
            int(terms.quiet_s * 1000),
            int(terms.settle_s * 1000),
            int(self._data_name is not None or not self._fresh),
            self._time.alive_ms,
        )
        pairs = [number for pair in sorted(parts.items()) for number in pair]
        return SHARDS, (work_key(self._key),), (*values, *pairs)

    @property
    def _absence_s(self) -> float:
        """After so long without an answer Redis counts as away for all: one answer that got lost is no absence."""
        if self._data_name is not None:
            return self._terms.renew_s
        return 0.0 if self._fresh else self._terms.lease_s

    def _take_alone(self, parts: int) -> int:
        """Without Redis: the next part, if the rest is ours to take."""
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
    """Parts that were said to be done, with the number of the claim."""
    results: Sequence[Any]
    """As shards.lua gives them; empty when nothing had to be asked."""
