"""What the reply itself says of verdicts, compared as values: in whatever spelling it stands there.

Letters and digits alone are compared, without case, so that `{"verdict":"PASS"}`, `{ 'Verdict' : "\\u0050ASS", }` and
**verdict**: pass are the same. Look-alikes that Unicode folds (full width, ſ, zero-width characters between) fold too:
here a match only makes us careful, it never makes a verdict.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from core.domain.verdict import Verdict

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_LINE_ESCAPE = re.compile(r"\\[nrtbf]")  # else `\nverdict` would begin with an n
_NO_LETTER = re.compile(r"[\W_]+")
MAX_LOOK_UPS = 300
CACHED_REPLIES = 8
"""All criteria of a reply are judged at once, so a few replies are enough; each takes at most its own length."""


def letters(text: str) -> str:
    """The letters and digits of `text`, folded. Linear in its length."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1] or escape[2], 16)), text)
        text = _LINE_ESCAPE.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        # Character by character: normalizing a whole text is not linear when it holds long runs of accents.
        text = text.translate({ord(c): unicodedata.normalize("NFKC", c) for c in set(text) if not c.isascii()})
    return _NO_LETTER.sub("", text.casefold())


_letters_of_reply = lru_cache(maxsize=CACHED_REPLIES)(letters)


class TooManyQuotesError(Exception):
    """An answer made more look-ups in the reply necessary than any judge's honest answer does."""


class ReplyWords:
    """The words of the reply that is judged, for the reading of one answer. "" is an unknown reply: it holds nothing.

    Raises TooManyQuotesError from the look-up after the MAX_LOOK_UPS-th on, since each may read the whole reply.
    """

    def __init__(self, reply_text: str) -> None:
        self._text = reply_text
        self._known: dict[str, bool] = {}

    @property
    def known(self) -> bool:
        return bool(self._text)

    def hold(self, text: str) -> bool:
        """Whether the reply says this, in any spelling. True for a text without letters, if the reply is known."""
        wanted = letters(text)
        if not wanted or not self.known:
            return self.known
        if wanted not in self._known:
            if len(self._known) >= MAX_LOOK_UPS:
                raise TooManyQuotesError
            self._known[wanted] = wanted in _letters_of_reply(self._text)
        return self._known[wanted]

    def name(self, verdict: Verdict | None) -> bool:
        """Whether the word stands anywhere in the reply, if only inside another word."""
        return verdict is not None and self.hold(verdict.value)
