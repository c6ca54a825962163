"""Who waits in one lane: first come, first served within a session, turns between the sessions."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping

Turn = asyncio.Future[None]


class FairQueue:
    """Waiters of one account. A waiter that leaves is skipped when its turn comes."""

    def __init__(self) -> None:
        self.queued = 0
        self._turns: deque[str] = deque()
        """Sessions that have somebody waiting, whose turn it is first."""
        self._waiting: dict[str, deque[Turn]] = {}
        self._count: Counter[str] = Counter()

    def join(self, session: str) -> Turn:
        turn = asyncio.get_running_loop().create_future()
        line = self._waiting.get(session)
        if line is None:
            line = self._waiting[session] = deque()
            self._turns.append(session)
        line.append(turn)
        self.queued += 1
        self._count[session] += 1
        return turn

    def left(self, session: str) -> None:
        """A waiter of that session was cancelled."""
        self.queued -= 1
        self._counted_down(session)
        if not self.queued:
            self._turns.clear()
            self._waiting.clear()

    def pop(self, first: Callable[[str], bool]) -> tuple[str, Turn] | None:
        """The next live waiter and its session; sessions for which `first` holds go before others. None: nobody.

        The session then goes to the back. `queued` may still count waiters that are cancelled already.
        """
        for _ in range(len(self._turns)):
            if first(self._turns[0]):
                break
            self._turns.rotate(-1)
        while self._turns:
            session = self._turns.popleft()
            line = self._waiting[session]
            while line and line[0].done():  # cancelled while waiting
                line.popleft()
            turn = line.popleft() if line else None
            if line:
                self._turns.append(session)
            else:
                del self._waiting[session]
            if turn is not None:
                self.queued -= 1
                self._counted_down(session)
                return session, turn
        return None

    def waiting(self) -> Mapping[str, int]:
        """How many wait, by session."""
        return self._count

    def _counted_down(self, session: str) -> None:
        self._count[session] -= 1
        if not self._count[session]:
            del self._count[session]
