"""The fair queue of one account: first come, first served within a session, rotation between sessions."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping

Turn = asyncio.Future[None]


class FairQueue:
    """The waiters of one account. A cancelled waiter is skipped."""

    def __init__(self) -> None:
        self.queued = 0
        self._turns: deque[str] = deque()
        """Sessions with waiters, the next one first."""
        self._waiting: dict[str, deque[Turn]] = {}
        self._count: Counter[str] = Counter()

    def join(self, session: str) -> Turn:
        turn = asyncio.get_running_loop().create_future()
        waiters = self._waiting.get(session)
        if waiters is None:
            waiters = self._waiting[session] = deque()
            self._turns.append(session)
        waiters.append(turn)
        self.queued += 1
        self._count[session] += 1
        return turn

    def discard(self, session: str) -> None:
        """Record that a waiter of the session was cancelled."""
        self.queued -= 1
        self._decrement(session)
        if not self.queued:
            self._turns.clear()
            self._waiting.clear()

    def pop(self, first: Callable[[str], bool]) -> tuple[str, Turn] | None:
        """Remove and return the next live waiter and its session, None if there is none.

        Sessions for which `first` is true have priority. The session then moves to the back. `queued` may still count
        cancelled waiters.
        """
        for _ in range(len(self._turns)):
            if first(self._turns[0]):
                break
            self._turns.rotate(-1)
        while self._turns:
            session = self._turns.popleft()
            waiters = self._waiting[session]
            while waiters and waiters[0].done():  # cancelled while waiting
                waiters.popleft()
            turn = waiters.popleft() if waiters else None
            if waiters:
                self._turns.append(session)
            else:
                del self._waiting[session]
            if turn is not None:
                self.queued -= 1
                self._decrement(session)
                return session, turn
        return None

    def waiting(self) -> Mapping[str, int]:
        """Number of waiters by session."""
        return self._count

    def _decrement(self, session: str) -> None:
        self._count[session] -= 1
        if not self._count[session]:
            del self._count[session]
