"""Whether a text repeats a reply: word for word, or with little changed around or in it.

Of each reply up to SAMPLES runs of RUN_WORDS words are remembered, evenly spaced. A text repeats it when nearly all of
them are in the text. Punctuation, case and invisible characters do not count. A text that says the same in
other words, or in another alphabet, is not recognised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from zlib import crc32

RUN_WORDS = 3
SAMPLES = 64
SHARE = 0.9
"""Of the samples: one word changed takes RUN_WORDS runs away."""
SHORT_WORDS = 8
"""A shorter reply is repeated only by the very same words: it is part of too many texts by chance."""
MAX_CHARS = 200_000
"""What lies beyond is not compared."""
_WORD = re.compile(r"\w+")


class KnownReplies:
    def __init__(self, replies: Iterable[str]) -> None:
        self._short: set[tuple[str, ...]] = set()
        self._samples: set[tuple[int, ...]] = set()
        for reply in replies:
            words = _words(reply)
            if len(words) < SHORT_WORDS:
                self._short.add(tuple(words))
            else:
                self._samples.add(tuple(_run(words, at) for at in _sampled(len(words) - RUN_WORDS + 1)))
        self._short.discard(())

    def repeated_in(self, text: str) -> bool:
        """Whether the text repeats one of the replies."""
        words = _words(text)
        if tuple(words) in self._short:
            return True
        runs = {_run(words, at) for at in range(len(words) - RUN_WORDS + 1)} if self._samples else set()
        return any(sum(run in runs for run in sample) >= SHARE * len(sample) for sample in self._samples)


def same_words(text: str) -> tuple[str, ...]:
    """Equal for texts that differ in punctuation, case or invisible characters alone."""
    return tuple(_words(text))


def _words(text: str) -> list[str]:
    text = text[:MAX_CHARS]
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return _WORD.findall(text.casefold())


def _run(words: Sequence[str], at: int) -> int:
    return crc32(" ".join(words[at : at + RUN_WORDS]).encode("utf-8", "replace"))


def _sampled(runs: int) -> Iterable[int]:
    """Up to SAMPLES places among so many runs, the first and the last included."""
    return range(runs) if runs <= SAMPLES else (at * (runs - 1) // (SAMPLES - 1) for at in range(SAMPLES))
