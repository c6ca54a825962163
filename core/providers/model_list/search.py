"""Searches names: by words in any order, and the listed names that resemble a misspelled one. Pure, bounded in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

MIN_SIMILARITY, MIN_LAST_SIMILARITY = 0.8, 0.75
"""Least similarity (difflib's ratio) of the whole names, and of what follows the last slash."""
MAX_NEAR = 3
MAX_COMPARE_S = 0.05
"""Longest comparison of one name with a list; thousands of names take a tenth of it."""
MAX_WORDS = 12


def words_of(query: str) -> tuple[str, ...]:
    """The words that a name must contain, each once."""
    return tuple(dict.fromkeys(query.lower().split()))[:MAX_WORDS]


def rank(text: str, words: Sequence[str]) -> int | None:
    """How well a lower-case text matches: lower is better, None if a word is missing. Words may be in any order."""
    if not all(word in text for word in words):
        return None
    tail = text.rpartition("/")[2].split(" ")[0]
    worse = sum(not _begins_a_word(text, word) for word in words)
    return worse * 2 + (tail not in words)


def near_names(
    name: str,
    names: Iterable[str],
    *,
    minimum: float = MIN_SIMILARITY,
    now_s: Callable[[], float] = time.perf_counter,
) -> list[str]:
    """The listed names most similar to a misspelled one, best first; stops comparing after MAX_COMPARE_S."""
    until_s = now_s() + MAX_COMPARE_S
    lower = name.lower()
    last = lower.rpartition("/")[2]
    whole, end = SequenceMatcher(None, "", lower, autojunk=False), SequenceMatcher(None, "", last, autojunk=False)
    found: list[tuple[float, str]] = []
    for count, candidate in enumerate(names):
        if count % 64 == 0 and now_s() > until_s:
            break
        if abs(len(candidate) - len(lower)) > len(lower) * (1 - minimum) * 2 + 1:
            continue
        other = candidate.lower()
        whole.set_seq1(other)
        end.set_seq1(other.rpartition("/")[2])
        if _similar(end, MIN_LAST_SIMILARITY) and _similar(whole, minimum):
            found.append((-end.ratio() - whole.ratio(), candidate))
    return [candidate for _, candidate in sorted(found)[:MAX_NEAR]]


def _similar(matcher: SequenceMatcher[str], minimum: float) -> bool:
    """The cheap upper bounds first: they rule out nearly all."""
    return matcher.real_quick_ratio() >= minimum and matcher.quick_ratio() >= minimum and matcher.ratio() >= minimum


def _begins_a_word(text: str, word: str) -> bool:
    place = text.find(word)
    while place > 0 and text[place - 1].isalnum():
        place = text.find(word, place + 1)
    return place >= 0
