"""Find the complete JSON objects in a text in one pass.

Braces inside strings are ignored. Missing and extra commas and line breaks in strings are accepted, since judges write
them. Any other invalid JSON makes the object incomplete, and the search continues after the last valid token. Time is
linear also for adversarial text: each character is read a small, fixed number of times, and nesting is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from core.judge.encodable_text import encodable

MAX_DEPTH = 64
"""Maximum nesting of objects and arrays. Deeper objects are incomplete."""

# Possessive (*+, ++): an unterminated string fails once, without backtracking.
_OPENING = re.compile(r'\{(?=\s*+")')
_TOKEN = re.compile(
    r"""\s*+(?:(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<empty>\{\s*+\}|\[\s*+\])|(?P<mark>[{}\[\]:]|,[,\s]*+)"""
    r"""|(?P<scalar>-?\d[\d.eE+-]*+|true|false|null))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"'}


@dataclass
class JsonObject:
    """`members` in order, including duplicate keys. Filled while it is parsed and not changed afterwards."""

    members: list[tuple[str, Json]] = field(default_factory=list)


Json: TypeAlias = Union[str, JsonObject, "list[Json]", None]
"""A value. Numbers, true, false and null are all None, since none of them is a verdict or a reason."""


@dataclass(frozen=True)
class FoundObject:
    """A top-level object, at text[start:end]."""

    start: int
    end: int
    value: JsonObject


def whole_objects(text: str) -> Iterator[FoundObject]:
    """The complete objects that are not inside another complete object, in order."""
    at = 0
    while opening := _OPENING.search(text, at):
        parser = _Parser()
        at = _read(text, opening.start(), parser)
        if parser.whole is not None:
            yield FoundObject(opening.start(), at, parser.whole)


def _read(text: str, start: int, parser: _Parser) -> int:
    """Feed tokens from `start` until the object is complete or invalid. Returns where the search continues."""
    at = last = start
    while parser.whole is None:
        token = _TOKEN.match(text, at)
        if token is None:
            return last + 1  # inside the last token: an unterminated string may contain the start of an object
        kind = token.lastgroup or ""
        if not parser.add(kind, token[kind]):
            return token.start(kind)
        at, last = token.end(), token.start(kind)
    return at


class _Parser:
    """The object being parsed: its open containers, and the key that has no value yet."""

    def __init__(self) -> None:
        self.whole: JsonObject | None = None
        self._open: list[JsonObject | list[Json]] = []
        self._key: str | None = None
        self._colon = False

    def add(self, kind: str, word: str) -> bool:
        """Add the next token. False when it is not valid here."""
        if kind == "string":
            return self._string(_decode(word))
        if kind == "scalar":
            return self._value(None)
        if kind == "empty":  # a separate token: an answer may contain thousands of them
            return self._value(JsonObject() if word[0] == "{" else [])
        if word == "{":
            return self._enter(JsonObject())
        if word == "[":
            return self._enter([])
        if word == ":":
            return self._name_ends()
        half_read = self._key is not None
        return not half_read and (word[0] == "," or self._leave(word))

    def _string(self, text: str) -> bool:
        if self._key is None and isinstance(self._open[-1], JsonObject):
            self._key = text
            return True
        return self._value(text)

    def _name_ends(self) -> bool:
        fits = self._key is not None and not self._colon
        self._colon = True
        return fits

    def _value(self, value: Json) -> bool:
        inside = self._open[-1]
        if isinstance(inside, list):
            inside.append(value)
            return True
        if self._key is None or not self._colon:
            return False
        inside.members.append((self._key, value))
        self._key, self._colon = None, False
        return True

    def _enter(self, container: JsonObject | list[Json]) -> bool:
        if self._open and not self._value(container):
            return False
        self._open.append(container)
        return len(self._open) <= MAX_DEPTH

    def _leave(self, word: str) -> bool:
        inside = self._open.pop()
        if isinstance(inside, JsonObject) != (word == "}"):
            return False
        if not self._open and isinstance(inside, JsonObject):
            self.whole = inside
        return True


def _decode(literal: str) -> str:
    """The text of a JSON string. Escapes that JSON does not define (LaTeX's) keep their backslash."""
    return encodable(_ESCAPE.sub(_unescape, literal[1:-1]))


def _unescape(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _PLAIN.get(escape[2], "\\" + escape[2])
