"""Batches saves of a state that grows by single verdicts, so that the cost per verdict does not grow with the state.

Every save writes the whole state (decision record 0002). Saving after each of n verdicts would write n² bytes.
Verdicts of a large state are therefore collected until they are a fixed share of it, or for MAX_WAIT_S.
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
"""A state up to this size is saved with every verdict; 3 to 17 criteria with reasons rarely exceed it."""
SHARE = 8
"""A larger state is saved when a 1/SHARE of it is new: all saves together write about nine times its size."""
MAX_WAIT_S = 0.25
"""Maximum delay of a save: the loss in a crash, and the lag of event streams."""
VERDICT_BYTES = 200
"""Approximate size of a verdict without its texts."""


def verdict_bytes(verdict: CriterionVerdict) -> int:
    """Return approximately how much a verdict adds to a state."""
    return VERDICT_BYTES + len(verdict.reason) + len(verdict.evidence) + len(verdict.judge_text)


class GatheredSaves:
    """Decides when to save a growing state. `save` writes the newest state; calls never overlap.

    Leaving the block with an exception (cancellation, shutdown) saves unsaved verdicts. A normal exit does not: callers
    whose last save does not include them call `flush`.
    """

    def __init__(self, save: Callable[[], Awaitable[None]], size_bytes: int, wait_s: float = MAX_WAIT_S) -> None:
        """`size_bytes`: approximate size of the state before the first verdict."""
        self._save = save
        self._size = size_bytes
        self._wait_s = wait_s
        self._new = 0
        self._one_at_a_time = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    async def add(self, added_bytes: int) -> None:
        """Record that the state has grown by `added_bytes`. Raises the error of this save or of an earlier delayed
        one."""
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

    async def flush(self) -> None:
        """Save what is not saved yet. Raises the error of the save."""
        await self._save_now()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._later is not None:
            if not self._one_at_a_time.locked():
                self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)  # the caller's own save reports the same error
        if kind is not None and self._new:
            with suppress(HunterError):  # the first error already reports a missing or unwritable session
                await self._save_now()

    async def _save_now(self) -> None:
        async with self._one_at_a_time:
            if self._new:
                new, self._new = self._new, 0
                try:
                    await self._save()
                except BaseException:
                    self._new += new  # as far as we know it is not saved
                    raise

    async def _save_later(self) -> None:
        await asyncio.sleep(self._wait_s)
        await self._save_now()
