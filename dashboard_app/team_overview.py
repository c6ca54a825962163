"""Reads the team's overview from the library: a read-only connection of its own, never through the API."""

from __future__ import annotations

import asyncio
from datetime import datetime

from core.errors import BadInput
from core.library.base import LibraryAway
from core.library.lazy import LazyLibrary
from core.library.records import TeamOverview
from core.settings.library import OFF

MAX_TASKS = 5000
"""Of each list; more are not shown."""


class NoTeam(BadInput):
    """The library cannot be read. `message` and `hint` say why, for people."""


def read_team(url: str, now: datetime, since: datetime) -> TeamOverview:
    """Blocks for milliseconds, the first time half a second. Raises NoTeam."""
    if url == OFF:
        raise NoTeam(
            "This installation has no library (LIBRARY_URL=off).",
            hint="With a library, tasks by state and age, deliveries and their costs appear here.",
        )
    try:
        return asyncio.run(_read(url, now, since))
    except LibraryAway as error:
        raise NoTeam(
            error.message,
            hint="The dashboard reads the library itself: it needs the LIBRARY_URL of the API, and access to that file "
            "or server. A new library has its tables once the API has started.",
        ) from error


async def _read(url: str, now: datetime, since: datetime) -> TeamOverview:
    library = LazyLibrary(url, read_only=True)
    try:
        return await library.overview(int(now.timestamp() * 1000), int(since.timestamp() * 1000), MAX_TASKS)
    finally:
        await library.close()
