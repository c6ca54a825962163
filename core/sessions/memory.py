"""The in-memory session store: lost when the process ends, and correct only with a single process."""

from __future__ import annotations

import asyncio
from bisect import bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.domain.run import Counts, Tally
from core.domain.session import Session
from core.errors import Busy
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

SWEEP_EVERY_S = 60.0
HUNTS_AT_ONCE = 200
"""Hunts of a copy that are counted without a pause: some milliseconds."""
Append = Callable[[str, Sequence[EventDraft]], object]


class MemorySessionStore(SessionStore):
    def __init__(
        self,
        clock: Clock,
        *,
        ttl_s: float,
        max_sessions: int,
        max_share: int | None = None,
        append: Append,
        forget: Callable[[str], None],
        begin: Callable[[str, str], None] = lambda _session_id, _last_id: None,
    ) -> None:
        """`max_share`: maximum sessions per owner; sessions without an owner are not limited. `append`,
        `forget` and `begin` (starts a session's events after an id) are the event log's and must not await, so that a
        result and its events are written atomically."""
        self._clock = clock
        self._ttl_s = ttl_s
        self._max = max_sessions
        self._share = max_sessions if max_share is None else max_share
        self._append = append
        self._forget = forget
        self._begin = begin
        self._kept: dict[str, KeptSession] = {}
        self._swept_at = clock.monotonic()

    def state(self) -> StoreState:
        return StoreState(backend="memory")

    async def create(self, session: Session, notebook: bytes) -> None:
        if self._find(session.session_id) is not None:
            raise session_exists()
        self._refuse_too_many(session)
        self._keep(session, notebook)

    async def restore(self, copy: SessionCopy) -> bool:
        session = copy.session
        restored = await to_kept_session(copy)
        if self._find(session.session_id) is not None:
            return False
        self._refuse_too_many(session)
        restored.ends_at = self._clock.monotonic() + self._ttl_s
        self._kept[session.session_id] = restored
        self._begin(session.session_id, f"{int(self._clock.now().timestamp() * 1000)}-0")
        return True

    async def copy(self, session_id: str) -> SessionCopy:
        kept = self._find(session_id)
        if kept is None:
            raise no_session()
        return SessionCopy(kept.session, kept.notebook, tuple(kept.hunts.values()))

    def _refuse_too_many(self, session: Session) -> None:
        self._sweep(always=len(self._kept) >= self._max)
        if len(self._kept) >= self._max:
            raise Busy(f"All {self._max} sessions are in use.", hint="Delete sessions, or raise MAX_SESSIONS.")
        if session.owner and self._owned(session.owner) >= self._share:
            raise Busy(
                f"{session.owner} already has {self._share} open sessions, the maximum per user.",
                hint="Delete unused sessions. It is half of MAX_SESSIONS, which operators set.",
                code="share_used_up",
            )

    async def read(self, session_id: str) -> Session:
        return self._use(session_id).session

    async def change(
        self, session_id: str, change: Change, *, events: EventFactory = no_events, expected_version: int | None = None
    ) -> Session:
        kept = self._use(session_id)
        before = kept.session
        check_version(before, expected_version)
        after = change(before)
        if after is before:
            return before
        kept.session = after.model_copy(update={"version": before.version + 1})
        self._append(session_id, events(kept.session))
        return kept.session

    async def publish(self, session_id: str, events: Sequence[EventDraft], *, version: int | None = None) -> bool:
        kept = self._use(session_id)
        if version not in {None, kept.session.version}:
            return False
        self._append(session_id, events)
        return True

    async def save_hunt(
        self, session_id: str, hunt: Hunt, events: Sequence[EventDraft] = (), *, claim: Claim | None = None
    ) -> Saved:
        kept = self._use(session_id)
        if claim is not None and not kept.accept_claim(claim):
            return Saved.REFUSED
        if not self._put(kept, hunt):
            return Saved.PASSED_OVER
        self._append(session_id, events)
        return Saved.KEPT

    async def accept_claim(self, session_id: str, claim: Claim) -> bool:
        return self._use(session_id).accept_claim(claim)

    async def hunts(self, session_id: str, *, after: int = 0, limit: int = 200, run_id: str | None = None) -> HuntPage:
        return self._use(session_id).page(after, limit, run_id)

    async def hunt(self, session_id: str, hunt_id: str) -> Hunt:
        found = self._use(session_id).hunts.get(hunt_id)
        if found is None:
            raise no_hunt(hunt_id)
        return found

    async def counts(self, session_id: str) -> Mapping[str, Counts]:
        return self._use(session_id).counts()

    async def summary(self, session_id: str) -> SessionSummary:
        kept = self._find(session_id)
        if kept is None:
            raise no_session()
        on_desk = tuple(kept.hunts[i] for i in kept.session.desk_ids if i in kept.hunts)
        return SessionSummary(session=kept.session, counts=kept.counts(), on_desk=on_desk)

    async def count_duplicates(self, session: Session) -> int:
        now = self._clock.monotonic()
        same = (k for k in self._kept.values() if session.mark and k.session.mark == session.mark and k.ends_at > now)
        return sum(k.session.session_id != session.session_id for k in same)

    async def notebook(self, session_id: str) -> bytes:
        return self._use(session_id).notebook

    async def delete(self, session_id: str) -> None:
        self._use(session_id)
        self._drop(session_id)

    async def count(self) -> int:
        self._sweep(always=False)
        return len(self._kept)

    async def close(self) -> None:
        for session_id in list(self._kept):
            self._drop(session_id)

    def _put(self, kept: KeptSession, hunt: Hunt) -> bool:
        return kept.save(hunt)

    def _keep(self, session: Session, notebook: bytes) -> KeptSession:
        kept = KeptSession(session, notebook, self._clock.monotonic() + self._ttl_s)
        self._kept[session.session_id] = kept
        return kept

    def _use(self, session_id: str) -> KeptSession:
        """Return the session and renew it. Raises NotFound if it does not exist or has expired."""
        kept = self._find(session_id)
        if kept is None:
            raise no_session()
        kept.ends_at = self._clock.monotonic() + self._ttl_s
        return kept

    def _find(self, session_id: str) -> KeptSession | None:
        """Return the stored session, None if it does not exist. Drops an expired one."""
        kept = self._kept.get(session_id)
        if kept is not None and kept.ends_at <= self._clock.monotonic():
            self._drop(session_id)
            return None
        return kept

    def _drop(self, session_id: str) -> None:
        del self._kept[session_id]
        self._forget(session_id)

    def _owned(self, owner: str) -> int:
        now = self._clock.monotonic()
        return sum(kept.session.owner == owner and kept.ends_at > now for kept in self._kept.values())

    def _sweep(self, *, always: bool) -> None:
        now = self._clock.monotonic()
        if not always and now - self._swept_at < SWEEP_EVERY_S:
            return
        self._swept_at = now
        for session_id in [sid for sid, kept in self._kept.items() if kept.ends_at <= now]:
            self._drop(session_id)


@dataclass
class KeptSession:
    session: Session
    notebook: bytes
    ends_at: float
    hunts: dict[str, Hunt] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    """Numbers of the stored hunts, sorted."""
    ids: dict[int, str] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    """Fence of the newest claim by part of a run."""
    whole: bool = True
    """Whether the copy is complete. False while this process has seen only parts of a session in Redis."""

    def accept_claim(self, claim: Claim) -> bool:
        """Record the claim. Returns False if its part has a newer one."""
        newest = self.fences.get(claim.part, 0)
        self.fences[claim.part] = max(newest, claim.fence)
        return newest <= claim.fence

    def save(self, hunt: Hunt) -> bool:
        """Store the hunt. Returns False if the stored state is finished or newer."""
        before = self.hunts.get(hunt.hunt_id)
        if before is not None and not before.may_become(hunt):
            return False
        if before is None:
            insort(self.numbers, hunt.number)
            self.ids[hunt.number] = hunt.hunt_id
        self.hunts[hunt.hunt_id] = hunt
        self.tallies.setdefault(hunt.run_id, Tally()).replace(before, hunt)
        return True

    def may_change(self, hunt_id: str) -> bool:
        """Whether its run may still change the stored hunt, as far as is known here."""
        hunt = self.hunts.get(hunt_id)
        run = next((run for run in self.session.runs if hunt is not None and run.run_id == hunt.run_id), None)
        return hunt is None or run is None or run.may_change(hunt)

    def page(self, after: int, limit: int, run_id: str | None) -> HuntPage:
        found: list[Hunt] = []
        for place in range(bisect_right(self.numbers, after), len(self.numbers)):
            hunt = self.hunts[self.ids[self.numbers[place]]]
            if run_id is not None and hunt.run_id != run_id:
                continue
            if len(found) == limit:
                return HuntPage(hunts=tuple(found), next=found[-1].number)
            found.append(hunt)
        return HuntPage(hunts=tuple(found), next=None)

    def counts(self) -> dict[str, Counts]:
        return {run.run_id: self.tallies.get(run.run_id, Tally()).counts(run.hunts) for run in self.session.runs}


async def to_kept_session(copy: SessionCopy) -> KeptSession:
    """Return a session as this store has it. Its life is for the caller to set."""
    kept = KeptSession(copy.session, copy.notebook, 0.0)
    for place, hunt in enumerate(copy.hunts, 1):
        kept.save(hunt)
        if place % HUNTS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return kept
