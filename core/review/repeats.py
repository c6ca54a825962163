"""Whether a text repeats a reply: word for word, or with little changed around or in it.

Of each reply up to SAMPLES runs of RUN_WORDS words are remembered, evenly spaced. A text repeats it when nearly all of
them are in the text. Punctuation, case and invisible characters do not count. A text that says the same in
other words, or in another alphabet, is not recognised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

RUN_WORDS = 3
SAMPLES = 64
SHARE = 0.9
"""Of the samples: one word changed takes RUN_WORDS runs away."""
SHORT_WORDS = 8
"""A shorter reply is repeated only by the very same words: it is part of too many texts by chance."""
REPLY_MAX_CHARS = 200_000
"""Of a reply, samples are taken from so many. The text that may repeat it is compared whole: else the reply could
stand behind so much of anything else."""
PIECE_CHARS = 1000
"""Normalised at once: the time grows with the square of the marks on one letter, and nothing else runs meanwhile."""
_WORD = re.compile(r"\w+")


class KnownReplies:
    def __init__(self, replies: Iterable[str]) -> None:
        self._short: set[tuple[str, ...]] = set()
        self._samples: set[tuple[int, ...]] = set()
        for reply in replies:
            words = _words(reply[:REPLY_MAX_CHARS])
            if len(words) < SHORT_WORDS:
                self._short.add(tuple(words))
            else:
                self._samples.add(tuple(hash(tuple(words[at : at + RUN_WORDS])) for at in _sampled(len(words))))
        self._short.discard(())
        self._wanted = {run for sample in self._samples for run in sample}

    def repeated_in(self, text: str) -> bool:
        """Whether the text repeats one of the replies."""
        words = _words(text)
        if tuple(words) in self._short:
            return True
        runs = self._wanted.intersection(_runs(words)) if self._wanted else set()
        return any(sum(run in runs for run in sample) >= SHARE * len(sample) for sample in self._samples)


def same_words(text: str) -> tuple[str, ...]:
    """Equal for texts that differ in punctuation, case or invisible characters alone."""
    return tuple(_words(text))


def _words(text: str) -> list[str]:
    if not text.isascii():
        invisible = [ord(c) for c in set(text) if unicodedata.category(c) == "Cf"]
        text = text.translate(dict.fromkeys(invisible))
        pieces = (text[at : at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS))
        text = "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)
    return _WORD.findall(text.casefold())


def _runs(words: Sequence[str]) -> Iterable[int]:
    """Every run of words as a number, which holds in this process."""
    return map(hash, zip(words, words[1:], words[2:], strict=False))


def _sampled(words: int) -> Iterable[int]:
    """Where up to SAMPLES runs of so many words begin, the first and the last included."""
    runs = words - RUN_WORDS + 1
    return range(runs) if runs <= SAMPLES else (at * (runs - 1) // (SAMPLES - 1) for at in range(SAMPLES))
