"""Edits of a notebook's text: bodies of cells replaced, cells added in their order, one metadata entry set."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.notebooks.cells import Cell, Cells, Key
from core.notebooks.document import Document
from core.notebooks.headings import Role, token
from core.notebooks.json_text import Node, members_at

IDS_SINCE_MINOR = 5
"""nbformat 4.5 wants an id for every cell; before it none may have one."""
_HEAD = (
    Role.METADATA, Role.PROMPT, Role.RESPONSE, Role.RESPONSE_REFERENCE, Role.JUDGE_PROMPT_TEMPLATE,
    Role.JUDGE_SYSTEM_PROMPT,
)  # fmt: skip
_SLOT = (Role.MODEL, Role.LLM_JUDGE, Role.HUMAN_JUDGE, Role.REASONING_TRACE)


class Edits:
    def __init__(self, document: Document, cells: Cells) -> None:
        self._document = document
        self._cells = cells
        self._replaced: list[tuple[int, int, str]] = []
        """(start, end, text) in the file's text."""
        self._added: list[tuple[Key, str]] = []

    def set_body(self, key: Key, body: str, name: str = "") -> None:
        """Give the cell of that key this body; add the cell when it is not there. `name`: the model's, if it changes."""
        cell = self._cells.find(*key)
        if cell is None:
            self._added.append((key, _text(token(key[0], key[1], name), body)))
            return
        head = cell.head
        if name:
            head = head[: cell.heading.name_start] + name + head[cell.heading.name_end :]
        if name or body != cell.neat_body:
            self._set_source(cell, _text(head, body))

    def set_metadata(self, key: str, value: Any) -> None:
        """Set one entry of the notebook's metadata, last if it is new."""
        document, layout = self._document, self._document.layout
        base = (layout.indent or "") * 2
        node = document.metadata
        if node is None:
            entry = f'{json.dumps("metadata")}{layout.colon}{layout.render({key: value}, layout.indent or "")}'
            at = document.members[-1].node.end
            self._replaced.append((at, at, layout.comma.rstrip() + layout.break_before(layout.indent or "") + entry))
            return
        members, _ = members_at(document.text, node.start)
        known = next((m.node for m in members if m.key == key), None)
        rendered = layout.render(value, base)
        if known is not None:
            self._replace(known, rendered)
        elif members:
            entry = f"{layout.comma.rstrip()}{layout.break_before(base)}{json.dumps(key)}{layout.colon}{rendered}"
            self._replaced.append((members[-1].node.end, members[-1].node.end, entry))
        else:
            self._replace(node, layout.render({key: value}, layout.indent or ""))

    def applied(self) -> bytes:
        """The file with all edits made."""
        text = self._document.text
        for start, end, new in sorted([*self._replaced, *self._insertions()], reverse=True):
            text = text[:start] + new + text[end:]
        return (("\ufeff" if self._document.bom else "") + text).encode("utf-8")

    def _set_source(self, cell: Cell, text: str) -> None:
        members, _ = members_at(self._document.text, cell.node.start)
        node = next(m.node for m in reversed(members) if m.key == "source")
        text = text.replace("\n", "\r\n") if cell.crlf else text
        was_text = isinstance(node.value, str)
        value: Any = text if was_text else [text] if len(node.value) == 1 and "\n" in node.value[0] else _lines(text)
        base = (self._document.layout.indent or "") * 3
        self._replace(node, self._document.layout.render(value, base))

    def _replace(self, node: Node, text: str) -> None:
        if self._document.text[node.start : node.end] != text:
            self._replaced.append((node.start, node.end, text))

    def _insertions(self) -> list[tuple[int, int, str]]:
        """Added cells behind the last cell that comes before them in the written order."""
        layout = self._document.layout
        base = (layout.indent or "") * 2
        by_place: dict[int, list[str]] = {}
        for key, text in sorted(self._added, key=lambda added: _order(added[0])):
            rendered = layout.render(self._new_cell(key, text), base)
            by_place.setdefault(self._place_after(key), []).append(rendered)
        comma = layout.comma.rstrip() + layout.break_before(base)
        return [(at, at, "".join(comma + cell for cell in cells)) for at, cells in by_place.items()]

    def _place_after(self, key: Key) -> int:
        before = [c for k, c in self._cells.by_key.items() if _order(k) < _order(key)]
        if key[0] is Role.ATTEMPTS or not before:
            return self._document.cells[-1].end
        return max(before, key=lambda cell: _order(cell.key)).node.end

    def _new_cell(self, key: Key, text: str) -> dict[str, Any]:
        cell: dict[str, Any] = {"cell_type": "markdown"}
        name = self._free_id(key)
        if self._document.minor >= IDS_SINCE_MINOR:
            cell["id"] = name
        return {**cell, "metadata": {"id": name}, "source": _lines(text)}

    def _free_id(self, key: Key) -> str:
        """Own and the same at every export: made of what the cell is, and changed while another cell has it."""
        taken = {node.value.get("id") for node in self._document.cells}
        name = f"hunter-{key[0].name.lower().replace('_', '-')}" + (f"-{key[1]}" if key[1] is not None else "")
        while name in taken:
            name = f"{name[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return name


def _order(key: Key) -> tuple[int, int, int]:
    role, number = key
    if role in _HEAD:
        return (0, _HEAD.index(role), 0)
    if role in _SLOT:
        return (1, number or 0, _SLOT.index(role))
    return (3 if role is Role.ATTEMPTS else 2, number or 0, 0)


def _text(head: str, body: str) -> str:
    return f"{head.rstrip()}\n\n{body}" if body else head.rstrip()


def _lines(text: str) -> list[str]:
    """Lines as notebooks keep them: each ends with its line break, only \\n counts."""
    parts = text.split("\n")
    return [*(part + "\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]
