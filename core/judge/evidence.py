"""Check a judge's evidence against the reply. The page shows evidence as a quote, so it must be verbatim."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

QUOTATION_MARKS = "\"'“”„‘’«»`"


def passage_of(reply_text: str, quote: str) -> str:
    """The passage of the reply that matches `quote`, as the reply spells it; "" when there is none.

    Ignores differences in white space and quotation marks around the whole quote. Nothing else is tolerated: a quote
    with an omission or another spelling is the judge's wording, not the reply's.
    """
    for candidate in (quote.strip(), quote.strip().strip(QUOTATION_MARKS).strip()):
        if candidate and candidate in reply_text:
            return candidate
        if passage := _across_white_space(reply_text, candidate.split()):
            return passage
    return ""


def _across_white_space(reply_text: str, words: list[str]) -> str:
    """Find consecutive words; the first and the last may be parts of words in the reply."""
    reply_words = reply_text.split()
    joined, wanted = " ".join(reply_words), " ".join(words)
    if not wanted or wanted not in joined:
        return ""
    begin = joined.index(wanted)
    return _span(reply_text, reply_words, begin, begin + len(wanted))


def _span(reply_text: str, reply_words: list[str], begin: int, end: int) -> str:
    """The reply's text for joined[begin:end], where its words are joined by single spaces."""
    starts = [0, *accumulate(len(word) + 1 for word in reply_words)]
    first, last = bisect_right(starts, begin) - 1, bisect_right(starts, end - 1) - 1
    places, at = [], 0
    for word in reply_words[: last + 1]:
        at = reply_text.index(word, at)
        places.append(at)
        at += len(word)
    return reply_text[places[first] + begin - starts[first] : places[last] + end - starts[last]]
