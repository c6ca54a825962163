"""Writes the settings tables of the documentation anew from the settings: `make docs`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.settings import Setting, table
from core.settings.deprecated import RENAMED, constants

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("docs/operations.md",)
_PART = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """`text` with the parts between `<!-- generated: NAME -->` and `<!-- end -->` written anew."""
    return _PART.sub(lambda part: part[1] + PARTS[part[2]]() + part[3], text)


def settings_table(rows: list[Setting]) -> str:
    lines = [f"| `{s.row.variable}` | {_shown(s.default)} | {s.row.unit} | {s.row.about} |" for s in rows]
    return _table("| variable | default | unit | what it does |", lines)


def _table(head: str, lines: list[str]) -> str:
    return "\n".join([head, re.sub(r"[^|]+", "---", head), *lines]) + "\n"


def _shown(default: Any) -> str:
    if default in ("", ()):
        return "(empty)"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    text = (
        ", ".join(default) if isinstance(default, tuple) else f"{default:g}" if isinstance(default, float) else default
    )
    return f"`{text}`"


def _of_group(name: str) -> Callable[[], str]:
    return lambda: settings_table([setting for setting in table() if setting.group == name])


def _renamed() -> str:
    return _table("| old name | new name |", [f"| `{old}` | `{new}` |" for old, new in RENAMED.items()])


def _constants() -> str:
    rows = (f"| `{s.row.variable}` | {_shown(s.default)} | {s.row.unit} |" for s in constants())
    return _table("| variable | fixed at | unit |", list(rows))


PARTS: Mapping[str, Callable[[], str]] = {
    **{name: _of_group(name) for name in dict.fromkeys(setting.group for setting in table())},
    "old names": _renamed,
    "constants": _constants,
}


def main() -> None:
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
