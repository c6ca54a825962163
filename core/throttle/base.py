"""The throttle's promise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from core.domain.value import Value


class AccountLoad(Value):
    """Live numbers of one account in this process, for the admin status."""

    account: str
    limit: int
    """Most calls in flight now, over all processes that share the account."""
    in_flight: int
    queued: int
    ceiling: int
    """The configured concurrency: `limit` is never above it."""
    reason: str = ""
    """Why the limit was last changed; "" when it never was."""
    changed_at: datetime | None = None


class Throttle(ABC):
    """At most `limit` calls of an account at once; one slot is one HTTP call, judge calls included.

    Waiting sessions take turns; within one session it is first come, first served.
    A waiter that is cancelled leaves the queue and gives nothing back that it did not have.
    """

    @abstractmethod
    def slot(self, account: str, session: str) -> AbstractAsyncContextManager[float]:
        """Hold one slot of `account` inside the `async with`; the value is how long was waited, in seconds.

        `session` is who waits, for fairness; "" for calls of no session. Raises Busy when the queue is full,
        NotFound for an account that has no limit.
        """

    @abstractmethod
    def note(self, account: str, *, slow_down: bool) -> None:
        """A call of `account` ended: with a reply, or because the provider asked us to slow down. For the limit."""

    @abstractmethod
    def load(self) -> tuple[AccountLoad, ...]:
        """Live numbers of every account, in the order they were configured."""
