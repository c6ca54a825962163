"""Changes made while Redis is away, on disk: one file per process, JSON lines, appended and never rewritten.

A record is handed to the operating system before its change is acknowledged, so it outlives the process; `sync` makes
it safe from a power cut too, at least every `journal_sync_s`. A file is locked by the process that writes it; a process
takes over the files of those that are gone. Files go when all that stands in them is in Redis; one with something
that cannot be understood here (of a newer version, foreign) stays, under another name.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import structlog

log = structlog.get_logger(__name__)

SUFFIX = ".journal"
UNREAD = ".unread"
MODE = 0o600
"""Tasks and replies stand in it: nobody else reads it."""
Record = dict[str, Any]


class Journal:
    """Nothing is on disk until the first record. A disk that cannot be written stops nobody: `problem` says it."""

    def __init__(self, folder: Path, instance: str) -> None:
        self._folder = folder
        self._instance = "".join(c if c.isalnum() or c in "-_." else "_" for c in instance)
        self._files: dict[Path, int] = {}
        """Open and locked: ours and those that were taken over."""
        self._ours: int | None = None
        self._reading: Path | None = None
        self._unread: set[Path] = set()
        """Files with something that was not understood."""
        self._unsynced = False
        self.size_bytes = 0
        self.problem = ""

    def write(self, record: Record) -> bool:
        """Append a record; when this returns, the operating system has it. False when it could not be written."""
        line = orjson.dumps(record) + b"\n"
        if self.problem:
            line = b"\n" + line  # what was cut off before does not spoil this one
        try:
            if self._ours is None:
                self._ours = self._open_new()
            written = 0
            while written < len(line):
                written += os.write(self._ours, line[written:])
        except OSError as error:
            if not self.problem:
                log.error("the journal cannot be written", error=error.strerror)
            self.problem = f"The journal cannot be written ({error.strerror}): changes are in memory only."
            return False
        self.problem = ""
        self.size_bytes += len(line)
        self._unsynced = True
        return True

    async def sync(self) -> None:
        """Have what was written survive a power cut."""
        if self._ours is not None and self._unsynced:
            self._unsynced = False
            number = os.dup(self._ours)  # `clear` may close ours meanwhile
            try:
                await asyncio.to_thread(_flush, number)
            except OSError as error:
                self._unsynced = True
                self.problem = f"The journal cannot be made safe from a power cut ({error.strerror})."

    def take_over(self) -> Iterator[Record]:
        """The records of processes that are gone, oldest file first. Their files are ours from then on."""
        for path in _by_age(self._folder):
            if path not in self._files and (number := _locked(path)) is not None:
                self._files[path] = number
                self.size_bytes += os.fstat(number).st_size
                self._reading = path
                yield from _records(path.name, number)

    def not_understood(self, error: Exception) -> None:
        """The record that `take_over` gave last says nothing to us: its file outlives `clear`."""
        path = self._reading
        if path is not None and path not in self._unread:
            self._unread.add(path)
            # what stands there is a trainer's: only what kind of fault it is
            log.error("a journal is not understood and is kept aside", file=path.name, error=type(error).__name__)

    def clear(self) -> None:
        """All of it is elsewhere now, but for what was not understood."""
        for path, number in self._files.items():
            if path in self._unread:
                path.rename(_free(path.with_suffix(UNREAD)))
            else:
                path.unlink(missing_ok=True)
            os.close(number)
        self._unread.clear()
        self._files, self._ours, self.size_bytes, self._unsynced, self.problem = {}, None, 0, False, ""

    def close(self) -> None:
        """Leave the files for the next process."""
        for number in self._files.values():
            os.close(number)
        self._files, self._ours = {}, None

    def _open_new(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        count = len(list(self._folder.glob(f"{self._instance}*{SUFFIX}")))
        while True:
            path = self._folder / f"{self._instance}-{count}{SUFFIX}"
            try:
                number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, MODE)
            except FileExistsError:
                count += 1
                continue
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._files[path] = number
            return number


def _by_age(folder: Path) -> list[Path]:
    """The journals there, oldest first; what is no plain file is none."""
    ages: dict[Path, float] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):  # another process is done with it
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                ages[path] = found.st_mtime
    return sorted(ages, key=ages.__getitem__)


def _locked(path: Path) -> int | None:
    """The open file, locked by us; None while another process has it, or when it cannot be had."""
    try:
        number = os.open(path, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("a journal cannot be opened", file=path.name, error=error.strerror)
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    if os.fstat(number).st_nlink == 0:  # another process took it over and was done with it before we had the lock
        os.close(number)
        return None
    return number


def _flush(number: int) -> None:
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _free(path: Path) -> Path:
    """That path, or one like it that is not taken."""
    names = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(1))
    return path if not path.exists() else next(name for name in names if not name.exists())


def _records(name: str, number: int) -> Iterator[Record]:
    with os.fdopen(os.dup(number), "rb") as lines:
        for place, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:  # cut off in the middle of writing: it was never acknowledged
                log.warning("a line of the journal cannot be read", file=name, line=place)
            else:
                yield record
