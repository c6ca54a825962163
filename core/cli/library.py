"""`library`: exports, imports and deletes what the library has of one person or one period."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core.cli.output import ask, say
from core.cli.tasks import open_read_only
from core.errors import BadInput, NotFound
from core.hunting.dump.export import ExportOrder, export_library
from core.hunting.dump.load import import_dump
from core.hunting.task_list import no_library
from core.library.lazy import LazyLibrary
from core.library.records import PeriodQuery
from core.runtime import open_runtime
from core.sessions.library_lock import lock_library
from core.sessions.library_records import ACTOR, milliseconds
from core.settings import Settings

PROGRESS_EVERY = 200


@dataclass(frozen=True)
class DeleteOptions:
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    yes: bool = False


async def export_tasks(settings: Settings, order: ExportOrder, out: str) -> int:
    """Write a dump of the library, also while a server runs. Returns 0, also if no task matches; 1 if some could not
    be read."""
    async with open_read_only(settings.library) as library:
        result = await export_library(library, order, Path(out), datetime.now(UTC), _say_progress)
    for name in result.not_delivered:
        say(f"{name}: could not make the finished notebook; the dump contains the original one.")
    for session_id in result.unreadable:
        say(f"{session_id}: this release cannot read it, so the dump does not contain it.")
    counts = f"{_count(result.sessions, 'task')}, {_count(result.hunts, 'hunt')}"
    say(f"In {out}: {counts}. The folder contains their full content: protect it.")
    return 1 if result.unreadable else 0


async def import_tasks(settings: Settings, folder: str) -> int:
    """Import a dump. Without Redis, no server may run. Returns 0."""
    if not settings.library.enabled:
        raise no_library()
    async with lock_library(settings):
        library = LazyLibrary(settings.library.url)
        try:
            result = await import_dump(library, Path(folder), milliseconds(datetime.now(UTC)))
        finally:
            await library.close()
    say(f"Imported: {_count(result.written, 'task')}. Already in the library, or newer there: {result.unchanged:,}.")
    if result.deleted:
        say(f"Deleted in this library before, and not imported: {result.deleted:,}.")
    return 0


async def delete_tasks(settings: Settings, options: DeleteOptions) -> int:
    """Delete tasks everywhere: live sessions, library, journals and telemetry of this host. Without Redis, no server
    may run. Returns 0."""
    if not settings.library.enabled:
        raise no_library()
    if options.owner is None and options.since is None and options.until is None:
        raise BadInput("`library delete` needs a person or a period.", hint="Add --owner, --since or --until.")
    settings = replace(settings, server=replace(settings.server, role="api" if settings.redis.url else "both"))
    async with open_runtime(settings, resume=False) as runtime:
        library = LazyLibrary(settings.library.url)
        try:
            found = await library.session_ids(_query(options))
            if found and not options.yes:
                ask(
                    f"Delete {_count(len(found), 'task')} for good?",
                    nobody="Deleting needs a confirmation, and standard input is not a terminal.",
                )
            ACTOR.set(f"{getpass.getuser()} (command line)")
            deleted = 0
            for session_id, _ in found:
                try:
                    await runtime.service.delete(session_id)
                except NotFound:  # somebody else deleted it
                    continue
                deleted += 1
                _say_progress(deleted, len(found))
            await runtime.redactor.redact()
            await library.compact()
        finally:
            await library.close()
    say(f"Deleted: {_count(deleted, 'task')}.")
    return 0


def _query(options: DeleteOptions) -> PeriodQuery:
    return PeriodQuery(
        owner=options.owner,
        since_ms=0 if options.since is None else milliseconds(options.since),
        until_ms=None if options.until is None else milliseconds(options.until),
    )


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _say_progress(done: int, every: int) -> None:
    if done % PROGRESS_EVERY == 0:
        say(f"{done:,} of {every:,} tasks")
