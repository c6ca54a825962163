"""Scheduling rules of a run: concurrency, retry budget, early stop, remaining time. Pure."""

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
"""Target calls that may be queued in addition to those in progress. Small, because judge calls queue behind them."""
ADAPTIVE_ACTIVE, MIN_ADAPTIVE_ACTIVE = 8, 4
"""One in so many hunts of an adaptive run is in progress, per process. With 64 hunts (rates 0.1 and 0.4) that finds
20.4 breaks, one at a time 21.1, all at once 15.9, even allocation 16 (simulated)."""
ANY_ACCOUNT = ""
"""Of a run whose hunts have no account before they begin."""

UNUSABLE = "no_usable_verdict"
"""Cause: the judge answered every call, but never in a usable form."""
MODEL_WORDS = frozenset({UNUSABLE, "refused"})
"""Causes whose message is the judge model's own text. A blind session hides it, since it may reveal a verdict."""
_NOT_THE_JUDGE = frozenset({"cancelled", "internal_error"})


def retry_budget(run: Run, retries_per_call: float) -> RetryBudget:
    """Return the retry budget of the run: `retries_per_call` for each call, plus ten."""
    calls = run.hunts * (1 + len(run.task.criteria))
    return RetryBudget(left=10 + int(calls * retries_per_call))


def active_hunts(max_active: int, max_queue: int, criteria: int) -> int:
    """Return the maximum number of active hunts per run. Their judge calls, one per criterion, must fit in half of an
    account's queue; a full queue would lose verdicts."""
    return max(1, min(max_active, max_queue // 2 // max(1, criteria)))


def active_hunts_of(run: Run, limit: int) -> int:
    """Return the maximum number of active hunts of this run. Of an adaptive run an eighth of the hunts, and at least
    one for each target: what is in progress tells nothing about the next draw."""
    few = max(len(run.entries), MIN_ADAPTIVE_ACTIVE, run.hunts // ADAPTIVE_ACTIVE)
    return min(limit, few) if run.is_adaptive else limit


def max_calling(account_limit: int) -> int:
    """Return the maximum number of hunts of one run that call an account, or wait to, for that account limit.

    Large enough to use the whole limit; small enough that replies are judged promptly when the judge shares the
    account.
    """
    return 2 * account_limit + LOOKAHEAD


def shares(run: Run, accounts: Mapping[str, str], places: Iterable[int]) -> dict[str, list[int]]:
    """Group the places of these hunts by the account of their model (`accounts`: model to account), in order. Those of
    an adaptive run are one group, so that hunts begin in their order."""
    by_account: dict[str, list[int]] = {}
    for index in places:
        target = None if run.is_adaptive else run.target_of(index)
        by_account.setdefault(accounts[target.model] if target else ANY_ACCOUNT, []).append(index)
    return by_account


class FailureStreak:
    """Counts consecutive hunts that fail with one cause, so that a permanent failure stops the run."""

    def __init__(self, maximum: int) -> None:
        self._max = maximum
        self._code = ""
        self._length = 0

    def record(self, error_code: str | None) -> bool:
        """Count a finished hunt (`error_code` None: it has a reply). Returns True when the run should stop, and from
        then on: hunts that end during the stop do not change the reason."""
        if self.stopped:
            return True
        self._length = 0 if error_code is None else self._length + 1 if error_code == self._code else 1
        self._code = error_code or ""
        return self.stopped

    @property
    def stopped(self) -> bool:
        return self._length >= self._max

    @property
    def reason(self) -> str:
        return f"The last {self._length} hunts all failed with the same cause: {self._code}."


class JudgeFailureStreak:
    """Counts consecutive replies that the judge left undecided, all for one cause.

    A temporary cause (TEMPORARY_CAUSES) must also last for `outage_s`: a short outage stops no run, since the unjudged
    replies can be judged again.
    """

    def __init__(self, judge_model: str, maximum: int, outage_s: float) -> None:
        self._judge_model = judge_model
        self._max = maximum
        self._outage_s = outage_s
        self._code = ""
        self._length = 0
        self._since_s = 0.0

    def add(self, hunt: Hunt, now_s: float) -> str:
        """Count a finished hunt; `now_s` is monotonic. Returns why the run should stop, or ""."""
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
        return self._reason(failed) if self._length >= self._max and lasts else ""

    def _reason(self, failed: CriterionVerdict) -> str:
        words = "" if self._code in MODEL_WORDS else f" {failed.reason.rstrip('.')}."
        return (
            f"The judge {self._judge_model} left the last {self._length} replies undecided, each time for the same "
            f"cause: {self._code}.{words} The replies are kept and can be judged again."
        )


def judge_failure(hunt: Hunt) -> CriterionVerdict | None:
    """Return the verdict that explains why the judge failed on this hunt; None if it did not fail.

    One failed call may be enough. Unusable answers are a failure only if no answer is usable: a single unclear
    criterion is a fault of the task.
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
    """Return the seconds until the run ends at its present rate. None before the first hunt is done, after the end,
    and when `now` is before the start (clocks differ)."""
    if run.status in RUN_ENDED or run.started_at is None or counts.done == 0 or now <= run.started_at:
        return None
    return (now - run.started_at).total_seconds() * max(0, counts.total - counts.done) / counts.done
