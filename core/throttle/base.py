"""The interface of the throttle."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from core.domain.value import Value


class AccountLoad(Value):
    """Current load of one account in this process, for the admin status."""

    account: str
    limit: int
    """Current maximum of calls in flight, over all processes that share the account."""
    in_flight: int
    queued: int
    ceiling: int
    """The configured concurrency, the upper bound of `limit`."""
    reason: str = ""
    """Reason of the last change of the limit; "" if it never changed."""
    changed_at: datetime | None = None


class Throttle(ABC):
    """Allows up to `limit` concurrent calls per account. One slot is one HTTP call, judge calls included.

    Waiting sessions are served in rotation, calls within one session first come, first served.
    A cancelled waiter leaves the queue and releases only a slot that it holds.
    """

    @abstractmethod
    def slot(self, account: str, session: str, *, background: bool = False) -> AbstractAsyncContextManager[float]:
        """Hold one slot of `account` inside the `async with`; the value is the time spent waiting, in seconds.

        `session` identifies the waiter for fair scheduling; "" for calls without a session. A call in the `background`
        starts only when no other call of the account waits, in any process that shares it. Raises Busy if the queue
        is full, NotFound for an account without a limit.
        """

    @abstractmethod
    def record_response(self, account: str, *, slow_down: bool) -> None:
        """Record the result of a call: a reply, or a rate limit if `slow_down`. Adjusts the limit."""

    @abstractmethod
    def load(self) -> tuple[AccountLoad, ...]:
        """Return the load of every account, in configuration order."""
