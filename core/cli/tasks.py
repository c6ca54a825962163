"""`tasks`: lists and searches the tasks in the library, with the fields of GET /api/tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.markup import escape
from rich.table import Table

from core.cli.output import say, to_stdout
from core.cli.report import StdoutConsole, write_json
from core.hunting.task_list import list_tasks, no_library
from core.hunting.views.listed_tasks import TaskList
from core.library.base import Library
from core.library.lazy import LazyLibrary
from core.library.records import TaskQuery
from core.settings import LibrarySettings

MIN_WIDTH = 120
"""Columns of output that is not a terminal: names are not cut off."""


async def show_tasks(settings: LibrarySettings, query: TaskQuery, *, as_json: bool) -> int:
    """Print a page of tasks. Returns 0 if any task matches, else 1. Raises LibraryAway, Unavailable."""
    async with open_read_only(settings) as library:
        found = await list_tasks(library, query)
    with to_stdout():
        if as_json:
            write_json(found)
        else:
            _print(found)
    return 0 if found["tasks"] else 1


@asynccontextmanager
async def open_read_only(settings: LibrarySettings) -> AsyncIterator[Library]:
    """The library, which a server may be using. Raises Unavailable (`library_off`)."""
    if not settings.enabled:
        raise no_library()
    library = LazyLibrary(settings.url, read_only=True)
    try:
        yield library
    finally:
        await library.close()


def _print(found: TaskList) -> None:
    console = StdoutConsole()
    if not console.is_terminal:
        console.width = max(console.width, MIN_WIDTH)
    table = Table(box=None, pad_edge=False)
    table.add_column("task", overflow="fold")
    for title in ("state", "owner", "changed", "session"):
        table.add_column(title, no_wrap=True)
    for title in ("hunts", "breaks", "cost $"):
        table.add_column(title, justify="right", no_wrap=True)
    for task in found["tasks"]:
        counts = task["counts"]
        cells = (
            task["state"] + (", archived" if task["archived"] else ""),
            escape(task["owner"] or "-"),
            f"{task['updated_at']:%Y-%m-%d %H:%M}",
            escape(task["session_id"]),
            f"{counts['done']}/{counts['total']}",
            str(counts["broke"]),
            "-" if task["cost_usd"] is None else f"{task['cost_usd']:,.2f}",
        )
        table.add_row(escape(task["name"] or task["excerpt"][:40]), *cells)
    if found["tasks"]:
        console.print(table)
    else:
        say("No tasks match.")
    if found["next"]:
        say(f"There are more: --after {found['next']}")
