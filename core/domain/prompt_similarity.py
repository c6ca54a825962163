"""How alike two prompts are, and the keys by which a database finds those that are nearly the same."""

from __future__ import annotations

import hashlib
from zlib import crc32

SHINGLE_BYTES = 6
"""About a word of English, two characters of Chinese."""
MAX_BYTES = 10_000
"""Longest part of a prompt that is compared: some milliseconds."""
BANDS = 8
ROWS = 3
"""With 8 bands of 3 minima each, prompts that share 80 % of their shingles share a band with a probability of 99.7 %,
those that share 60 % with 86 %, those that share 10 % with 0.8 % (Leskovec, Rajaraman, Ullman: Mining of Massive
Datasets, 3.4.2)."""
_BINS = BANDS * ROWS


def normal_prompt(prompt: str) -> str:
    """Return the same for prompts that differ only in white space and case."""
    return " ".join(prompt.split()).casefold()


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity of the two prompts' shingles: 1.0 if they differ only in white space and case."""
    first, second = _shingles(one), _shingles(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def prompt_bands(prompt: str) -> tuple[int, ...]:
    """Return BANDS signed 64-bit numbers, one or more of which are the same for similar prompts; none without a
    prompt. They are of a MinHash with one permutation, whose empty bins are filled from the next (Shrivastava, Li:
    Densifying One Permutation Hashing, ICML 2014)."""
    minima: dict[int, int] = {}
    for shingle in _shingles(prompt):
        value, place = divmod(crc32(shingle), _BINS)
        if value < minima.get(place, 1 << 32):
            minima[place] = value
    if not minima:
        return ()
    filled = [_minimum(minima, place) for place in range(_BINS)]
    return tuple(_band(number, filled[number * ROWS : (number + 1) * ROWS]) for number in range(BANDS))


def _shingles(prompt: str) -> frozenset[bytes]:
    raw = normal_prompt(prompt[:MAX_BYTES]).encode("utf-8", "replace")[:MAX_BYTES]
    if not raw:
        return frozenset()
    return frozenset(raw[start : start + SHINGLE_BYTES] for start in range(max(1, len(raw) - SHINGLE_BYTES + 1)))


def _minimum(minima: dict[int, int], place: int) -> int:
    """Return the minimum of a bin, or that of the next one that has any, marked by its distance."""
    distance = next(step for step in range(_BINS) if (place + step) % _BINS in minima)
    return minima[(place + distance) % _BINS] + (distance << 32)


def _band(number: int, minima: list[int]) -> int:
    digest = hashlib.blake2b(repr((number, *minima)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
