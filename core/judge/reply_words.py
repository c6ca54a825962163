"""Search the reply for text that the judge may have quoted, whatever its spelling.

Only letters and digits are compared, ignoring case, so that `{"verdict":"PASS"}`, `{ 'Verdict' : "\\u0050ASS", }` and
**verdict**: pass are equal. Look-alikes that Unicode folds (full width, ſ, zero-width characters between) are equal
too: a match only makes the parser stricter, it never gives a verdict.
"""

from __future__ import annotations

import html
import re
import unicodedata

from cachetools import LRUCache, cached

from core.domain.verdict import Verdict

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_LINE_ESCAPE = re.compile(r"\\[nrtbf]")  # else `\nverdict` would begin with an n
_NO_LETTER = re.compile(r"[\W_]+")
_NO_ASCII_LETTER = bytes(code for code in range(128) if not chr(code).isalnum())
MAX_LOOK_UPS = 300
MAX_CACHED_CHARS = 4_000_000
"""Of the replies that are being judged: all criteria of a reply at the same time, and many replies."""


def letters(text: str) -> str:
    """The letters and digits of `text`, folded. Linear in its length."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1] or escape[2], 16)), text)
        text = _LINE_ESCAPE.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if text.isascii():
        return text.encode("ascii").translate(None, _NO_ASCII_LETTER).lower().decode("ascii")
    # Character by character: normalizing a whole text with long runs of accents is not linear.
    text = text.translate({ord(c): unicodedata.normalize("NFKC", c) for c in set(text) if not c.isascii()})
    return _NO_LETTER.sub("", text.casefold())


_letters_of_reply = cached(LRUCache[str, str](MAX_CACHED_CHARS, getsizeof=len))(letters)


class TooManyQuotesError(Exception):
    """An answer needs more searches of the reply than a genuine answer does."""


class ReplyWords:
    """The judged reply, for parsing one answer. "" is an unknown reply, which contains nothing.

    Raises TooManyQuotesError after MAX_LOOK_UPS searches, since each may read the whole reply.
    """

    def __init__(self, reply_text: str) -> None:
        self._text = reply_text
        self._known: dict[str, bool] = {}

    @property
    def known(self) -> bool:
        return bool(self._text)

    def hold(self, text: str) -> bool:
        """Whether the reply contains `text`, in any spelling. True for a text without letters if the reply is known."""
        wanted = letters(text)
        if not wanted or not self.known:
            return self.known
        if wanted not in self._known:
            if len(self._known) >= MAX_LOOK_UPS:
                raise TooManyQuotesError
            self._known[wanted] = wanted in _letters_of_reply(self._text)
        return self._known[wanted]

    def name(self, verdict: Verdict | None) -> bool:
        """Whether the reply contains the verdict's word, even inside another word."""
        return verdict is not None and self.hold(verdict.value)
