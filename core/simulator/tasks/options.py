"""Multiple choice: the options that a prompt offers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPTION = re.compile(r"^[ \t]*[(*]*([A-Ha-h]|[1-8])[*]*[).:][*]*[ \t]+(\S[^\n]{0,200})$", re.MULTILINE)
OPTIONS_LEAST = 3


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    """As the prompt writes it: A, b, 3."""
    text: str

    @property
    def written(self) -> str:
        """As a reply would name it: "C) 36 (Krypton)"."""
        return f"{self.label}) {self.text}"


def options_in(prompt: str) -> tuple[Option, ...]:
    """The lines `A) …`, `B) …` or `1. …` of a prompt that asks; none when there are fewer than three in order."""
    found = tuple(Option(match[1], match[2].strip().rstrip("*")) for match in _OPTION.finditer(prompt))
    labels = [option.label.upper() for option in found]
    if "?" not in prompt or len(found) < OPTIONS_LEAST or labels != sorted(set(labels)):
        return ()
    return found
