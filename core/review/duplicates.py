"""Near-duplicate replies: texts that share most of their runs of words, found without comparing every pair.

One-permutation MinHash: each run of words falls into a bin by its hash, of each bin the smallest hash is kept, and the
share of equal bins estimates the share of common runs. Texts with an equal band of bins are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from zlib import crc32

RUN_WORDS = 3
BINS = 64
BAND = 4
"""Bins that must all be equal for a comparison: of texts that share 70 % of their runs, 98 in 100 pairs are."""
ALIKE = 0.7
TEXT_MOST_CHARS = 20_000
"""What lies beyond does not change whether two replies are alike for a reader."""
TOGETHER_MOST = 40
"""Of more texts with an equal band, neighbours are compared and not every pair."""

Sketch = tuple[int, ...]


def near_duplicates(texts: Mapping[str, str], most: int = 200) -> list[tuple[str, str]]:
    """Pairs of ids whose texts are alike, in the order of the ids given; at most `most`.

    A text that is the very same as an earlier one is paired with that one alone.
    """
    sketches = {name: _sketch(text) for name, text in texts.items()}
    places = {name: place for place, name in enumerate(texts)}
    pairs = []
    for one, other in sorted(_candidates(sketches), key=lambda pair: (places[pair[0]], places[pair[1]])):
        if _likeness(sketches[one], sketches[other]) >= ALIKE:
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

    for one, other in near_duplicates(texts, most=len(texts) * TOGETHER_MOST):
        leader[root(other)] = root(one)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in texts:
        groups[root(name)].append(name)
    return list(groups.values())


def _sketch(text: str) -> Sketch:
    """The smallest hash in each bin, -1 in an empty one; a text of fewer words than a run is one run."""
    words = text[:TEXT_MOST_CHARS].casefold().split()
    bins = [-1] * BINS
    for at in range(max(1, len(words) - RUN_WORDS + 1)):
        value, place = divmod(crc32(" ".join(words[at : at + RUN_WORDS]).encode("utf-8", "replace")), BINS)
        if bins[place] < 0 or value < bins[place]:
            bins[place] = value
    return tuple(bins)


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
    if len(names) <= TOGETHER_MOST:
        return combinations(names, 2)
    return pairwise(names)


def _likeness(one: Sketch, other: Sketch) -> float:
    """The share of equal bins among those that are not empty in both."""
    filled = [(a, b) for a, b in zip(one, other, strict=True) if a >= 0 or b >= 0]
    return sum(a == b for a, b in filled) / len(filled)
