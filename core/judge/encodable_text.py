"""Text that UTF-8 can encode: without the unpaired surrogates that JSON escapes may contain."""

from __future__ import annotations


def encodable(text: str) -> str:
    """`text` with surrogate pairs joined and every unpaired one replaced by U+FFFD; the same text when it has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def bounded(text: str, max_chars: int) -> str:
    """`text`, or its first `max_chars` characters and the number of characters cut off."""
    if len(text) <= max_chars:
        return text
    return f"{text[:max_chars]} … ({len(text) - max_chars} more characters are not kept)"
