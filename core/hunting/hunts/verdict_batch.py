"""Saves a state that grows verdict by verdict, so that one more verdict costs the same however many there are.

Every save writes the whole state (decision record 0002). Saving after each of n verdicts would cost n² bytes; here the
verdicts of a large state are gathered until they are a fair share of it, or for LONGEST_WAIT_S.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from core.domain.verdict import CriterionVerdict
from core.errors import HunterError

SMALL_BYTES = 32 * 1024
"""A state up to this size is saved with every verdict: 3 to 17 criteria with their reasons rarely have more."""
SHARE = 8
"""A larger one is saved when what is new is an eighth of it: all saves together write some nine times its size."""
LONGEST_WAIT_S = 0.25
"""Longest time that a verdict waits to be saved: what a crash may lose, and how far behind a watcher may be."""
VERDICT_BYTES = 200
"""About the size of a verdict without its texts."""


def verdict_bytes(verdict: CriterionVerdict) -> int:
    """About what a verdict adds to a state."""
    return VERDICT_BYTES + len(verdict.reason) + len(verdict.evidence) + len(verdict.judge_text)


class GatheredSaves:
    """Decides when a growing state is saved. `save` writes the newest state; it is never called twice at once.

    Leaving the block with an exception (a cancelled hunt, a process that ends) saves what was not saved yet; leaving it
    in order does not, since the caller's last save holds everything.
    """

    def __init__(self, save: Callable[[], Awaitable[None]], size_bytes: int, wait_s: float = LONGEST_WAIT_S) -> None:
        """`size_bytes`: about the state's size before the first verdict comes."""
        self._save = save
        self._size = size_bytes
        self._wait_s = wait_s
        self._new = 0
        self._one_at_a_time = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    async def add(self, added_bytes: int) -> None:
        """The state has grown by that much. Raises what saving raises, also for a save that was made later."""
        self._new += added_bytes
        self._size += added_bytes
        if self._size <= SMALL_BYTES or self._new * SHARE >= self._size:
            await self._save_now()
        elif self._later is None:
            self._later = asyncio.create_task(self._save_later(), name="save-gathered")
        elif self._later.done():
            done, self._later = self._later, None
            done.result()
            await self.add(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._later is not None:
            if not self._one_at_a_time.locked():
                self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)  # the caller's own save fails as this one did
        if kind is not None and self._new:
            with suppress(HunterError):  # the session is gone or cannot be written: the first error says so
                await self._save_now()

    async def _save_now(self) -> None:
        async with self._one_at_a_time:
            if self._new:
                self._new = 0
                await self._save()

    async def _save_later(self) -> None:
        await asyncio.sleep(self._wait_s)
        await self._save_now()
