"""The dispatcher's promise: a submitted job is worked on until it ends, is stopped, or is handed back at shutdown."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    RUN = "run"
    CHECK = "check"
    JUDGING = "judging"


@dataclass(frozen=True, slots=True)
class Job:
    """`key` is unique among jobs that are worked on: a run's id, or what names the session together with its check or
    with the hunt that is judged again. Whoever loads an export has runs and hunts of the same ids, all of them ended.
    """

    kind: JobKind
    session_id: str
    key: str


class Shards(ABC):
    """The parts of one job as one process sees them, shared among all processes that work on the job.

    A part is worked on by one process at a time; one whose process died or let go is given out again.
    """

    def __init__(self) -> None:
        self.ending = asyncio.Event()
        """Set when the process ends and nobody can go on with the work: begin nothing new, end what was begun."""
        self.on_lost: Callable[[int], None] | None = None
        """Told of a part that others have by now: cancel the work on it. None: the whole job is handed back."""

    handing_back: bool = False
    """Set before the work is cancelled because the process ends: leave everything to be gone on with elsewhere."""

    @property
    @abstractmethod
    def held(self) -> frozenset[int]:
        """Parts that are ours and not done."""

    @property
    def elsewhere(self) -> frozenset[int]:
        """Parts that others work on, or have done, as last heard of."""
        return frozenset()

    @abstractmethod
    def fence(self, part: int) -> int | None:
        """The number of our claim on the part: every later claim on it has a greater one. None: it has no number."""

    def orphaned(self, part: int) -> bool:  # noqa: ARG002 – who has all parts is nobody's heir
        """Whether whoever had the part before us did not let go of it, and may have died."""
        return False

    @abstractmethod
    async def holds(self, part: int) -> bool:
        """Whether the part is certainly still ours. Asks others only when our own clock cannot tell."""

    @abstractmethod
    def lose(self, part: int) -> None:
        """Others have the part: `on_lost` is told."""

    async def ensure(self, part: int) -> None:
        """Before anything that costs money: returns when the part is certainly still ours. When it is lost the work on
        it is cancelled, and this never returns."""
        if not await self.holds(part):
            self.lose(part)
            await asyncio.get_running_loop().create_future()

    @abstractmethod
    async def next(self, parts: int) -> int | None:
        """A part to work on now, from 0; then once `parts` itself: the end, when all others are done. None: no more.

        Waits while nothing is free and others are still at work.
        """

    @abstractmethod
    async def done(self, part: int) -> None: ...

    @abstractmethod
    async def release(self) -> None:
        """Let go of all parts that are not done."""

    @abstractmethod
    async def stop(self) -> None:
        """Have every other process that works on the job stop and wind up."""


Work = Callable[[Job, Shards], Awaitable[None]]


class Dispatcher(ABC):
    @abstractmethod
    async def submit(self, job: Job, *, fresh: bool = True) -> None:
        """Have the job worked on. A job whose key is worked on already is not doubled. `fresh`: nobody can have worked
        on it before."""

    @abstractmethod
    async def stop(self, key: str) -> None:
        """End the job now and wait until its worker has put everything down. Nothing happens when it is not there."""

    @abstractmethod
    async def drain(self, grace_s: float) -> None:
        """Take no more jobs; let what was begun in those that run end for `grace_s` seconds, then stop them."""

    @abstractmethod
    def active(self, kind: JobKind) -> int:
        """Jobs of that kind that are worked on in this process."""
