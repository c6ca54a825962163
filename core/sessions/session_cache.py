"""This process's copy of the sessions that it uses, in memory, bounded in bytes.

While Redis is up it is only updated; while Redis is down it is the store. The least recently used sessions are evicted
first, but never a `held` one, whose newest state is only here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.clock import Clock
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.sessions.memory import Append, KeptSession, MemorySessionStore

HUNT_BYTES, VERDICT_BYTES, SESSION_BYTES = 3000, 1200, 20_000
"""Estimated size of the objects without their texts."""


class SessionCache(MemorySessionStore):
    def __init__(
        self,
        clock: Clock,
        *,
        ttl_s: float,
        max_bytes: int,
        append: Append,
        forget: Callable[[str], None],
        held: Callable[[str], bool],
    ) -> None:
        super().__init__(clock, ttl_s=ttl_s, max_sessions=1_000_000, append=append, forget=forget)
        self._max_bytes = max_bytes
        self._held = held
        self._bytes = 0
        self._sizes: dict[str, int] = {}
        self._last_ids: dict[str, str] = {}

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def find(self, session_id: str) -> KeptSession | None:
        return self._find(session_id)

    def ids(self) -> Iterator[str]:
        """Session ids, least recently used first."""
        return iter(tuple(self._sizes))

    def put(self, session: Session, notebook: bytes | None = None) -> None:
        """Store the current head (and the notebook)."""
        kept = self._find(session.session_id)
        if kept is None:
            kept = self._keep(session, notebook or b"")
            kept.whole = notebook is not None
        kept.session = session
        self._used(session.session_id, kept)

    def put_notebook(self, session_id: str, notebook: bytes) -> None:
        if kept := self._find(session_id):
            self._grow(session_id, len(notebook) - len(kept.notebook))
            kept.notebook = notebook

    def put_hunt(self, session_id: str, hunt: Hunt) -> bool:
        """Store a state of a hunt. Returns False if the stored state is newer."""
        kept = self._find(session_id)
        if kept is None:
            return False
        before = kept.hunts.get(hunt.hunt_id)
        saved = kept.save(hunt)
        if saved:
            self._grow(session_id, _size(hunt) - (_size(before) if before else 0))
        self._used(session_id, kept)
        return saved

    def record_event(self, session_id: str, event_id: str) -> None:
        """Record the newest event id known to be in Redis."""
        if session_id in self._sizes:
            self._last_ids[session_id] = event_id

    def last_event_id(self, session_id: str) -> str:
        """The newest recorded event id; `0-0` if there is none."""
        return self._last_ids.get(session_id, "0-0")

    def discard(self, session_id: str) -> None:
        """Remove a session if it is stored."""
        if session_id in self._sizes:
            self._drop(session_id)

    def sweep(self) -> None:
        """Evict expired sessions, and the least recently used ones above the size limit."""
        self._sweep(always=True)
        self._shrink()

    def life_left_s(self, session_id: str) -> float:
        kept = self._find(session_id)
        return 0.0 if kept is None else kept.ends_at - self._clock.monotonic()

    def _put(self, kept: KeptSession, hunt: Hunt) -> bool:
        return self.put_hunt(kept.session.session_id, hunt)

    def _keep(self, session: Session, notebook: bytes) -> KeptSession:
        kept = super()._keep(session, notebook)
        self._grow(session.session_id, SESSION_BYTES + len(notebook))
        return kept

    def _use(self, session_id: str) -> KeptSession:
        kept = super()._use(session_id)
        self._used(session_id, kept)
        return kept

    def _used(self, session_id: str, kept: KeptSession) -> None:
        kept.ends_at = self._clock.monotonic() + self._ttl_s
        self._sizes[session_id] = self._sizes.pop(session_id)  # move to the end: most recently used

    def _grow(self, session_id: str, more: int) -> None:
        self._sizes[session_id] = self._sizes.get(session_id, 0) + more
        self._bytes += more
        if self._bytes > self._max_bytes:
            self._shrink()

    def _shrink(self) -> None:
        for session_id in tuple(self._sizes)[:-1]:
            if self._bytes <= self._max_bytes:
                return
            if not self._held(session_id):
                self._drop(session_id)

    def _drop(self, session_id: str) -> None:
        self._bytes -= self._sizes.pop(session_id, 0)
        self._last_ids.pop(session_id, None)
        super()._drop(session_id)


def _size(hunt: Hunt) -> int:
    reply = hunt.reply
    texts = (reply.text, reply.reasoning, reply.raw_request, reply.raw_reply) if reply else ()
    said = sum(len(v.reason) + len(v.evidence) + len(v.judge_text) + VERDICT_BYTES for v in hunt.every_verdict)
    chosen = hunt.parameters.rough_bytes + hunt.judge_parameters.rough_bytes
    return HUNT_BYTES + chosen + sum(map(len, texts)) + said
