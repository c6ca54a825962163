"""A durable store over a real SQLite library that can fail, as one process has it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.hunting.interrupt_unfinished_work import interrupt_abandoned
from core.library.base import LibraryRejected, library_away
from core.library.lazy import LazyLibrary
from core.sessions.base import SessionStore
from core.sessions.durable import DurableSessionStore
from core.sessions.journal import Journal
from core.sessions.outbox import Outbox
from tests.backends import memory_backend
from tests.builders import HandClock


class BreakableLibrary(LazyLibrary):
    """Fails while `broken`, and rejects sessions in `refused`."""

    broken = False
    refused: frozenset[str] = frozenset()
    writes = 0

    async def write(self, changes):
        self._check()
        if self.refused & {one.session_id for one in changes}:
            raise LibraryRejected("The library's database rejects a record (DataError).")
        self.writes += 1
        await super().write(changes)

    async def read(self, session_id):
        self._check()
        return await super().read(session_id)

    def _check(self):
        if self.broken:
            raise library_away("its database does not answer.")


@dataclass
class Process:
    """One process: its live store is lost with it, the library and the journals remain."""

    live: SessionStore
    log: object
    library: BreakableLibrary
    outbox: Outbox
    store: DurableSessionStore
    clock: HandClock
    journal: Journal
    reattached: set[str] = field(default_factory=set)
    bugs: list[BaseException] = field(default_factory=list)

    def kill(self):
        """As `kill -9` does: nothing is written, and the system closes the files."""
        self.journal.close()


@asynccontextmanager
async def a_process(folder, clock=None, *, live=None, max_waiting_hunts=1000, ttl_s=7200.0):
    clock = clock or HandClock()
    backend = live or memory_backend(100, 1000)
    if live is None:
        backend.store._clock = backend.log._clock = clock
    library = BreakableLibrary(f"sqlite:///{folder}/library.sqlite")
    bugs, reattached, journal = [], set(), Journal(folder / "journal", "one")
    outbox = Outbox(library, journal, clock, max_waiting_hunts=max_waiting_hunts, on_bug=bugs.append)
    store = DurableSessionStore(
        backend.store, library, outbox, clock, ttl_s=ttl_s, reattached=reattached,
        end_work=lambda copy: interrupt_abandoned(copy, clock.now()),
    )  # fmt: skip
    process = Process(backend.store, backend.log, library, outbox, store, clock, journal, reattached, bugs)
    try:
        yield process
    finally:
        process.kill()
        await library.close()
