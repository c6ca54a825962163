"""Finding the whole JSON objects in a text, whatever stands around them, in one pass.

Strings are respected, so a brace inside one counts for nothing. Commas may be missing or too many and strings may
span lines, as judges write them; anything else that is not JSON ends the object: it is not whole, and the search goes
on right behind the last word that was understood. Time is linear in the text, also for text made to be slow:
every character is looked at a small, fixed number of times, and nesting is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from core.judge.unicode import encodable

DEEPEST = 64
"""Objects and arrays inside each other; what is deeper is not a judge's answer."""

# Possessive (*+, ++): a string that never ends fails once, without backtracking.
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
    """`members` in order, also those whose key occurs twice. Grows while it is read; nobody changes it afterwards."""

    members: list[tuple[str, Json]] = field(default_factory=list)


Json: TypeAlias = Union[str, JsonObject, "list[Json]", None]
"""A value; numbers, true, false and null are all None, since none of them is a verdict or a reason."""


@dataclass(frozen=True)
class Found:
    """An object of the text's top level, and where it stands: text[start:end]."""

    start: int
    end: int
    value: JsonObject


def whole_objects(text: str) -> Iterator[Found]:
    """The whole objects that are not inside another whole object, in order."""
    at = 0
    while opening := _OPENING.search(text, at):
        growing = _Growing()
        at = _read(text, opening.start(), growing)
        if growing.whole is not None:
            yield Found(opening.start(), at, growing.whole)


def _read(text: str, start: int, growing: _Growing) -> int:
    """Feed tokens from `start` until the object is whole or broken; returns where the search goes on."""
    at = last = start
    while growing.whole is None:
        token = _TOKEN.match(text, at)
        if token is None:
            return last + 1  # inside the last token: a string that was never closed may have swallowed an opening
        kind = token.lastgroup or ""
        if not growing.take(kind, token[kind]):
            return token.start(kind)
        at, last = token.end(), token.start(kind)
    return at


class _Growing:
    """The object that is being read: what is open, and the key whose value is awaited."""

    def __init__(self) -> None:
        self.whole: JsonObject | None = None
        self._open: list[JsonObject | list[Json]] = []
        self._key: str | None = None
        self._colon = False

    def take(self, kind: str, word: str) -> bool:
        """Take the next token. False when it cannot stand here."""
        if kind == "string":
            return self._string(_decoded(word))
        if kind == "scalar":
            return self._value(None)
        if kind == "empty":  # a token of its own: an answer may hold thousands of them
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
        return len(self._open) <= DEEPEST

    def _leave(self, word: str) -> bool:
        inside = self._open.pop()
        if isinstance(inside, JsonObject) != (word == "}"):
            return False
        if not self._open and isinstance(inside, JsonObject):
            self.whole = inside
        return True


def _decoded(literal: str) -> str:
    """The text of a JSON string. Escapes that JSON does not know (LaTeX's) keep their backslash."""
    return encodable(_ESCAPE.sub(_unescaped, literal[1:-1]))


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _PLAIN.get(escape[2], "\\" + escape[2])
