"""A run's arithmetic: what is begun when, what may be retried, when to stop, how long it will take. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from core.domain.hunt import Hunt
from core.domain.run import RUN_ENDED, Counts, Run
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.errors import TEMPORARY_CAUSES
from core.providers.base import RetryBudget

LOOKAHEAD = 8
"""Target calls that may wait beside those that fill the slots. Few, because judge calls line up behind them."""

UNUSABLE = "no_usable_verdict"
"""The cause when a judge answered every time, and never in a form that could be used."""
MODEL_WORDS = frozenset({UNUSABLE, "refused"})
"""Causes whose words are the judge model's own: they may hold its opinion, which a blind session hides."""
_NOT_THE_JUDGE = frozenset({"cancelled", "internal_error"})


def retry_budget(run: Run, retries_per_call: float) -> RetryBudget:
    """Retries for the whole run: `retries_per_call` for each call that it needs, and ten."""
    calls = run.hunts * (1 + len(run.task.criteria))
    return RetryBudget(left=10 + int(calls * retries_per_call))


def active_hunts(max_active: int, max_queue: int, criteria: int) -> int:
    """How many hunts of a run are worked on at once: their judge calls, one for each criterion, must find room in half
    of an account's queue, or verdicts would be lost to a full queue."""
    return max(1, min(max_active, max_queue // 2 // max(1, criteria)))


def max_calling(account_limit: int) -> int:
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


class JudgeFailureStreak:
    """Counts replies in a row that stayed undecided because the judge failed, all for one cause.

    A temporary cause (TEMPORARY_CAUSES) must also have lasted for `outage_s`: a judge that is away for a moment stops
    no run, and what it did not judge can be judged again.
    """

    def __init__(self, judge_model: str, most: int, outage_s: float) -> None:
        self._judge_model = judge_model
        self._most = most
        self._outage_s = outage_s
        self._code = ""
        self._length = 0
        self._since_s = 0.0

    def add(self, hunt: Hunt, now_s: float) -> str:
        """Count a finished hunt; `now_s` is monotonic. Why the run should stop, "" while it should not."""
        if hunt.decided:
            self._length = 0
            return ""
        failed = judge_failure(hunt)
        if failed is None:
            return ""
        code = failed.error or UNUSABLE
        if not self._length or code != self._code:
            self._code, self._length, self._since_s = code, 0, now_s
        self._length += 1
        lasts = code not in TEMPORARY_CAUSES or now_s - self._since_s >= self._outage_s
        return self._reason(failed) if self._length >= self._most and lasts else ""

    def _reason(self, failed: CriterionVerdict) -> str:
        words = "" if self._code in MODEL_WORDS else f" {failed.reason.rstrip('.')}."
        return (
            f"The judge {self._judge_model} left the last {self._length} replies undecided, each time for the same "
            f"cause: {self._code}.{words} The replies are kept and can be judged again."
        )


def judge_failure(hunt: Hunt) -> CriterionVerdict | None:
    """The verdict that shows why the judge left this hunt undecided; None when it did not fail.

    One failed call may be enough. A judge whose answers cannot be used has failed only if it has no usable one: a
    single unclear criterion is the task's fault.
    """
    if hunt.outcome is not Outcome.UNDETERMINED:
        return None
    open_ = [v for v in hunt.verdicts if v.verdict is Verdict.UNDETERMINED and v.error not in _NOT_THE_JUDGE]
    failed = [v for v in open_ if v.error]
    if failed:
        (code, _), *_ = Counter(v.error for v in failed).most_common(1)
        return next(v for v in failed if v.error == code)
    answered = any(v.verdict in (Verdict.PASS, Verdict.FAIL) for v in hunt.verdicts)
    return None if answered or not open_ else open_[0]


def eta_s(run: Run, counts: Counts, now: datetime) -> float | None:
    """Seconds until the run's end at its pace so far; None before its first hunt is done, when it has ended, and when
    `now` lies before its start: then the clocks differ, and nobody knows."""
    if run.status in RUN_ENDED or run.started_at is None or counts.done == 0 or now <= run.started_at:
        return None
    return (now - run.started_at).total_seconds() * max(0, counts.total - counts.done) / counts.done
