"""Saves the states of hunts in batches: the states of one session that wait at the same time take one round trip.

A state waits only for the states that become ready in the same passes of the event loop, and for the batch before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.events import EventDraft
from core.domain.hunt import Hunt
from core.sessions.base import Claim
from core.sessions.codec import mark, reply_text, state_text

MAX_BATCH = 64
"""Maximum states per script: Redis serves no other client while it runs, about 40 µs per state."""
MAX_BATCH_BYTES = 1024 * 1024
GATHER_PASSES = 2
"""Passes of the event loop that a batch waits for company: the call that ended frees a slot, and the call that gets it
saves its own state one pass later."""


@dataclass(frozen=True, slots=True)
class HuntSave:
    """One state of a hunt in the form of save_hunts.lua. `size_bytes`: approximate."""

    arguments: tuple[str | int | bytes, ...]
    size_bytes: int


def hunt_save(hunt: Hunt, events: Sequence[EventDraft] = (), claim: Claim | None = None, *, reply: bool) -> HuntSave:
    """`reply`: whether to send the reply too; Redis keeps it from then on."""
    state, reply_bytes = state_text(hunt), reply_text(hunt) if reply else b""
    pairs = [text for event in events for text in (event.type.value, event.data)]
    part, fence = (claim.part, claim.fence) if claim else ("", 0)
    one: tuple[str | int | bytes, ...] = (hunt.hunt_id, hunt.number, mark(hunt), state, reply_bytes, part, fence)
    return HuntSave((*one, len(pairs), *pairs), len(state) + len(reply_bytes) + sum(map(len, pairs)))


Write = Callable[[str, Sequence[HuntSave]], Awaitable[Sequence[Any]]]
"""Writes states of a session in one round trip. Returns the result of each."""


class SaveBatches:
    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: dict[str, list[tuple[HuntSave, asyncio.Future[Any]]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """A task for each session with states to write; it ends when none waits."""

    async def save(self, session_id: str, one: HuntSave) -> Any:
        """Return the result of the state's save. A state is written even if its caller is cancelled meanwhile.

        Raises the error of its batch. If that fails, the states that wait behind it fail with the same error.
        """
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(session_id, []).append((one, result))
        if session_id not in self._tasks:
            self._tasks[session_id] = asyncio.create_task(self._write_all(session_id), name="save-batches")
        return await result

    async def close(self) -> None:
        """Wait until everything is written."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def _write_all(self, session_id: str) -> None:
        waiting = self._waiting[session_id]
        batch: list[tuple[HuntSave, asyncio.Future[Any]]] = []
        try:
            for _ in range(GATHER_PASSES):
                await asyncio.sleep(0)
            while waiting:
                batch = waiting[: _batch_length([one for one, _ in waiting])]
                del waiting[: len(batch)]
                results = await self._write(session_id, [one for one, _ in batch])
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)
        except BaseException as error:
            for _, future in (*batch, *waiting):
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise
        finally:
            del self._waiting[session_id], self._tasks[session_id]


def _batch_length(saves: Sequence[HuntSave]) -> int:
    """How many of the first states fit into a batch: at least one."""
    size = 0
    for number, one in enumerate(saves[:MAX_BATCH]):
        size += one.size_bytes
        if number and size > MAX_BATCH_BYTES:
            return number
    return min(len(saves), MAX_BATCH)
