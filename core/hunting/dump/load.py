"""Reads a dump into a library: first all of it is checked, then it is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.hunting.dump.layout import HUNTS, ORIGINALS, SESSIONS, Manifest, check_files, read_manifest
from core.library.base import Library
from core.library.records import LibraryEvent, LibraryHunt, SessionChanges, StoredProgress
from core.sessions.codec import read_head, read_hunt
from core.sessions.library_records import library_head, library_hunt

BATCH, BATCH_BYTES = 20, 4 * 1024 * 1024
"""Sessions that are written in one transaction."""
MAX_MS = 253_402_300_800_000
"""The end of the year 9999, in either direction."""
MAX_NUMBER = 2**31 - 1
NUL = "\0"
"""PostgreSQL takes no text that contains it."""
IMPORTED, ARCHIVED = "imported", "archived"


@dataclass(frozen=True)
class ImportResult:
    written: int
    """Sessions that the library did not have, or had at an earlier version."""
    unchanged: int
    deleted: int
    """Sessions that were deleted in this library: they stay deleted."""


@dataclass(frozen=True)
class _Task:
    changes: SessionChanges
    archived: bool


async def import_dump(library: Library, folder: Path, now_ms: int) -> ImportResult:
    """Import a dump. Importing it again changes nothing. Raises BadInput, with nothing written, unless all of the dump
    is as it was exported and can be read; LibraryAway."""
    manifest = read_manifest(folder)
    await asyncio.to_thread(_check, folder, manifest)
    tasks, written, unchanged, deleted = _read_tasks(folder), 0, 0, 0
    while batch := await asyncio.to_thread(_next_batch, tasks):
        gone = await library.deleted([one.changes.session_id for one in batch])
        before = await library.progress([one.changes.session_id for one in batch])
        new = [one for one in batch if one.changes.session_id not in gone and _is_new(one.changes, before)]
        if new:
            await library.write([one.changes for one in new])
        for one in new:
            if one.archived:
                event = LibraryEvent(f"{IMPORTED}.{ARCHIVED}.{now_ms}", now_ms, "", ARCHIVED, "as in the imported dump")
                await library.set_archived(one.changes.session_id, True, event)
        written, deleted = written + len(new), deleted + len(gone)
        unchanged += len(batch) - len(new) - len(gone)
    return ImportResult(written, unchanged, deleted)


def _next_batch(tasks: Iterator[_Task]) -> list[_Task]:
    batch, size_bytes = [], 0
    for task in islice(tasks, BATCH):
        batch.append(task)
        size_bytes += task.changes.size_bytes
        if size_bytes >= BATCH_BYTES:
            break
    return batch


def _is_new(changes: SessionChanges, before: Mapping[str, StoredProgress]) -> bool:
    known = before.get(changes.session_id)
    assert changes.head is not None
    return (
        known is None
        or known.version < changes.head.version
        or any(known.hunts.get(hunt.hunt_id, -1) < hunt.progress for hunt in changes.hunts)
    )


def _check(folder: Path, manifest: Manifest) -> None:
    """Raises BadInput."""
    check_files(folder, manifest)
    needed = {SESSIONS, HUNTS} - manifest.files.keys()
    if needed:
        raise BadInput(f"The dump lacks {', '.join(sorted(needed))}.", hint="Export the tasks again.")
    sessions = hunts = 0
    for task in _read_tasks(folder):
        if f"{ORIGINALS}/{task.changes.session_id}.ipynb" not in manifest.files:
            raise BadInput(f"The dump lacks the notebook of {task.changes.session_id[:60]}.", hint="Export it again.")
        sessions, hunts = sessions + 1, hunts + len(task.changes.hunts)
    if (sessions, hunts) != (manifest.sessions, manifest.hunts):
        raise BadInput(
            f"The dump has {sessions} sessions and {hunts} hunts; its manifest says {manifest.sessions} and "
            f"{manifest.hunts}.",
            hint="Export the tasks again.",
        )


def _read_tasks(folder: Path) -> Iterator[_Task]:
    """The sessions in their order; the hunts are in the same order. Raises BadInput."""
    hunts = _read_hunts(folder)
    waiting = next(hunts, None)
    for number, line in _lines(folder / SESSIONS):
        with _naming(SESSIONS, number):
            session = read_head(_json(line["head"]))
            if session.session_id != line["session_id"] or not _is_file_name(session.session_id):
                raise ValueError("session_id")
            head, of_it = library_head(session), []
            while waiting is not None and waiting[0] == session.session_id:
                of_it.append(waiting[1])
                waiting = next(hunts, None)
            changes = SessionChanges(
                session_id=session.session_id,
                changed_ms=line["changed_ms"],
                head=head,
                notebook=(folder / ORIGINALS / f"{session.session_id}.ipynb").read_bytes(),
                hunts=tuple(of_it),
                events=tuple(LibraryEvent(**event) for event in line["events"]),
            )
            task = _Task(changes, _boolean(line["archived"]))
            _refuse_odd(task)
        yield task
    if waiting is not None:
        raise BadInput(f"{HUNTS} of the dump has hunts of a session that {SESSIONS} lacks.", hint="Export it again.")


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def _refuse_odd(task: _Task) -> None:
    """Raise TypeError or ValueError for values that a database does not take, in the middle of writing."""
    changes, head = task.changes, task.changes.head
    assert head is not None
    times = [changes.changed_ms, head.created_ms, head.revealed_ms or 0, *(one.at_ms for one in changes.events)]
    numbers = [head.version, head.planned_hunts]
    numbers += [number for hunt in changes.hunts for number in (abs(hunt.number), hunt.progress)]
    if any(type(number) is not int for number in (*times, *numbers)):
        raise TypeError("type")
    if not all(abs(at) <= MAX_MS for at in times) or not all(0 <= number <= MAX_NUMBER for number in numbers):
        raise ValueError("number")
    if any(NUL in text for one in changes.events for text in (one.event_id, one.actor, one.action, one.detail)):
        raise ValueError("text")


def _read_hunts(folder: Path) -> Iterator[tuple[str, LibraryHunt]]:
    for number, line in _lines(folder / HUNTS):
        with _naming(HUNTS, number):
            reply = b"" if line["reply"] is None else _json(line["reply"])
            hunt = read_hunt(_json(line["state"]), reply)
            found = str(line["session_id"]), library_hunt(hunt, with_reply=True)
        yield found


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            with _naming(path.name, number):
                read = json.loads(line)
                if not isinstance(read, dict):
                    raise TypeError("not an object")
            yield number, read


@contextmanager
def _naming(name: str, line: int) -> Iterator[None]:
    """Map what is wrong with a line to BadInput."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OSError, RecursionError) as error:
        raise BadInput(
            f"Line {line} of {name} in the dump cannot be read ({type(error).__name__}).",
            hint="Import it with the release that exported it, or export the tasks again.",
        ) from error


def _json(value: Any) -> bytes:
    """With escapes for the lone surrogates that replies can have."""
    return json.dumps(value).encode()


def _is_file_name(session_id: str) -> bool:
    return session_id.replace("_", "").replace("-", "").isalnum() and len(session_id) <= 100
