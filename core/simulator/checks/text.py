"""A reply's words, sentences, lines and list items, and what a check finds in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

MAX_EVIDENCE_CHARS = 200

_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:['’‑-][^\W_]+)*")
_SENTENCE_END = re.compile(
    r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!e\.g\.)(?<!i\.e\.)(?<=[.!?…])[\"”’)\]*_]*\s+"
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_BULLET = re.compile(r"^[^\S\n]*[-*•+–][^\S\n]+\S.*$", re.MULTILINE)
_NUMBERED = re.compile(r"^[^\S\n]*\d{1,3}[.)][^\S\n]+\S.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """`reason` is what was seen or counted, true whichever way it is judged; `evidence` a verbatim quote or ""."""

    passed: bool
    reason: str
    evidence: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "evidence", self.evidence[:MAX_EVIDENCE_CHARS])  # the start of a quote is a quote


Check = Callable[[str], Finding]
"""Takes a reply's text."""
CheckMatch = Callable[[re.Match[str], Sequence[str], str], Finding]
"""Takes the match of a demand, its quoted pieces and the reply."""


class Rule(NamedTuple):
    """A kind of demand: the pattern of its whole text, with MASK for each quoted piece, and what checks it."""

    pattern: str
    check: CheckMatch
    max_piece_chars: int = 200

    def read(self, shape: str, pieces: Sequence[str]) -> Check | None:
        """The check of this demand; None if it is of another kind."""
        match = re.fullmatch(self.pattern, shape, re.IGNORECASE)
        fits = match and all(len(piece) <= self.max_piece_chars for piece in pieces)
        return partial(self.check, match, pieces) if match and fits else None


def negate(check: Check) -> Check:
    return lambda reply: replace(finding := check(reply), passed=not finding.passed)


def all_of(checks: Sequence[Check]) -> Check:
    """Passes when every check does; its reason names the first that failed."""
    return lambda reply: combine([check(reply) for check in checks], decisive=False)


def any_of(checks: Sequence[Check]) -> Check:
    """Passes when one check does; its reason names the first that passed."""
    return lambda reply: combine([check(reply) for check in checks], decisive=True)


def combine(findings: Sequence[Finding], *, decisive: bool) -> Finding:
    """The first finding that decides; else all of them as one."""
    evidence = next((finding.evidence for finding in findings if finding.evidence), "")
    whole = Finding(not decisive, " ".join(finding.reason for finding in findings), evidence)
    return next((finding for finding in findings if finding.passed is decisive), whole)


def quote(reply: str, start: int, end: int) -> str:
    """The sentence around reply[start:end], verbatim; only reply[start:end] when the sentence is too long."""
    before = max(reply.rfind(mark, 0, start) for mark in (". ", "! ", "? ", "\n")) + 1
    after = min((at for at in (reply.find(mark, end) for mark in ".!?\n") if at >= 0), default=len(reply))
    sentence = reply[before : after + 1].strip()
    return sentence if len(sentence) <= MAX_EVIDENCE_CHARS else reply[start:end]


def words(text: str) -> list[str]:
    """Runs of letters and digits; "twenty-one", "don't" and "1,665" are one word each."""
    return _WORD.findall(text)


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in _BLANK_LINE.split(text) if part.strip()]


def lines(text: str) -> list[str]:
    """Lines that are not blank. Only a line feed ends a line."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def sentences(text: str) -> list[str]:
    """Pieces that end with . ! ? … or with their line, and hold at least one word."""
    pieces = (piece.strip() for line in lines(text) for piece in _SENTENCE_END.split(line))
    return [piece for piece in pieces if _WORD.search(piece)]


def bullets(text: str) -> list[str]:
    return [line.strip() for line in _BULLET.findall(text)]


def numbered(text: str) -> list[str]:
    return [line.strip() for line in _NUMBERED.findall(text)]


def strip_markup(text: str) -> str:
    """The text without markup and quotation marks at its ends."""
    return text.strip().strip("*_#>`~\"“”'‘’()[]-• \t").strip()
