"""What a check found, and how findings are turned round and put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

EVIDENCE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """`reason` is what was seen or counted, true whichever way it is judged; `evidence` a verbatim quote or ""."""

    passed: bool
    reason: str
    evidence: str = ""

    def __post_init__(self) -> None:
        if len(self.evidence) > EVIDENCE_CHARS:  # the beginning of a quote is a quote
            object.__setattr__(self, "evidence", self.evidence[:EVIDENCE_CHARS])


Check = Callable[[str], Finding]
"""A reply's text goes in."""


def opposite(check: Check) -> Check:
    """For "does not": what was seen stays, its meaning turns round."""

    def turned(reply: str) -> Finding:
        finding = check(reply)
        return replace(finding, passed=not finding.passed)

    return turned


def all_of(checks: Sequence[Check]) -> Check:
    """Passes when every one does; tells what decided it."""

    def together(reply: str) -> Finding:
        found = [check(reply) for check in checks]
        failed = [finding for finding in found if not finding.passed]
        return failed[0] if failed else _joined(True, found)

    return together


def any_of(checks: Sequence[Check]) -> Check:
    """Passes when one does; tells what decided it."""

    def together(reply: str) -> Finding:
        found = [check(reply) for check in checks]
        return next((finding for finding in found if finding.passed), _joined(False, found))

    return together


def _joined(passed: bool, found: Sequence[Finding]) -> Finding:
    evidence = next((finding.evidence for finding in found if finding.evidence), "")
    return Finding(passed, " ".join(finding.reason for finding in found), evidence)


def quote(reply: str, start: int, end: int) -> str:
    """The sentence-like piece of the reply around a place, verbatim and bounded."""
    before = max(reply.rfind(mark, 0, start) for mark in (". ", "! ", "? ", "\n")) + 1
    after = min((place for place in (reply.find(mark, end) for mark in ".!?\n") if place >= 0), default=len(reply))
    piece = reply[before : after + 1].strip()
    return piece if len(piece) <= EVIDENCE_CHARS else reply[start:end][:EVIDENCE_CHARS]
