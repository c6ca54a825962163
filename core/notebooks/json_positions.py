"""Parse JSON with the positions of its parts in the text, so that one part can be replaced without changing the rest.

The standard library decodes; this module only steps over brackets, commas and keys. Malformed text raises
json.JSONDecodeError, deep nesting RecursionError, an absurdly long number ValueError.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

_SPACE = re.compile(r"[ \t\n\r]*")
_BLOCK_BYTES = 65_536
MAX_DIGITS = 1000


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place: `text[start:end]`."""

    start: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an object, where the key begins, and its value."""

    key: str
    start: int
    node: Node


class TooManyElements(Exception):
    """An array has more elements than requested; the rest was not read."""


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read_whole_number(digits: str) -> int:
    """Raises ValueError for an absurdly long number, because parsing takes quadratic time."""
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS:,} digits")
    return int(digits)


_STRICT = json.JSONDecoder(parse_constant=refuse_constant, parse_int=read_whole_number)
_LENIENT = json.JSONDecoder(parse_constant=refuse_constant, parse_int=read_whole_number, strict=False)


def value_at(text: str, start: int, *, raw_breaks: bool = False) -> Node:
    """The value that begins exactly at `start`. `raw_breaks`: strings may contain line breaks."""
    value, end = (_LENIENT if raw_breaks else _STRICT).raw_decode(text, start)
    return Node(start, end, value)


def skip_space(text: str, start: int) -> int:
    """Offset of the first character from `start` on that is not JSON white space."""
    found = _SPACE.match(text, start)
    return found.end() if found else start


def members_at(
    text: str, start: int, *, raw_breaks: bool = False, whole: str = "", max_elements: int | None = None
) -> tuple[tuple[Member, ...], int]:
    """The members of the object that begins at `start`, and the offset after it.

    The value under the key `whole`, if it is an array, is not decoded: its node's value is the tuple of its elements'
    nodes. Raises TooManyElements if it has more than `max_elements`.
    """
    found: list[Member] = []
    at = skip_space(text, _expect(text, start, "{"))
    if text[at : at + 1] == "}":
        return (), at + 1
    while True:
        key = value_at(text, at, raw_breaks=raw_breaks)
        if not isinstance(key.value, str):
            raise json.JSONDecodeError("Expecting a key", text, at)
        colon = _expect(text, skip_space(text, key.end), ":")
        at = skip_space(text, colon)
        if whole and key.value == whole and text[at : at + 1] == "[":
            nodes, end = elements_at(text, at, maximum=max_elements)
            node = Node(at, end, nodes)
        else:
            node = value_at(text, at, raw_breaks=raw_breaks)
        found.append(Member(key.value, key.start, node))
        at = skip_space(text, node.end)
        if text[at : at + 1] == "}":
            return tuple(found), at + 1
        at = skip_space(text, _expect(text, at, ","))


def elements_at(
    text: str, start: int, *, raw_breaks: bool = False, maximum: int | None = None
) -> tuple[tuple[Node, ...], int]:
    """The elements of the array that begins at `start`, and the place after it. Raises TooManyElements: over `most`."""
    found: list[Node] = []
    at = skip_space(text, _expect(text, start, "["))
    if text[at : at + 1] == "]":
        return (), at + 1
    while True:
        node = value_at(text, at, raw_breaks=raw_breaks)
        found.append(node)
        if maximum is not None and len(found) > maximum:
            raise TooManyElements(maximum)
        at = skip_space(text, node.end)
        if text[at : at + 1] == "]":
            return tuple(found), at + 1
        at = skip_space(text, _expect(text, at, ","))


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting {mark!r}", text, at)
    return at + 1


def begins_more_than(raw: bytes, maximum: int) -> bool:
    """Whether more than about `maximum` values begin in that JSON; creates none of them."""
    if _marks(raw) <= maximum:  # of the texts too
        return False
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    inside, found = 0, 0
    for start in range(0, len(bare), _BLOCK_BYTES):  # in blocks, so that other threads can run in between
        pieces = bare[start : start + _BLOCK_BYTES].split(b'"')
        found += _marks(b"".join(pieces[inside::2]))
        inside ^= (len(pieces) - 1) & 1
        if found > maximum:
            return True
    return False


def _marks(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")
