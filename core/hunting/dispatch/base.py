"""The dispatcher interface: a submitted job runs until it ends, is stopped, or is handed back at shutdown."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import RedisAway


class JobKind(StrEnum):
    RUN = "run"
    CHECK = "check"
    JUDGING = "judging"
    CONFIRMING = "confirming"
    """Unknown to the release before: jobs of this kind always count as having parameters."""
    TWO_SIDED = "two_sided"
    ROBUSTNESS = "robustness"
    EDITS = "edits"
    """A model proposes edits for the two-sided check."""


@dataclass(frozen=True, slots=True)
class Job:
    """`key` is unique among running jobs: a run ID, or a key built from the session and its check or its rejudged
    hunt. Sessions loaded from one export share run and hunt IDs, but all of those runs have ended."""

    kind: JobKind
    session_id: str
    key: str
    has_parameters: bool = False
    """Whether its calls have parameters, or its targets labels, or its kind is new. Processes of the release before
    would leave them out, so they must not work on it."""


class PartClaims(ABC):
    """One process's view of a job's parts, which are shared among all processes that work on the job.

    One process at a time works on a part. If it dies or releases the part, another process can claim it.
    """

    def __init__(self) -> None:
        self.ending = asyncio.Event()
        """Set when the process shuts down and no other process can continue: start nothing new, finish what has
        started."""
        self.on_lost: Callable[[int], None] | None = None
        """Called with a part that another process now owns: cancel the work on it. None: the whole job is handed
        back."""

    handing_back: bool = False
    """Set before the work is cancelled at shutdown: leave everything for another process to continue."""

    @property
    @abstractmethod
    def held(self) -> frozenset[int]:
        """Parts that this process owns and has not finished."""

    @property
    def elsewhere(self) -> frozenset[int]:
        """Parts that other processes own or have finished, as of the last update."""
        return frozenset()

    @abstractmethod
    def fence(self, part: int) -> int | None:
        """Return the fencing number of our claim on the part; every later claim has a greater one. None: unnumbered."""

    @abstractmethod
    async def holds(self, part: int) -> bool:
        """Return whether we certainly still own the part. Asks Redis only if the local clock cannot tell."""

    @abstractmethod
    def lose(self, part: int) -> None:
        """Give up a part that another process owns; calls `on_lost`."""

    async def ensure(self, part: int) -> None:
        """Call before anything that costs money. Returns if we certainly still own the part. If not, it cancels the
        work on the part and never returns."""
        if not await self.holds(part):
            self.lose(part)
            await asyncio.get_running_loop().create_future()

    async def work_alone(self, work: Callable[[int], Awaitable[None]]) -> None:
        """Do the work of a job with a single part, unless another process does. `work` gets the part. Without Redis the
        session may be unavailable here: then the job is handed back, not finished."""
        if (whole := await self.next(0)) is not None:
            try:
                await work(whole)
            except RedisAway:
                self.handing_back = True
                raise
            finally:
                await (self.release() if self.handing_back else self.finish(whole))

    @abstractmethod
    async def next(self, parts: int) -> int | None:
        """Return the next part to work on, from 0; then once `parts` itself, when all others are done, to finish the
        job. None: no work is left.

        Waits while no part is free and other processes still work.
        """

    @abstractmethod
    async def finish(self, part: int) -> None: ...

    @abstractmethod
    async def release(self) -> None:
        """Release all unfinished parts."""

    @abstractmethod
    async def stop(self) -> None:
        """Make every other process that works on the job stop and finish up."""


Work = Callable[[Job, PartClaims], Awaitable[None]]


class Dispatcher(ABC):
    @abstractmethod
    async def submit(self, job: Job, *, fresh: bool = True) -> None:
        """Run the job, unless a job with the same key is running. `fresh`: the job is new, so no process has worked on
        it."""

    @abstractmethod
    async def stop(self, key: str) -> None:
        """Stop the job and wait until its worker has saved everything. Does nothing if the job is not running."""

    @abstractmethod
    async def drain(self, grace_s: float) -> None:
        """Accept no more jobs; give started work `grace_s` seconds to finish, then stop it."""

    @abstractmethod
    def active(self, kind: JobKind) -> int:
        """Return the number of jobs of that kind that run in this process."""
