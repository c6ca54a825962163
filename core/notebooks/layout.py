"""The layout of a notebook file: indent, separators, line ends, escapes. New parts use the same layout."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_ESCAPED_BEYOND_ASCII = re.compile(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Layout:
    indent: str | None
    """What one level is indented by; None: no line breaks between values."""
    comma: str = ","
    colon: str = ": "
    newline: str = "\n"
    ascii_only: bool = False

    def render(self, value: Any, base: str, *, flat: bool = False) -> str:
        """`value` as JSON in this layout; lines after the first begin with `base`. `flat`: on one line."""
        indent = None if flat else self.indent
        comma = ", " if flat and self.indent is not None else self.comma
        text = json.dumps(
            value, indent=indent, separators=(comma, self.colon), ensure_ascii=self.ascii_only, allow_nan=False
        )
        if not self.ascii_only:
            text = _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
        return text if indent is None else text.replace("\n", self.newline + base)

    def break_before(self, base: str) -> str:
        """What stands after a comma and before the next value at the depth of `base`."""
        return (" " if self.comma.endswith(" ") else "") if self.indent is None else self.newline + base


def layout_of(text: str) -> Layout:
    """The layout of a JSON file that begins with an object (its first `{` at the start, white space aside)."""
    opening = text.index("{")
    key = (
        opening + 1 + len(text[opening + 1 : opening + 400]) - len(text[opening + 1 : opening + 400].lstrip(" \t\r\n"))
    )
    lead = text[opening + 1 : key]
    indent = lead.rpartition("\n")[2] if "\n" in lead else None
    after_key = re.compile(r'"[^"]*"([ \t]*:[ \t]*)').match(text, key)
    comma = ","
    if indent is None:
        tight, spaced = text.count('","') + text.count("},{"), text.count('", "') + text.count("}, {")
        comma = (
            ", " if spaced > tight or (spaced == tight and ": " in (after_key.group(1) if after_key else "")) else ","
        )
    return Layout(
        indent=indent,
        comma=comma,
        colon=after_key.group(1) if after_key else ": ",
        newline="\r\n" if "\r\n" in text else "\n",
        ascii_only=text.isascii() and _ESCAPED_BEYOND_ASCII.search(text) is not None,
    )
