"""A reply taken apart: words, sentences, lines, paragraphs, list items. What counts as what is said here, once."""

from __future__ import annotations

import re

WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:['’‑-][^\W_]+)*")
_SENTENCE_END = re.compile(
    r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!e\.g\.)(?<!i\.e\.)(?<=[.!?…])[\"”’)\]*_]*\s+"
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
BULLET = re.compile(r"^[^\S\n]*[-*•+–][^\S\n]+\S.*$", re.MULTILINE)
NUMBERED = re.compile(r"^[^\S\n]*\d{1,3}[.)][^\S\n]+\S.*$", re.MULTILINE)
_MARK_UP = "*_#>`~\"“”'‘’()[]-• \t"


def words(text: str) -> list[str]:
    """Runs of letters and digits; "twenty-one", "don't" and "1,665" are one word each."""
    return WORD.findall(text)


def paragraphs(text: str) -> list[str]:
    """What blank lines part."""
    return [part.strip() for part in _BLANK_LINE.split(text) if part.strip()]


def lines(text: str) -> list[str]:
    """Lines that are not blank. Only a line feed ends a line."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def sentences(text: str) -> list[str]:
    """Pieces that end with . ! ? … or with their line, and hold at least one word."""
    pieces = (piece.strip() for line in lines(text) for piece in _SENTENCE_END.split(line))
    return [piece for piece in pieces if WORD.search(piece)]


def bullets(text: str) -> list[str]:
    return [line.strip() for line in BULLET.findall(text)]


def numbered(text: str) -> list[str]:
    return [line.strip() for line in NUMBERED.findall(text)]


def bare(text: str) -> str:
    """The text without the mark-up and quotation marks at both its ends."""
    return text.strip().strip(_MARK_UP).strip()
