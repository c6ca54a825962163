"""Text that can be sent and stored: without unpaired surrogates, which JSON escapes smuggle in and UTF-8 refuses."""

from __future__ import annotations


def encodable(text: str) -> str:
    """`text` with surrogate pairs joined and every unpaired one replaced by U+FFFD; the same text when it has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def bounded(text: str, most_chars: int) -> str:
    """`text`, or its first `most_chars` characters and a word on how many are not shown."""
    if len(text) <= most_chars:
        return text
    return f"{text[:most_chars]} … ({len(text) - most_chars} more characters are not kept)"
