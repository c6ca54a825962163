"""Finds near-duplicate replies, which share most of their word n-grams, without comparing every pair.

One-permutation MinHash: each n-gram is hashed into a bin, and each bin keeps its smallest hash. The share of equal
bins estimates the share of common n-grams. Only texts with an equal band of bins are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import combinations, islice, pairwise
from operator import eq
from threading import Lock
from zlib import crc32

from cachetools import LRUCache, cached

RUN_WORDS = 3
BINS = 64
BAND = 4
"""Bins per band, which must all be equal for a comparison. Of pairs that share 70% of their n-grams, 98% are
compared."""
ALIKE = 0.7
MAX_TEXT_CHARS = 20_000
"""Text beyond this does not change whether a reader finds two replies alike."""
MAX_TEXTS = 1000
"""Only the last MAX_TEXTS texts are compared: a trainer chooses from those."""
MAX_CHARS = 6_000_000
"""Maximum over all texts, about 0.5 s of work; each text is cut to an equal share."""
MAX_TOGETHER = 20
"""If more texts share a band, only neighbours are compared."""
MAX_CACHED = 20_000
"""Cached sketches, about 3 kB each, since the same replies are compared repeatedly."""
HASH_MASK = 2**32 - 1

Sketch = tuple[int, ...]


def near_duplicates(texts: Mapping[str, str], maximum: int = 200) -> list[tuple[str, str]]:
    """Return pairs of IDs with similar texts, in the given order; at most `maximum`.

    A text identical to an earlier one is paired only with that one.
    """
    compared = dict(islice(texts.items(), max(0, len(texts) - MAX_TEXTS), None))
    chars = min(MAX_TEXT_CHARS, MAX_CHARS // max(1, len(compared)))
    sketches = {name: _sketch(text[:chars]) for name, text in compared.items()}
    filled = {sketch: _filled(sketch) for sketch in sketches.values()}
    places = {name: place for place, name in enumerate(texts)}
    pairs = []
    for one, other in sorted(_candidates(sketches), key=lambda pair: (places[pair[0]], places[pair[1]])):
        a, b = sketches[one], sketches[other]
        if _likeness(a, b, (filled[a] | filled[b]).bit_count()) >= ALIKE:
            pairs.append((one, other))
            if len(pairs) == maximum:
                break
    return pairs


def groups_of_near_duplicates(texts: Mapping[str, str]) -> list[list[str]]:
    """Group IDs by similar texts, directly or transitively. A text without a similar one is its own group."""
    leader = {name: name for name in texts}

    def root(name: str) -> str:
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    for one, other in near_duplicates(texts, maximum=len(texts) * MAX_TOGETHER):
        leader[root(other)] = root(one)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in texts:
        groups[root(name)].append(name)
    return list(groups.values())


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


@cached(LRUCache(MAX_CACHED), key=_digest, lock=Lock())
def _sketch(text: str) -> Sketch:
    """Return the smallest hash of each bin, -1 if empty. A text shorter than an n-gram is a single n-gram."""
    bins = [-1] * BINS
    for run in _runs(text.casefold().split()):
        value, place = divmod(run, BINS)
        if bins[place] < 0 or value < bins[place]:
            bins[place] = value
    return tuple(bins)


def _runs(words: Sequence[str]) -> set[int]:
    """Hash all word n-grams, by combining word hashes, so that each distinct word is hashed once."""
    hashes = {word: crc32(word.encode("utf-8", "replace")) for word in set(words)}
    row = [hashes[word] for word in words]
    if len(row) < RUN_WORDS:
        return {crc32(" ".join(words).encode("utf-8", "replace"))}
    neighbours = zip(row, row[1:], row[2:], strict=False)
    mixed = {(a * 0x9E3779B1 + b * 0x85EBCA6B + c * 0xC2B2AE35) & HASH_MASK for a, b, c in neighbours}
    return {(value ^ value >> 15) * 0x2C1B3C6D & HASH_MASK for value in mixed}


def _filled(sketch: Sketch) -> int:
    """Return the non-empty bins as a bit set."""
    return sum(1 << place for place, value in enumerate(sketch) if value >= 0)


def _candidates(sketches: Mapping[str, Sketch]) -> set[tuple[str, str]]:
    """Return candidate pairs: each text with the first of equal sketch, and different sketches with an equal band."""
    same: dict[Sketch, list[str]] = defaultdict(list)
    for name, sketch in sketches.items():
        same[sketch].append(name)
    pairs = {(names[0], other) for names in same.values() for other in names[1:]}
    with_band: dict[tuple[int, Sketch], list[str]] = defaultdict(list)
    for sketch, names in same.items():
        for at in range(0, BINS, BAND):
            band = sketch[at : at + BAND]
            if any(value >= 0 for value in band):
                with_band[at, band].append(names[0])
    for names in with_band.values():
        pairs.update(_paired(names))
    return pairs


def _paired(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    if len(names) <= MAX_TOGETHER:
        return combinations(names, 2)
    return pairwise(names)


def _likeness(one: Sketch, other: Sketch, filled: int) -> float:
    """Return the share of equal bins among the `filled` ones, which are non-empty in at least one sketch."""
    equal: int = sum(map(eq, one, other))
    return (equal - (BINS - filled)) / filled
