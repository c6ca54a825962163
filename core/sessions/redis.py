"""The Redis session store: each change is one script, which also publishes its events and renews the session's keys.

Saving a hunt writes only its state (and its reply once), whatever the session's size; states that wait at the same
time are saved together (`save_batches.py`). A change of the head is a compare-and-set by version, retried on conflict.
`core/redis/keys.py` lists the keys.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from core.clock import Clock
from core.domain.events import EventDraft, EventType
from core.domain.hunt import Hunt
from core.domain.run import Counts
from core.domain.session import Session
from core.errors import Conflict, RedisAway
from core.redis.client import read_script, with_deadline
from core.redis.keys import SESSIONS, mark_key, restoring_keys, session_keys
from core.sessions.base import (
    Change,
    Claim,
    EventFactory,
    HuntPage,
    Saved,
    SessionCopy,
    SessionStore,
    SessionSummary,
    StoreState,
    check_version,
    no_events,
    no_hunt,
    no_session,
    session_exists,
)
from core.sessions.codec import head_text, read_counts, read_head, read_hunt
from core.sessions.redis_copy import read_copy
from core.sessions.save_batches import HuntSave, SaveBatches, hunt_save

if TYPE_CHECKING:
    from redis.asyncio import Redis

HERE = Path(__file__).parent
SCRIPTS = [path.stem for path in HERE.glob("*.lua") if path.stem != "renew_and_publish"]
MAX_PAGE = 100
"""Maximum hunts per command: replies are large, and Redis serves no other client meanwhile."""
AT_ONCE = 16
"""Maximum concurrent commands: Redis runs them one at a time, and more would only wait in sockets."""
MAX_HEADS = 1000
"""Cached heads: an unchanged head is neither sent nor parsed again."""
HEADS_MAX_BYTES = 64 * 1024 * 1024
MAX_REPLIES = 50_000
"""Cached hunts whose reply is known to be in Redis."""
TOUCH_EVERY_S = 60.0
"""Interval at which a session's entry in the session index is renewed; `count` may lag by it."""
MARK_LIFE_S = 7 * 86400
"""TTL of the set of sessions with the same task, since the last of them was opened."""
RESTORING_S = 60.0
"""TTL of the keys of a session that is being restored."""
MAX_TRIES = 50
"""Maximum attempts of a compare-and-set: each failed attempt means that another one succeeded."""


class RedisSessionStore(SessionStore):
    def __init__(
        self,
        redis: Redis,
        clock: Clock,
        *,
        ttl_s: float,
        max_events: int,
        events_age_s: float,
        timeout_s: float,
        forget: Callable[[str], None],
        on_event: Callable[[str, str], None] = lambda _session_id, _event_id: None,
    ) -> None:
        """`redis` belongs to the runtime. Every command takes up to about `timeout_s`, or raises RedisAway.

        `forget` is the event log's: it ends the watchers of a deleted session. `on_event` is called with the newest
        event id of a session whenever this store publishes one.
        """
        self._on_event = on_event
        self._forget = forget
        self._redis = redis
        self._clock = clock
        self._ttl_s = ttl_s
        self._timeout_s = timeout_s
        self._bounds = (max_events, int(events_age_s * 1000))
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.commands = 0
        """Number of commands so far."""
        self._failed: tuple[float, RedisAway] | None = None
        """Time (by the loop's clock) and error of the last failed command."""
        self._heads: LRUCache[str, Session] = LRUCache(HEADS_MAX_BYTES, getsizeof=_head_bytes)
        self._replied: LRUCache[tuple[str, str], bool] = LRUCache(MAX_REPLIES)
        self._touched: LRUCache[str, float] = LRUCache(MAX_REPLIES)
        self._saves = SaveBatches(self._save)
        self._scripts = {name: redis.register_script(read_script(HERE, "renew_and_publish", name)) for name in SCRIPTS}

    def state(self) -> StoreState:
        return StoreState(backend="redis")

    async def peek(self, session_id: str) -> tuple[Session, float] | None:
        """Return the head and its remaining TTL in seconds, without renewing it; None if it does not exist."""
        key = session_keys(session_id).head
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hget(key, "j")
        pipeline.pttl(key)
        text, life_ms = await self._execute(pipeline.execute)
        return None if text is None else (read_head(text), max(0.0, life_ms / 1000))

    async def end_in(self, session_id: str, life_s: float) -> None:
        """Set a session's TTL."""
        await self._run("read", session_id, -1, 0, life_s=life_s)

    def clear_caches(self) -> None:
        """Clear all caches: Redis lost or changed its data."""
        for known in (self._heads, self._replied, self._touched):
            known.clear()

    async def create(self, session: Session, notebook: bytes, *, life_s: float | None = None) -> None:
        """`life_s`: remaining TTL of a session to restore. Raises NotFound if it was deleted."""
        arguments = (session.version, head_text(session), notebook, int(life_s is not None))
        answer = await self._run("create", session.session_id, *arguments, life_s=life_s)
        if answer == 0:
            raise session_exists()
        if answer == 2:
            raise no_session()
        self._heads[session.session_id] = session
        await self._touch(session.session_id)
        await self._record_mark(session)

    async def restore(self, copy: SessionCopy) -> bool:
        """Write everything to keys of its own first, which one script then renames."""
        session, session_id = copy.session, copy.session.session_id
        keys = restoring_keys(session_id, secrets.token_hex(8))
        head = (session.version, head_text(session), copy.notebook, 0)
        await self._run("create", session_id, *head, keys=keys, life_s=RESTORING_S)
        for start in range(0, len(copy.hunts), AT_ONCE):
            some = copy.hunts[start : start + AT_ONCE]
            await self._save(session_id, [hunt_save(hunt, reply=True) for hunt in some], keys=keys, life_s=RESTORING_S)
        reload = (EventType.SESSION.value, f'{{"version":{session.version}}}')
        answer = await self._run("restore", session_id, *reload, keys=(*session_keys(session_id).all, *keys))
        if answer == 2:
            raise no_session()
        if answer == 1:
            self._heads[session_id] = session
            await self._touch(session_id)
            await self._record_mark(session)
        return bool(answer == 1)

    async def copy(self, session_id: str) -> SessionCopy:
        return await read_copy(self._redis, self._execute, session_id)

    async def ids(self) -> list[str]:
        """Return the IDs of all sessions. Some may have expired meanwhile."""
        return [found.decode() for found in await self._execute(lambda: self._redis.zrange(SESSIONS, 0, -1))]

    async def progress(self, session_id: str) -> tuple[int, dict[str, int]] | None:
        """Return the version, and each hunt's progress by ID, without renewing; None if it does not exist."""
        answer = await self._run("progress", session_id)
        hunts = {hunt_id.decode(): int(far) for hunt_id, far in zip(answer[1::2], answer[2::2], strict=True)}
        return (int(answer[0]), hunts) if answer else None

    async def read(self, session_id: str) -> Session:
        return (await self._look(session_id, tallies=False))[0]

    async def change(
        self, session_id: str, change: Change, *, events: EventFactory = no_events, expected_version: int | None = None
    ) -> Session:
        for _ in range(MAX_TRIES):
            before = await self.read(session_id)
            check_version(before, expected_version)
            after = change(before)
            if after is before:
                return before
            after = after.model_copy(update={"version": before.version + 1})
            if await self.replace(before.version, after, events(after)):
                return after
        raise Conflict("Too many concurrent changes to the session.", hint="Try again in a moment.")

    async def replace(self, version: int, after: Session, events: Sequence[EventDraft] = ()) -> bool:
        """Replace the head of that version. Returns False if the version has changed."""
        head = (version, after.version, head_text(after))
        answer = await self._run("replace_session", after.session_id, *self._bounds, *head, *_pairs(events))
        self._raise_if_missing(answer)
        self._record_event_id(after.session_id, answer)
        if written := bool(answer[0] == 2):
            self._heads[after.session_id] = after
        return written

    async def publish(self, session_id: str, events: Sequence[EventDraft], *, version: int | None = None) -> bool:
        expected = "" if version is None else version
        answer = await self._run("publish", session_id, *self._bounds, expected, *_pairs(events))
        self._raise_if_missing(answer)
        self._record_event_id(session_id, answer)
        return bool(answer[0] == 2)

    async def save_hunt(
        self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = (), *, claim: Claim | None = None
    ) -> Saved:
        name = (session_id, hunt.hunt_id)
        state = await self._saves.save(session_id, hunt_save(hunt, events, claim, reply=name not in self._replied))
        if state == 3:
            state = await self._saves.save(session_id, hunt_save(hunt, events, claim, reply=True))
        if state == 4:
            return Saved.REFUSED
        if hunt.reply is not None:
            self._replied[name] = True
        if self._clock.monotonic() - self._touched.get(session_id, 0.0) > TOUCH_EVERY_S:
            await self._touch(session_id)
        return Saved.KEPT if state == 2 else Saved.PASSED_OVER

    async def _save(
        self, session_id: str, saves: Sequence[HuntSave], *, keys: Sequence[str] = (), life_s: float | None = None
    ) -> Sequence[int]:
        """Save states in one round trip. Returns the result of each, as in save_hunts.lua."""
        flat = (part for one in saves for part in one.arguments)
        answer = await self._run("save_hunts", session_id, *self._bounds, *flat, keys=keys, life_s=life_s)
        self._raise_if_missing(answer)
        self._record_event_id(session_id, answer)
        return answer[2:]  # type: ignore[no-any-return]

    async def accept_claim(self, session_id: str, claim: Claim) -> bool:
        answer = await self._run("claim", session_id, claim.part, claim.fence)
        self._raise_if_missing(answer)
        return bool(answer[0] == 2)

    async def replied(self, session_id: str, known: Mapping[str, int]) -> list[Hunt]:
        """Return the hunts that got a reply or finished since the known progress (by hunt id)."""
        answer = await self._run("replied", session_id, *(word for pair in known.items() for word in pair))
        self._raise_if_missing(answer)
        return [read_hunt(answer[n], answer[n + 1]) for n in range(1, len(answer), 2)]

    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        found: list[Hunt] = []
        more = True
        while more and len(found) < limit:
            wanted = min(MAX_PAGE, limit - len(found))
            answer = await self._run("page", session_id, after, wanted, f"{run_id}." if run_id else "")
            self._raise_if_missing(answer)
            more = bool(answer[1])
            found += [read_hunt(answer[n], answer[n + 1]) for n in range(2, len(answer), 2)]
            after = found[-1].number if found else after
        return HuntPage(hunts=tuple(found), next=after if more else None)

    async def hunt(self, session_id: str, hunt_id: str) -> Hunt:
        answer = await self._run("fetch", session_id, hunt_id)
        self._raise_if_missing(answer)
        if not answer[1]:
            raise no_hunt(hunt_id)
        return read_hunt(answer[1], answer[2])

    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        session, tallies = await self._look(session_id, tallies=True)
        return read_counts(tallies, ((run.run_id, run.hunts) for run in session.runs))

    async def summary(self, session_id: str) -> SessionSummary:
        session, tallies, _ = await self._read_summary(session_id, ())
        to_review = session.desk_ids
        found: Sequence[bytes] = ()
        if to_review:  # the head contains the ids of the hunts on the desk
            session, tallies, found = await self._read_summary(session_id, to_review)
        states = [read_hunt(found[n], found[n + 1]) for n in range(0, len(found), 2) if found[n]]
        by_id = {hunt.hunt_id: hunt for hunt in states}
        counts = read_counts(tallies, ((run.run_id, run.hunts) for run in session.runs))
        on_desk = tuple(by_id[i] for i in session.desk_ids if i in by_id)
        return SessionSummary(session=session, counts=counts, on_desk=on_desk)

    async def _read_summary(
        self, session_id: str, hunt_ids: Sequence[str]
    ) -> tuple[Session, dict[bytes, bytes], Sequence[bytes]]:
        answer = await self._run("summary", session_id, *hunt_ids)
        if not answer:
            raise no_session()
        text, flat, *found = answer
        return read_head(text), dict(zip(flat[::2], flat[1::2], strict=True)), found

    async def count_duplicates(self, session: Session) -> int:
        """Check each session with this mark and drop expired ones from the set."""
        if not session.mark:
            return 0
        key = mark_key(session.mark)
        others = [i.decode() for i in await self._execute(lambda: self._redis.smembers(key))]
        here = 0
        for other in others:
            if other == session.session_id:
                continue
            if await self._execute(lambda other=other: self._redis.exists(session_keys(other).head)):  # type: ignore[misc]
                here += 1
            else:
                await self._execute(lambda other=other: self._redis.srem(key, other))  # type: ignore[misc]
        return here

    async def _record_mark(self, session: Session) -> None:
        """Add the session to the set of its task and renew the set's TTL."""
        if session.mark:
            key = mark_key(session.mark)
            await self._execute(lambda: self._redis.sadd(key, session.session_id))
            await self._execute(lambda: self._redis.expire(key, MARK_LIFE_S))

    async def notebook(self, session_id: str) -> bytes:
        answer = await self._run("fetch", session_id, "")
        self._raise_if_missing(answer)
        return bytes(answer[1])

    async def delete(self, session_id: str) -> None:
        there = await self._run("delete", session_id)
        self._heads.pop(session_id, None)
        self._forget(session_id)
        await self._execute(lambda: self._redis.zrem(SESSIONS, session_id))
        if not there:
            raise no_session()

    async def count(self) -> int:
        """Count by Redis's clock, which all processes share."""
        now_s = await self._redis_time_s()
        await self._execute(lambda: self._redis.zremrangebyscore(SESSIONS, "-inf", now_s))
        return int(await self._execute(lambda: self._redis.zcard(SESSIONS)))

    async def close(self) -> None:
        await self._saves.close()
        self.clear_caches()

    async def _look(self, session_id: str, *, tallies: bool) -> tuple[Session, dict[bytes, bytes]]:
        known = self._heads.get(session_id)
        answer = await self._run("read", session_id, known.version if known else 0, int(tallies))
        if not answer:
            self._heads.pop(session_id, None)
            raise no_session()
        _, text, flat = answer
        session = read_head(text) if text or known is None else known
        if session is not known:
            self._heads[session.session_id] = session
        if self._clock.monotonic() - self._touched.get(session_id, 0.0) > TOUCH_EVERY_S:
            await self._touch(session_id)
        return session, dict(zip(flat[::2], flat[1::2], strict=True))

    async def _touch(self, session_id: str) -> None:
        """Update the session's expiry in the session index, which is used only for counting."""
        ends_at = await self._redis_time_s() + self._ttl_s
        await self._execute(lambda: self._redis.zadd(SESSIONS, {session_id: ends_at}))
        self._touched[session_id] = self._clock.monotonic()

    async def _redis_time_s(self) -> float:
        seconds, micros = await self._execute(self._redis.time)
        return float(seconds + micros / 1e6)

    async def _run(
        self, script: str, session_id: str, *arguments: Any, life_s: float | None = None, keys: Sequence[str] = ()
    ) -> Any:
        life_ms = max(1, int((self._ttl_s if life_s is None else life_s) * 1000))
        names = keys or session_keys(session_id).all
        return await self._execute(lambda: self._scripts[script](keys=names, args=(life_ms, *arguments)))

    async def _execute(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run a command within the deadline. The wait for a free slot does not count.

        If another command failed during that wait, raises the same RedisAway at once.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        self.commands += 1
        async with self._turns:
            if self._failed is not None and self._failed[0] >= began:
                raise self._failed[1]
            try:
                async with with_deadline(self._timeout_s):
                    return await command()
            except RedisAway as error:
                self._failed = (clock(), error)
                raise

    def _record_event_id(self, session_id: str, answer: Sequence[Any]) -> None:
        if len(answer) > 1 and answer[1]:
            self._on_event(session_id, answer[1].decode())

    def _raise_if_missing(self, answer: Sequence[Any]) -> None:
        if answer[0] == 0:
            raise no_session()


def _pairs(events: Iterable[EventDraft]) -> Iterable[str]:
    for event in events:
        yield event.type.value
        yield event.data


def _head_bytes(head: Session) -> int:
    """Cache size of a head: at least the share that allows MAX_HEADS heads, at most the whole cache."""
    return min(max(head.rough_bytes, HEADS_MAX_BYTES // MAX_HEADS), HEADS_MAX_BYTES)
