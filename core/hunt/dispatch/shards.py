"""The parts of a job shared by processes: claims in Redis that end when nobody renews them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.errors import RedisAway
from core.hunt.dispatch.base import Shards
from core.redis_client import RedisClients, asked
from core.redis_keys import work_key
from core.redis_scripts import Script, run_scripts
from core.settings import Settings

log = structlog.get_logger(__name__)
SHARDS = Script.read(Path(__file__).with_name("shards.lua"))
RENEWALS = 8
"""How often a claim is renewed in the time that it lasts."""


@dataclass(frozen=True)
class Terms:
    """How long claims last and are asked for, in seconds; from the settings."""

    lease_s: float
    answer_s: float
    kept_s: float
    """How long is known which parts are done, after the last word."""

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        return cls(settings.shard_lease_s, settings.redis_timeout_s, settings.session_ttl_s)

    @property
    def renew_s(self) -> float:
        return self.lease_s / RENEWALS


class RedisShards(Shards):
    """One process's view of one job. Redis away: it finishes what it has; the lead of the job goes on with the rest.

    The lead is the first process that worked on the job (or the next, when that one is gone), so that the others do
    not take the same parts. What was done meanwhile is said when Redis is back.
    """

    def __init__(self, redis: RedisClients, process: str, key: str, terms: Terms, on_lost: Callable[[], None]) -> None:
        """`on_lost` is told when the work is to end: a person stopped it, or others took our parts over, in which case
        it is to be left as it is (`handing_back`)."""
        super().__init__()
        self._redis = redis
        self._process = process
        self._key = key
        self._terms = terms
        self._on_lost = on_lost
        self._parts = -1
        self._mine: set[int] = set()
        self._done: set[int] = set()
        self._unsaid: set[int] = set()
        self._taken: set[int] = set()
        self._lead = True
        self._stopping = False
        self._news = asyncio.Event()
        """Set when a part of ours is done: the end may be free."""

    @property
    def held(self) -> frozenset[int]:
        return frozenset(self._mine)

    async def next(self, parts: int) -> int | None:
        self._parts = parts
        while True:
            try:
                given = await self._ask("next")
            except RedisAway:
                given = self._take_alone(parts)
            if given == -1:
                return None
            if given >= 0:
                self._mine.add(given)
                return given
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._terms.renew_s):
                    await self._news.wait()

    async def done(self, part: int) -> None:
        self._mine.discard(part)
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

    async def _tell(self, what: str) -> None:
        try:
            await self._ask(what)
        except RedisAway as error:
            log.debug("not said to the others yet", what=what, reason=error.message)

    async def _ask(self, what: str) -> int:
        said = set(self._unsaid)
        calls = [self._call("done", sorted(said))] if said else []
        if what != "done":
            calls.append(self._call(what, sorted(self._mine)))
        if not calls:
            return -2
        async with asked(self._terms.answer_s):
            answer = (await run_scripts(self._redis.commands, calls))[-1]
        self._unsaid -= said
        if len(answer) < 2:
            return -2
        given, stopped, lead, lost, taken, finished = answer
        self._lead = bool(lead)
        self._taken, self._done = set(taken), self._done | set(finished)
        if (stopped or lost) and not self._stopping:
            self._stopping = True
            self._mine -= set(lost)
            self.handing_back = self.handing_back or not stopped
            self._on_lost()
        return int(given)

    def _call(self, what: str, parts: Sequence[int]) -> tuple[Script, Sequence[str], Sequence[str | int]]:
        terms = self._terms
        lease_ms, kept_ms = int(terms.lease_s * 1000), int(terms.kept_s * 1000)
        values: tuple[str | int, ...] = (what, self._process, lease_ms, kept_ms, self._parts, *parts)
        return SHARDS, (work_key(self._key),), values

    def _take_alone(self, parts: int) -> int:
        """Without Redis: the next part, if the rest is ours to take."""
        if not self._lead:
            return -2
        if parts in self._done:
            return -1
        free = next((n for n in range(parts) if n not in self._done | self._mine | self._taken), None)
        if free is not None:
            return free
        return parts if set(range(parts)) <= self._done and parts not in self._mine else -2
