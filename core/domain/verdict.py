"""Verdicts on criteria, and the only function that decides a hunt's outcome from them.

The judge, the reviews, the export and the dashboard all use `decide`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from core.domain.chat import Usage
from core.domain.task import PassRule
from core.domain.value import Value, is_empty, is_none


class Verdict(StrEnum):
    PASS = "PASS"  # noqa: S105  (a verdict, not a password)
    FAIL = "FAIL"
    UNDETERMINED = "UNDETERMINED"
    """The judge gave no usable answer. Counts neither as a pass nor as a fail."""
    MISSING = "MISSING"
    """The criterion was in the loaded notebook and has been removed. Never a pass."""


class Outcome(StrEnum):
    BROKE = "broke"
    HELD = "held"
    UNDETERMINED = "undetermined"
    ERROR = "error"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


DECIDED = frozenset({Outcome.BROKE, Outcome.HELD})
"""Only hunts with these outcomes can be selected and count in rates."""


class CriterionVerdict(Value):
    """The judge's verdict on one criterion of one reply."""

    criterion_id: str
    verdict: Verdict
    reason: str = ""
    evidence: str = ""
    """A verbatim quote from the reply, or ""."""
    judge_model: str = ""
    judge_text: str = ""
    """The judge's raw answer if it was unusable; kept with UNDETERMINED."""
    calls: int = 0
    """HTTP calls, including retries and repeated questions."""
    usage: Usage = Usage()
    cost_usd: float | None = None
    latency_ms: float = 0.0
    confidence: float | None = Field(default=None, exclude_if=is_none)
    """Probability that the judge's model gave to the words of its verdict, from 0 to 1; None where the API gives no
    log-probabilities."""
    cache_saved_usd: float | None = Field(default=None, exclude_if=is_none)
    """What the provider's prompt cache saved; None if unknown."""
    model_version: str = Field(default="", exclude_if=is_empty)
    """The model that the provider says gave the last answer; "" without one."""
    upstream: str = Field(default="", exclude_if=is_empty)
    """The upstream that gave the last answer; "" if the provider names none."""
    system_fingerprint: str = Field(default="", exclude_if=is_empty)
    error: str = ""
    """ProviderError code if the judge call failed, else ""."""


def decide(verdicts: Iterable[Verdict], rule: PassRule) -> Outcome:
    """Decide `broke`, `held` or `undetermined` from the verdicts on all criteria of a reply.

    majority: held if more than half pass; exactly half is a break. all: held if every criterion passes. With
    UNDETERMINED verdicts, the outcome is decided only if it is the same for every way of filling them in. Without
    verdicts it is `undetermined`.
    """
    counted = list(verdicts)
    if not counted:
        return Outcome.UNDETERMINED
    passed = sum(v is Verdict.PASS for v in counted)
    open_ = sum(v is Verdict.UNDETERMINED for v in counted)
    worst, best = _holds(passed, len(counted), rule), _holds(passed + open_, len(counted), rule)
    if worst != best:
        return Outcome.UNDETERMINED
    return Outcome.HELD if worst else Outcome.BROKE


def score(outcome: Outcome) -> int | None:
    """Return 1 for held, 0 for broke, None (written `n/a`) for other outcomes."""
    return {Outcome.HELD: 1, Outcome.BROKE: 0}.get(outcome)


def pass_count(verdicts: Iterable[Verdict]) -> tuple[int, int]:
    """Return (passed, total), as in "The pass rate is 1/2"."""
    counted = list(verdicts)
    return sum(v is Verdict.PASS for v in counted), len(counted)


def _holds(passed: int, total: int, rule: PassRule) -> bool:
    return passed == total if rule is PassRule.ALL else 2 * passed > total
