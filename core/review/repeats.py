"""Detects texts that repeat a reply verbatim or nearly so.

Up to SAMPLES evenly spaced word n-grams of each reply are stored. A text repeats the reply if it contains nearly all
of them. Punctuation, case and invisible characters are ignored. Paraphrases and other alphabets are not detected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

RUN_WORDS = 3
SAMPLES = 64
SHARE = 0.9
"""Required share of samples; one changed word removes RUN_WORDS n-grams."""
SHORT_WORDS = 8
"""A shorter reply must be equal as a whole, since short phrases occur in many texts by chance."""
REPLY_MAX_CHARS = 200_000
"""Samples are taken from this much of a reply. The other text is compared in full, since the reply could appear
anywhere in it."""
PIECE_CHARS = 1000
"""Characters normalised per step: the time is quadratic in the combining marks of one letter, and blocks the
process."""
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
    """Return the normalised words: equal for texts that differ only in punctuation, case or invisible characters."""
    return tuple(_words(text))


def _words(text: str) -> list[str]:
    if not text.isascii():
        invisible = [ord(c) for c in set(text) if unicodedata.category(c) == "Cf"]
        text = text.translate(dict.fromkeys(invisible))
        pieces = (text[at : at + PIECE_CHARS] for at in range(0, len(text), PIECE_CHARS))
        text = "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)
    return _WORD.findall(text.casefold())


def _runs(words: Sequence[str]) -> Iterable[int]:
    """Hash every word n-gram; hashes are valid only in this process."""
    return map(hash, zip(words, words[1:], words[2:], strict=False))


def _sampled(words: int) -> Iterable[int]:
    """Return the start positions of up to SAMPLES n-grams, including the first and the last."""
    runs = words - RUN_WORDS + 1
    return range(runs) if runs <= SAMPLES else (at * (runs - 1) // (SAMPLES - 1) for at in range(SAMPLES))
