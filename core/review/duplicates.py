"""Near-duplicate replies: texts that share most of their runs of words, found without comparing every pair.

One-permutation MinHash: each run of words falls into a bin by its hash, of each bin the smallest hash is kept, and the
share of equal bins estimates the share of common runs. Texts with an equal band of bins are compared.
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
"""Bins that must all be equal for a comparison: of texts that share 70 % of their runs, 98 in 100 pairs are."""
ALIKE = 0.7
TEXT_MOST_CHARS = 20_000
"""What lies beyond does not change whether two replies are alike for a reader."""
MAX_TEXTS = 1000
"""The last ones of more are compared: those that a trainer is about to choose from."""
MAX_CHARS = 6_000_000
"""Of all texts together, about half a second's work; of each an equal part is looked at."""
MAX_TOGETHER = 20
"""Of more texts with an equal band, neighbours are compared and not every pair."""
MAX_CACHED = 20_000
"""Sketches that are remembered, of about 3 kB each: whoever looks again asks about the same replies."""
HASH_MASK = 2**32 - 1

Sketch = tuple[int, ...]


def near_duplicates(texts: Mapping[str, str], most: int = 200) -> list[tuple[str, str]]:
    """Pairs of ids whose texts are alike, in the order of the ids given; at most `most`.

    A text that is the very same as an earlier one is paired with that one alone.
    """
    compared = dict(islice(texts.items(), max(0, len(texts) - MAX_TEXTS), None))
    chars = min(TEXT_MOST_CHARS, MAX_CHARS // max(1, len(compared)))
    sketches = {name: _sketch(text[:chars]) for name, text in compared.items()}
    filled = {sketch: _filled(sketch) for sketch in sketches.values()}
    places = {name: place for place, name in enumerate(texts)}
    pairs = []
    for one, other in sorted(_candidates(sketches), key=lambda pair: (places[pair[0]], places[pair[1]])):
        a, b = sketches[one], sketches[other]
        if _likeness(a, b, (filled[a] | filled[b]).bit_count()) >= ALIKE:
            pairs.append((one, other))
            if len(pairs) == most:
                break
    return pairs


def groups_of_near_duplicates(texts: Mapping[str, str]) -> list[list[str]]:
    """The ids in groups of texts that are alike, directly or by way of others; one like no other is alone."""
    leader = {name: name for name in texts}

    def root(name: str) -> str:
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    for one, other in near_duplicates(texts, most=len(texts) * MAX_TOGETHER):
        leader[root(other)] = root(one)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in texts:
        groups[root(name)].append(name)
    return list(groups.values())


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


@cached(LRUCache(MAX_CACHED), key=_digest, lock=Lock())
def _sketch(text: str) -> Sketch:
    """The smallest hash in each bin, -1 in an empty one; a text of fewer words than a run is one run."""
    bins = [-1] * BINS
    for run in _runs(text.casefold().split()):
        value, place = divmod(run, BINS)
        if bins[place] < 0 or value < bins[place]:
            bins[place] = value
    return tuple(bins)


def _runs(words: Sequence[str]) -> set[int]:
    """Hashes of all runs of words, made of the words' own hashes: each different word is hashed once."""
    hashes = {word: crc32(word.encode("utf-8", "replace")) for word in set(words)}
    row = [hashes[word] for word in words]
    if len(row) < RUN_WORDS:
        return {crc32(" ".join(words).encode("utf-8", "replace"))}
    neighbours = zip(row, row[1:], row[2:], strict=False)
    mixed = {(a * 0x9E3779B1 + b * 0x85EBCA6B + c * 0xC2B2AE35) & HASH_MASK for a, b, c in neighbours}
    return {(value ^ value >> 15) * 0x2C1B3C6D & HASH_MASK for value in mixed}


def _filled(sketch: Sketch) -> int:
    """The bins that are not empty, as bits."""
    return sum(1 << place for place, value in enumerate(sketch) if value >= 0)


def _candidates(sketches: Mapping[str, Sketch]) -> set[tuple[str, str]]:
    """Pairs worth comparing: each text with the first of its very sketch, and different ones with an equal band."""
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
    """The share of equal bins among the `filled` ones that are not empty in both; empty in both is equal too."""
    equal: int = sum(map(eq, one, other))
    return (equal - (BINS - filled)) / filled
