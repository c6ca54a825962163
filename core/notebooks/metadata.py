"""The `# Metadata` cell: `**Key:** - Value` lines, bold or not, colon inside or outside, with or without the dash."""

from __future__ import annotations

import re

from core.domain.session import TaskWarning
from core.domain.task import Metadata

MAX_CHARS = 100_000
"""Maximum text length that is parsed. Real cells have a few hundred characters."""
_MAX_KEY = 60
_NUMBERS = re.compile(r"[0-9]{1,6}(?:,[0-9]{3})?", re.ASCII)
_MINIMUM = re.compile(r"\b(?:above|over|more than|at least|minimum|min)\b|[>≥]|[0-9]\s?\+", re.IGNORECASE)
_MAXIMUM = re.compile(r"\b(?:below|under|less than|fewer than|at most|up to|maximum|max)\b|[<≤]", re.IGNORECASE)


def read_metadata(body: str) -> Metadata:
    """The entries in order. Values hold commas, colons and `&`; lines without a key are passed over."""
    entries = (_entry(line) for line in body[:MAX_CHARS].split("\n"))
    return Metadata(entries=tuple(e for e in entries if e))


def _entry(line: str) -> tuple[str, str] | None:
    line = line.strip().removeprefix("- ").removeprefix("* ").strip()
    cut = min((at for at in (line.find(":"), line.find("：")) if at >= 0), default=-1)
    key, value = line[:cut].strip(), line[cut + 1 :].strip()
    if cut < 0 or not 0 < len(key) <= _MAX_KEY:
        return None
    if key.startswith("**") and not key.endswith("**"):  # the bold ends behind the colon, or behind the value
        value = value.removeprefix("**") if value.startswith("**") else value.removesuffix("**")
    key = key.strip("* ")
    value = value.strip()
    value = value[1:].strip() if value[:2] in {"-", "- ", "–", "– "} else value
    return (key, value) if key else None


def prompt_length_warning(asked: str, prompt: str, cell: int | None) -> TaskWarning | None:
    """A warning when the prompt's word count is not what the metadata ask for, else None."""
    least, most = word_limits(asked)
    words = len(prompt.split())
    if not words or (least or 0) <= words <= (words if most is None else most):
        return None
    return TaskWarning(
        code="prompt_length",
        cell=cell,
        message=f"The prompt has {words} words; the metadata ask for {asked}. Change one of the two.",
    )


def word_limits(asked: str) -> tuple[int | None, int | None]:
    """(least, most) words of `20 - 50 words`, `Above 500 words`, `Up to 50`; None where there is no such limit."""
    numbers = [int(n.replace(",", "")) for n in _NUMBERS.findall(asked[:200])]
    if len(numbers) >= 2:
        return min(numbers[:2]), max(numbers[:2])
    if len(numbers) == 1 and _MINIMUM.search(asked):
        return numbers[0], None
    if len(numbers) == 1 and _MAXIMUM.search(asked):
        return None, numbers[0]
    return None, None
