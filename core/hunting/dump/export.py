"""Writes tasks of the library into a folder."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson

from core import __version__
from core.domain.hunt import Hunt
from core.domain.session import Session
from core.errors import BadInput, HunterError
from core.hunting.dump.layout import (
    FILE_MODE,
    FINISHED,
    FOLDER_MODE,
    FORMAT,
    HUNTS,
    MANIFEST,
    ORIGINALS,
    SCHEMA,
    SESSIONS,
    DumpedFile,
    Manifest,
    file_of,
)
from core.hunting.dump.parquet import HUNT_COLUMNS, SESSION_COLUMNS, hunt_row, session_row, write_parquet
from core.hunting.reviews.delivery import deliver
from core.library.base import Library
from core.library.records import LibraryEvent, PeriodQuery, StoredSession
from core.review.corrected_rates import NO_RATES, corrected_rates, reason_against
from core.sessions.codec import StoredUnreadable, read_head, read_hunt
from core.sessions.library_records import milliseconds

Progress = Callable[[int, int], None]
"""Called with the number of exported sessions, and of all."""
ROWS = ".rows"


@dataclass(frozen=True)
class ExportOrder:
    owner: str | None = None
    """None: everyone's tasks."""
    since: datetime | None = None
    until: datetime | None = None
    """Tasks that were created before `until` and changed at `since` or later."""


@dataclass(frozen=True)
class ExportResult:
    sessions: int
    hunts: int
    not_delivered: tuple[str, ...]
    """Names of tasks whose finished notebook cannot be made; their original one is in the dump."""
    unreadable: tuple[str, ...]
    """IDs of sessions that this release cannot read; they are not in the dump."""


async def export_library(
    library: Library, order: ExportOrder, folder: Path, now: datetime, progress: Progress = lambda _done, _all: None
) -> ExportResult:
    """Write a dump. The folder appears when it is complete. Raises BadInput if it exists and is not empty or cannot be
    written, LibraryAway."""
    partial = _prepare(folder)
    try:
        query = PeriodQuery(
            owner=order.owner,
            since_ms=0 if order.since is None else milliseconds(order.since),
            until_ms=None if order.until is None else milliseconds(order.until),
        )
        found, unreadable = await library.session_ids(query), list[str]()
        with _Writer(partial) as writer:
            for done, (session_id, archived) in enumerate(found, 1):
                stored = await library.read(session_id)
                if stored is not None:  # else it was deleted meanwhile
                    events = await library.events(session_id)
                    try:
                        writer.write(session_id, stored, events, archived=archived)
                    except StoredUnreadable:
                        unreadable.append(session_id)
                progress(done, len(found))
                await asyncio.sleep(0)
        writer.finish(order, now)
        _publish(partial, folder)
        return ExportResult(writer.sessions, writer.hunts, tuple(writer.not_delivered), tuple(unreadable))
    except OSError as error:
        raise _not_writable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _prepare(folder: Path) -> Path:
    """The folder beside it that is filled first."""
    try:
        folder = folder.resolve()  # "." has no name
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput(f"{folder} exists and is not an empty folder.", hint="Name a new folder with --out.")
        partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
        partial.mkdir(FOLDER_MODE, parents=True)
        for name in (ORIGINALS, FINISHED):
            (partial / name).mkdir(FOLDER_MODE)
    except OSError as error:
        raise _not_writable(folder, error) from error
    return partial


def _publish(partial: Path, folder: Path) -> None:
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)


def _not_writable(folder: Path, error: OSError) -> BadInput:
    return BadInput(f"{folder} cannot be written: {error.strerror}.", hint="Name another folder with --out.")


class _Writer:
    """The files of one dump."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._open: dict[str, BinaryIO] = {}
        self._files: dict[str, DumpedFile] = {}
        self.sessions = self.hunts = 0
        self.not_delivered: list[str] = []

    def __enter__(self) -> _Writer:
        for name in (SESSIONS, HUNTS, SESSIONS + ROWS, HUNTS + ROWS):
            self._open[name] = self._stack.enter_context(_create(self._folder / name))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(
        self, session_id: str, stored: StoredSession, events: tuple[LibraryEvent, ...], *, archived: bool
    ) -> None:
        """Raises StoredUnreadable, with nothing written."""
        session = read_head(stored.head)
        hunts = [read_hunt(state, reply) for state, reply in stored.hunts]
        line = {
            "session_id": session_id,
            "archived": archived,
            "changed_ms": stored.changed_ms,
            "head": orjson.Fragment(stored.head),
            "events": events,
        }
        self._open[SESSIONS].write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        for state, reply in stored.hunts:
            parts = {"state": orjson.Fragment(state[state.index(b"{") :]), "reply": orjson.Fragment(reply or b"null")}
            self._open[HUNTS].write(orjson.dumps({"session_id": session_id, **parts}, option=orjson.OPT_APPEND_NEWLINE))
        self._open[SESSIONS + ROWS].write(session_row(session, len(hunts), stored.changed_ms, archived=archived))
        for hunt in hunts:
            self._open[HUNTS + ROWS].write(hunt_row(session, hunt))
        self._write_notebooks(session, stored.notebook, hunts)
        self.sessions, self.hunts = self.sessions + 1, self.hunts + len(hunts)

    def finish(self, order: ExportOrder, now: datetime) -> None:
        """Write the tables and the manifest, which is what makes the folder a dump."""
        for name, columns in ((SESSIONS, SESSION_COLUMNS), (HUNTS, HUNT_COLUMNS)):
            rows, table = self._folder / (name + ROWS), name.replace(".jsonl", ".parquet")
            write_parquet(rows, self._folder / table, columns)
            (self._folder / table).chmod(FILE_MODE)
            rows.unlink()
            self._files |= {one: file_of(self._folder / one) for one in (name, table)}
        manifest = Manifest(
            format=FORMAT,
            schema_version=SCHEMA,
            release=__version__,
            created_at=now,
            owner=order.owner,
            since=order.since,
            until=order.until,
            sessions=self.sessions,
            hunts=self.hunts,
            files=self._files,
        )
        with _create(self._folder / MANIFEST) as file:
            file.write(manifest.model_dump_json(indent=1).encode())

    def _write_notebooks(self, session: Session, notebook: bytes, hunts: list[Hunt]) -> None:
        self._write_file(f"{ORIGINALS}/{session.session_id}.ipynb", notebook)
        rates = NO_RATES if reason_against(session) else corrected_rates(session, hunts)
        try:
            finished = deliver(session, notebook, None, "kept", hunts, rates=rates).notebook
        except (HunterError, ValueError):  # one task must not keep the others from being exported
            self.not_delivered.append(session.name)
        else:
            self._write_file(f"{FINISHED}/{session.session_id}.ipynb", finished)

    def _write_file(self, name: str, content: bytes) -> None:
        with _create(self._folder / name) as file:
            file.write(content)
        self._files[name] = file_of(self._folder / name)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE), "wb")
