"""The dispatcher's promise: a submitted job is worked on until it ends, is stopped, or is handed back at shutdown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    RUN = "run"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Job:
    """`key` is unique among jobs that are worked on: a run's id, or a session's id for its reference check."""

    kind: JobKind
    session_id: str
    key: str


Work = Callable[[Job], Awaitable[None]]


class Dispatcher(ABC):
    @abstractmethod
    async def submit(self, job: Job) -> None:
        """Have the job worked on. A job whose key is worked on already is not doubled."""

    @abstractmethod
    async def stop(self, key: str) -> None:
        """End the job now and wait until its worker has put everything down. Nothing happens when it is not there."""

    @abstractmethod
    async def drain(self, grace_s: float) -> None:
        """Take no more jobs; let those that run end for `grace_s` seconds, then stop them."""

    @abstractmethod
    def active(self, kind: JobKind) -> int:
        """Jobs of that kind that are worked on in this process."""
