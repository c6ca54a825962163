"""The words that a search finds, the same for every database: without accents and case, and in scripts without spaces
each character as a word of its own. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, kana, and Chinese characters. Korean has spaces."""
_WORD = re.compile(r"[^\W_]+")
MAX_CHARACTERS = 30_000
"""Characters whose form in the index is remembered: more than most texts have."""


def searchable(text: str) -> str:
    """Return the text as a database indexes it. It may become longer."""
    return text.translate({ord(c): _indexed(c) for c in set(text) if not c.isascii()})


def search_terms(said: str, limit: int) -> tuple[tuple[str, ...], ...]:
    """Return at most `limit` terms of a search: letters and digits, each a phrase of one or more words."""
    plain = said.translate({ord(c): _plain(c) for c in set(said) if not c.isascii()})
    return tuple(tuple(searchable(word).split()) for word in _WORD.findall(plain)[:limit])


@lru_cache(MAX_CHARACTERS)
def _indexed(c: str) -> str:
    return WITHOUT_SPACES.sub(r" \g<0> ", _plain(c))


def _plain(c: str) -> str:
    """Without accents, vowel signs and case, which databases treat differently."""
    return "".join(part for part in unicodedata.normalize("NFKD", c.casefold()) if unicodedata.category(part)[0] != "M")
