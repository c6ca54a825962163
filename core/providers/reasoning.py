"""Keeping reasoning apart from the reply, where a provider sends both as one text.

Works on the whole text, so it does not matter where a stream was cut. A tag is only a tag where reasoning ends up:
at the very beginning, or alone. What stands later in a reply, or in code, is the reply's own and stays.
"""

from __future__ import annotations

import re

OPEN, CLOSE = "<think>", "</think>"
_QUOTED_END = re.compile(r"[`'\"“‘]$")


def apart(text: str, thoughts: str, *, lone_close: bool) -> tuple[str, str]:
    """(reply, reasoning) of a text and of the reasoning that came in fields of its own.

    `lone_close`: this provider may send reasoning, `</think>`, reply without an opening tag.
    """
    begun = text.lstrip()
    if begun.startswith(OPEN):
        inner, close, reply = begun.removeprefix(OPEN).partition(CLOSE)
        if close:
            return _after_tag(reply), _joined(thoughts, inner)
        if thoughts:  # a parser stood before us, so this tag is the reply's own word
            return text, thoughts
        return "", inner.strip()  # cut while it was thinking: there is no reply
    if begun.startswith(CLOSE):
        return _after_tag(begun.removeprefix(CLOSE)), thoughts
    if lone_close and not thoughts:
        return _split_at_lone_close(text)
    return text, thoughts


def _split_at_lone_close(text: str) -> tuple[str, str]:
    before, close, reply = text.partition(CLOSE)
    in_code = before.count("```") % 2 == 1 or _QUOTED_END.search(before)
    if not close or OPEN in before or in_code:
        return text, ""
    return _after_tag(reply), before.strip()


def _after_tag(reply: str) -> str:
    """Only the line ends that belong to the tag go; spaces are the reply's own."""
    return reply.lstrip("\r\n")


def _joined(thoughts: str, inner: str) -> str:
    inner = inner.strip()
    if not inner or inner == thoughts.strip():
        return thoughts
    return f"{thoughts}\n\n{inner}" if thoughts else inner
