"""The throttle's promise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager

from core.domain.value import Value


class AccountLoad(Value):
    """Live numbers of one account, for the admin status."""

    account: str
    limit: int
    in_flight: int
    queued: int


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
    def load(self) -> tuple[AccountLoad, ...]:
        """Live numbers of every account, in the order they were configured."""
