"""Whether a judge's quote is one. The page shows evidence as the reply's own words, so it has to be."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

QUOTATION_MARKS = "\"'“”„‘’«»`"


def passage_of(reply_text: str, quote: str) -> str:
    """The passage of the reply that `quote` is, as it stands in the reply; "" when the reply does not say so.

    Compared without regard to the kind and amount of white space, and to quotation marks around the whole quote.
    Nothing else is forgiven: a quote with an omission or another spelling is the judge's words, not the reply's.
    """
    for candidate in (quote.strip(), quote.strip().strip(QUOTATION_MARKS).strip()):
        if candidate and candidate in reply_text:
            return candidate
        if passage := _across_white_space(reply_text, candidate.split()):
            return passage
    return ""


def _across_white_space(reply_text: str, words: list[str]) -> str:
    """Find the words in a row, the first and the last possibly a part of the reply's word."""
    reply_words = reply_text.split()
    joined, wanted = " ".join(reply_words), " ".join(words)
    if not wanted or wanted not in joined:
        return ""
    begin = joined.index(wanted)
    return _span(reply_text, reply_words, begin, begin + len(wanted))


def _span(reply_text: str, reply_words: list[str], begin: int, end: int) -> str:
    """The reply's text that became joined[begin:end] when its words were joined by single spaces."""
    starts = [0, *accumulate(len(word) + 1 for word in reply_words)]
    first, last = bisect_right(starts, begin) - 1, bisect_right(starts, end - 1) - 1
    places, at = [], 0
    for word in reply_words[: last + 1]:
        at = reply_text.index(word, at)
        places.append(at)
        at += len(word)
    return reply_text[places[first] + begin - starts[first] : places[last] + end - starts[last]]
