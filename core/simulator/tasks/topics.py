"""What a prompt is about: its names and its weightiest words, for replies that speak of them."""

from __future__ import annotations

import re
from functools import lru_cache

TOPICS_MOST = 6
_READ_CHARS = 4_000
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)(?<!\n)\b[A-ZÄÖÜÉ][\w’'-]{2,}(?: [A-ZÄÖÜÉ][\w’'-]+){0,2}")
_LONG_WORD = re.compile(r"\b[^\W\d_]{6,}\b")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """about above across after again against almost already always among another answer because before behind being
        below better between beyond cannot choose correct could criteria described during either enough every exactly
        explain following follows format given having however including instead itself letters mention number option
        options order others please possible prompt provide question rather reply response sentence sentences should
        simply something state text their themselves therefore these those through together towards under until using
        which while within without words would write written yourself""",
    )
)
_FALLBACKS = ("the question", "the matter at hand", "the wording")


@lru_cache(maxsize=256)
def topics_in(prompt: str) -> tuple[str, ...]:
    """At least two and at most six things that the prompt names, in its order; stand-ins where it names none."""
    text = prompt[:_READ_CHARS]
    names = [match.group().rstrip("'’-") for match in _NAME.finditer(text)]
    words = [word for word in _LONG_WORD.findall(text) if word.lower() not in _COMMON and word.islower()]
    rarest_first = sorted(dict.fromkeys(words), key=lambda word: -len(word))
    spoken_of = [f"the part on “{word}”" for word in rarest_first]
    chosen = list(dict.fromkeys((*names, *spoken_of)))[:TOPICS_MOST]
    return tuple(chosen + [stand_in for stand_in in _FALLBACKS if len(chosen) < 2])
