"""Batches saves of a state that grows by single verdicts, so that the cost per verdict does not grow with the state.

Every save writes the whole state (decision record 0002). Saving after each of n verdicts would write n² bytes.
Verdicts of a large state are therefore collected until they are a fixed share of it, or for MAX_WAIT_S, and those of a
hunt for a moment (`pause_s`).
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
PAUSE_S = 0.05
"""Judge calls of a hunt that began together end within this time: their verdicts are saved together. A crash loses the
verdicts of this time, as it loses the calls in flight."""
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

    def __init__(
        self, save: Callable[[], Awaitable[None]], size_bytes: int, wait_s: float = MAX_WAIT_S, *, pause_s: float = 0.0
    ) -> None:
        """`size_bytes`: approximate size of the state before the first verdict. `pause_s`: how long a small state is
        not saved after a verdict; 0: it is saved before `add` returns."""
        self._save = save
        self._size = size_bytes
        self._wait_s = wait_s
        self._pause_s = pause_s
        self._new = 0
        self._one_at_a_time = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._later: asyncio.Task[None] | None = None
        """The delayed save, once it has begun; a failed one until its error is raised."""

    async def add(self, added_bytes: int) -> None:
        """Record that the state has grown by `added_bytes`. Raises the error of this save or of an earlier delayed
        one."""
        self._new += added_bytes
        self._size += added_bytes
        if self._later is not None and self._later.done():
            failed, self._later = self._later, None
            failed.result()
        small = self._size <= SMALL_BYTES
        if not self._pause_s if small else self._new * SHARE >= self._size:
            await self._save_now()
        else:
            self._save_soon()

    async def flush(self) -> None:
        """Save what is not saved yet. Raises the error of the save."""
        await self._save_now()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._later is not None:
            await asyncio.gather(self._later, return_exceptions=True)  # the caller's own save reports the same error
        if self._timer is not None:
            self._timer.cancel()
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

    def _save_soon(self) -> None:
        if self._timer is None and self._later is None:
            wait_s = self._pause_s if self._size <= SMALL_BYTES else self._wait_s
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._begin_saving)

    def _begin_saving(self) -> None:
        self._timer, self._later = None, asyncio.create_task(self._save_now(), name="save-gathered")
        self._later.add_done_callback(self._saved)

    def _saved(self, later: asyncio.Task[None]) -> None:
        """Save again what was added during the delayed save."""
        if self._later is later and not later.cancelled() and later.exception() is None:
            self._later = None
            if self._new:
                self._save_soon()
