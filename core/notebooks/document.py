"""Open a notebook file: its JSON, and the positions of cells and metadata. Rejects files that are not notebooks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from core.errors import BadNotebook, TooLarge
from core.notebooks.json_positions import Member, Node, TooManyElements, begins_more_than, members_at, skip_space

_BOM = "\ufeff"
_TAKE_OUT = "Remove images and outputs from the notebook and load it again."
_SAVE_AS_UTF8 = "Open it in a text editor, save it with the encoding UTF-8, and load that file."
_ASK_AGAIN = "Open the file in Jupyter or Colab, save it again as .ipynb, and load that."


@dataclass(frozen=True)
class Bounds:
    """Limits for an uploaded notebook; None: unlimited."""

    max_bytes: int | None = None
    max_cells: int | None = None
    max_values: int | None = None
    max_criteria: int | None = None
    """Maximum criteria per task, including the tasks in an export's record."""


UNBOUNDED = Bounds()


@dataclass(frozen=True)
class Document:
    text: str
    """The whole file, decoded, without a byte order mark."""
    bom: bool
    cells: tuple[Node, ...]
    cells_start: int
    """Offset of the array of cells."""
    cells_end: int
    members: tuple[Member, ...]
    """The file's top level; of duplicate keys the last one counts."""
    end: int
    """Offset of the end of the top-level object."""
    minor: int
    layout: Layout

    @property
    def metadata(self) -> Node | None:
        return self.member("metadata")

    def member(self, key: str) -> Node | None:
        return next((m.node for m in reversed(self.members) if m.key == key), None)


def open_document(raw: bytes, bounds: Bounds = UNBOUNDED) -> Document:
    """The parts of a notebook file. Raises TooLarge, or BadNotebook with the problem and its fix."""
    _refuse_large(raw, bounds)
    text = _decoded(raw)
    bom = text.startswith(_BOM)
    text = text.removeprefix(_BOM)
    members, end = _walked(text, bounds.max_cells)
    by_key = {m.key: m.node for m in members}
    minor = _checked_version(by_key)
    cells = _checked_cells(by_key)
    return Document(
        text=text,
        bom=bom,
        cells=cells.value,
        cells_start=cells.start,
        cells_end=cells.end,
        members=members,
        end=end,
        minor=minor,
        layout=layout_of(text),
    )


def _refuse_large(raw: bytes, bounds: Bounds) -> None:
    if bounds.max_bytes is not None and len(raw) > bounds.max_bytes:
        raise TooLarge(
            f"The notebook has {len(raw):,} bytes; at most {bounds.max_bytes:,} are allowed.", hint=_TAKE_OUT
        )
    most = bounds.max_values
    if most is not None and begins_more_than(raw, most):
        raise TooLarge(
            f"The notebook contains more than {most:,} values (lines, numbers, objects).",
            hint=_TAKE_OUT,
        )


def _decoded(raw: bytes) -> str:
    if not raw.strip():
        raise BadNotebook("The file is empty.", hint="Choose a notebook (.ipynb) that contains a task.")
    head = raw[:2_000]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.count(0) * 3 > len(head):
        raise BadNotebook("The file is UTF-16 text; notebooks are UTF-8.", hint=_SAVE_AS_UTF8)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(raw, error) from error


def _not_utf8(raw: bytes, error: UnicodeDecodeError) -> BadNotebook:
    """An error with the probable encoding, and how to save the file as UTF-8."""
    if raw[:2_000].lstrip()[:1] == b"{":
        written = raw[error.start : error.start + 1].decode("cp1252", "replace")
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"The file is not UTF-8: line {line:,} has {written!r} as Windows-1252 or Latin-1 writes it."
        return BadNotebook(what, hint=_SAVE_AS_UTF8)
    return BadNotebook(
        f"The file is neither a Jupyter notebook nor text (byte {error.start:,} does not fit UTF-8).",
        hint="Choose a file that ends in .ipynb.",
    )


def _walked(text: str, max_cells: int | None) -> tuple[tuple[Member, ...], int]:
    start = skip_space(text, 0)
    if text[start : start + 1] in {"[", '"'} or text[start : start + 4] in {"null", "true"}:
        _no_notebook("its JSON is not an object")
    try:
        members, end = members_at(text, start, whole="cells", max_elements=max_cells)
        if skip_space(text, end) != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except TooManyElements as error:
        raise TooLarge(
            f"The notebook has more than {max_cells:,} cells.",
            hint="Remove all cells that the task does not need and load it again.",
        ) from error
    except RecursionError as error:
        raise BadNotebook("The file's JSON is nested too deeply to be a notebook.", hint=_ASK_AGAIN) from error
    except json.JSONDecodeError as error:
        raise BadNotebook(
            f"The file is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}.",
            hint=_ASK_AGAIN,
        ) from error
    except ValueError as error:
        raise BadNotebook(f"The file is not JSON: {error}.", hint=_ASK_AGAIN) from error
    return members, end


def _checked_version(by_key: dict[str, Node]) -> int:
    if "cells" not in by_key and "worksheets" not in by_key and "nbformat" not in by_key:
        _no_notebook("it has neither cells nor nbformat")
    major = by_key["nbformat"].value if "nbformat" in by_key else None
    if not isinstance(major, int) or isinstance(major, bool):
        _no_notebook("its nbformat is not a number")
    if major != 4:
        raise BadNotebook(
            f"The notebook has format {major}; format 4 is needed.", hint=_ASK_AGAIN, details={"nbformat": major}
        )
    minor = by_key["nbformat_minor"].value if "nbformat_minor" in by_key else 0
    metadata = by_key["metadata"].value if "metadata" in by_key else {}
    if not isinstance(metadata, dict):
        _no_notebook("its metadata is not an object")
    return minor if isinstance(minor, int) else 0


def _checked_cells(by_key: dict[str, Node]) -> Node:
    cells = by_key.get("cells")
    if cells is None or not isinstance(cells.value, tuple):
        _no_notebook("it has no list of cells")
    if not cells.value:
        raise BadNotebook("The notebook has no cells.", hint="Start from the task template and fill it in.")
    for index, node in enumerate(cells.value):
        wrong = _wrong_with(node.value)
        if wrong:
            raise BadNotebook(f"Cell {index + 1} of the notebook {wrong}.", hint=_ASK_AGAIN, details={"cell": index})
    return cells


def _wrong_with(cell: Any) -> str:
    if not isinstance(cell, dict):
        return "is not an object"
    if not isinstance(cell.get("cell_type"), str):
        return "has no cell_type"
    source = cell.get("source", False)
    if source is None or isinstance(source, str):  # programs in JavaScript write null for nothing; Jupyter reads it so
        return ""
    if isinstance(source, list) and all(line is None or isinstance(line, str) for line in source):
        return ""
    return "has no source text"


def _no_notebook(why: str) -> NoReturn:
    raise BadNotebook(f"The file is not a Jupyter notebook: {why}.", hint="Choose a file that ends in .ipynb.")


_ESCAPED_BEYOND_ASCII = re.compile(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Layout:
    indent: str | None
    """Indentation of one level; None: no line breaks between values."""
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
        """The text between a comma and the next value at the depth of `base`."""
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
