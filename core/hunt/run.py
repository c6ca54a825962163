"""A run's arithmetic: what is begun when, what may be retried, when to stop, how long it will take. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.domain.run import RUN_ENDED, Counts, Run
from core.providers.base import RetryBudget

LOOKAHEAD = 8
"""Target calls that may wait beside those that fill the slots. Few, because judge calls line up behind them."""


def retry_budget(run: Run, retries_per_call: float) -> RetryBudget:
    """Retries for the whole run: `retries_per_call` for each call that it needs, and ten."""
    calls = run.hunts * (1 + len(run.task.criteria))
    return RetryBudget(left=10 + int(calls * retries_per_call))


def active_hunts(active_most: int, queue_most: int, criteria: int) -> int:
    """How many hunts of a run are worked on at once: their judge calls, one for each criterion, must find room in half
    of an account's queue, or verdicts would be lost to a full queue."""
    return max(1, min(active_most, queue_most // 2 // max(1, criteria)))


def calling_most(account_limit: int) -> int:
    """Hunts of one run that may be calling or about to, on an account with that limit.

    Enough to keep every slot busy; little enough that a reply is judged at once when the judge shares the account.
    """
    return 2 * account_limit + LOOKAHEAD


def shares(run: Run, accounts: Mapping[str, str], places: Iterable[int]) -> dict[str, list[int]]:
    """The places of these hunts by the account of their model (`accounts`: model to account), in order."""
    by_account: dict[str, list[int]] = {}
    for index in places:
        by_account.setdefault(accounts[run.model_of(index)], []).append(index)
    return by_account


class FailureStreak:
    """Counts final failures of one cause with no reply between them: a deterministic failure is not tried for ever."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._code = ""
        self._length = 0

    def note(self, error_code: str | None) -> bool:
        """Take in how a hunt ended (None: with a reply). True when the run should stop, and ever after: hunts that end
        while it is being stopped do not change why."""
        if self._length >= self._most:
            return True
        self._length = 0 if error_code is None else self._length + 1 if error_code == self._code else 1
        self._code = error_code or ""
        return self._length >= self._most

    @property
    def reason(self) -> str:
        return f"The last {self._length} hunts all failed with the same cause: {self._code}."


def eta_s(run: Run, counts: Counts, now: datetime) -> float | None:
    """Seconds until the run's end at its pace so far; None before its first hunt is done and when it has ended."""
    if run.status in RUN_ENDED or run.started_at is None or counts.done == 0:
        return None
    return (now - run.started_at).total_seconds() * (counts.total - counts.done) / counts.done
