"""Regenerates the parts of the documentation and of compose that repeat settings: `make docs`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.settings import Setting, table
from core.settings.deprecated import RENAMED, constants
from core.settings.providers import account_rows, table_accounts

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("docs/operations.md", "docs/providers.md", "docker-compose.yml")
_PART = re.compile(
    r"(?P<begin>^[^\n]*(?:<!--|#) generated: (?P<name>[a-z ]+?)(?: -->)?\n).*?(?P<end>^[^\n]*(?:<!--|#) end\b)",
    re.DOTALL | re.MULTILINE,
)


def rendered(text: str) -> str:
    """`text` with the lines between `generated: NAME` and `end` (in a comment) regenerated."""
    return _PART.sub(lambda part: part["begin"] + PARTS[part["name"]]() + part["end"], text)


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
    fixed = {setting.row.variable for setting in constants()}
    rows = [
        f"| `{old}` | {'none: becomes a constant' if new in fixed else f'`{new}`'} |" for old, new in RENAMED.items()
    ]
    return _table("| old name | new name |", rows)


def _constants() -> str:
    rows = (f"| `{s.row.variable}` | {_shown(s.default)} | {s.row.unit} |" for s in constants())
    return _table("| variable | fixed at | unit |", list(rows))


def _providers() -> str:
    head = "| provider | key | maximum calls at once | address |"
    rows = table_accounts()
    lines = [
        f"| `{one.name}` | `{one.key_variable}` | `{one.name.upper()}_CONCURRENCY` ({one.concurrency}) "
        f"| `{one.name.upper()}_BASE_URL` ({one.base_url}) |"
        for one in rows
    ]
    return _table(head, lines)


def _compose_lines() -> str:
    return "".join(f"      - {row.variable}\n" for _, row, _ in account_rows())


PARTS: Mapping[str, Callable[[], str]] = {
    **{name: _of_group(name) for name in dict.fromkeys(setting.group for setting in table())},
    "old names": _renamed,
    "constants": _constants,
    "provider table": _providers,
    "provider variables": _compose_lines,
}


def main() -> None:
    for name in DOCUMENTS:
        path = ROOT / name
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
