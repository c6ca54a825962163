"""The on-disk journal of changes made while Redis is down: one append-only JSON Lines file per process.

A record is written to the operating system before its change is acknowledged, so it survives the process; `sync`, at
least every `journal_sync_s`, makes it survive a power cut. A process locks its file and takes over the files of dead
processes. A file is deleted once all its records are in Redis. A file with unreadable records (of a newer release, or
foreign) is renamed and kept.
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
MODE, FOLDER_MODE = 0o600, 0o700
"""The journal contains tasks and replies: only the owner may read it."""
Record = dict[str, Any]
COPY = ".new"
DELETION = b'{"op":"delete"'
RECORD_BEGIN_BYTES = 40
"""Of each record, in which its session is named."""


class Journal:
    """Creates its file with the first record. A write failure raises no error; it is reported in `problem`."""

    def __init__(self, folder: Path, instance: str) -> None:
        self._folder = folder
        self._instance = "".join(c if c.isalnum() or c in "-_." else "_" for c in instance)
        self._files: dict[Path, int] = {}
        """Open, locked files: our own and those taken over."""
        self._ours: int | None = None
        self._reading: Path | None = None
        self._unread: set[Path] = set()
        """Files with unreadable records."""
        self._unsynced = False
        self._removing = asyncio.Lock()
        self.size_bytes = 0
        self.problem = ""

    def write(self, record: Record) -> bool:
        """Append a record to the file, without fsync. Returns False if the write failed."""
        line = orjson.dumps(record) + b"\n"
        if self.problem:
            line = b"\n" + line  # separates it from a partial write before
        try:
            if self._ours is None:
                self._ours = self._open_new()
            written = 0
            while written < len(line):
                written += os.write(self._ours, line[written:])
        except OSError as error:
            if not self.problem:
                log.error("journal.write_failed", error=error.strerror)
            self.problem = f"The journal cannot be written ({error.strerror}): changes are in memory only."
            return False
        self.problem = ""
        self.size_bytes += len(line)
        self._unsynced = True
        return True

    async def sync(self) -> None:
        """Flush written records to disk, so that they survive a power cut."""
        if self._ours is not None and self._unsynced:
            self._unsynced = False
            number = os.dup(self._ours)  # `clear` may close ours meanwhile
            try:
                await asyncio.to_thread(_flush, number)
            except OSError as error:
                self._unsynced = True
                self.problem = f"The journal cannot be flushed to disk ({error.strerror}): a power cut could lose it."

    def take_over(self) -> Iterator[Record]:
        """Yield the records of dead processes, oldest file first, and take ownership of their files."""
        for path, number in self.adopt():
            self._reading = path
            yield from _records(path.name, number)

    def adopt(self) -> Iterator[tuple[Path, int]]:
        """Take ownership of the files of dead processes, oldest first, and yield them."""
        for path in _by_age(self._folder):
            if path not in self._files and (number := _locked(path)) is not None:
                self._files[path] = number
                self.size_bytes += os.fstat(number).st_size
                path.with_name(path.name + COPY).unlink(missing_ok=True)
                yield path, number

    def records(self) -> Iterator[Record]:
        """Yield the records of all files of ours, from the beginning."""
        for path in _by_age(self._folder):
            if path in self._files:
                self._reading = path
                with path.open("rb") as file:
                    yield from _records(path.name, file.fileno())

    def mark_unreadable(self, error: Exception) -> None:
        """Mark the last record of `take_over` as unreadable: `clear` keeps its file."""
        path = self._reading
        if path is not None and path not in self._unread:
            self._unread.add(path)
            # the records are private: log only the type of error
            log.error("journal.unreadable", file=path.name, error=type(error).__name__)

    async def remove_session(self, session_id: str) -> None:
        """Rewrite our files without the records of a deleted session, except that of its deletion. Records are appended
        meanwhile. Files that cannot be rewritten stay as they are."""
        async with self._removing:
            for path, number in list(self._files.items()):
                rewriting = _Rewriting(path, session_id)
                try:
                    if await asyncio.to_thread(rewriting.copy) and self._files.get(path) == number:
                        self._replace(path, number, rewriting)
                except OSError as error:
                    log.error("journal.not_rewritten", file=path.name, error=error.strerror)
                finally:
                    rewriting.discard()

    def _replace(self, path: Path, number: int, rewriting: _Rewriting) -> None:
        new = rewriting.finish()
        self.size_bytes += os.fstat(new).st_size - os.fstat(number).st_size
        self._files[path] = new
        if self._ours == number:
            self._ours, self._unsynced = new, True
        os.close(number)

    def clear(self) -> None:
        """Delete all files, since their records are in Redis. Unreadable files are renamed and kept."""
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
        self._folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
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


class _Rewriting:
    """A copy of a journal file without one session: what was there at first in a thread, the rest when it replaces the
    file."""

    def __init__(self, path: Path, session_id: str) -> None:
        self._path = path
        self._copy = path.with_name(path.name + COPY)
        self._needle = b'"sid":' + orjson.dumps(session_id)
        self._number: int | None = None
        self._copied_bytes = 0

    def copy(self) -> bool:
        """Returns False, and leaves no copy, if the file has nothing of the session. Raises OSError."""
        with self._path.open("rb") as file:
            if not any(self._is_of_session(line) for line in file):
                return False
        self._number = os.open(self._copy, os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_RDWR, MODE)
        fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._append()
        return True

    def finish(self) -> int:
        """Replace the file, and return the open, locked copy. Raises OSError."""
        assert self._number is not None
        self._append()
        self._copy.rename(self._path)
        number, self._number = self._number, None
        return number

    def discard(self) -> None:
        """Remove a copy that did not replace the file."""
        if self._number is not None:
            os.close(self._number)
            self._copy.unlink(missing_ok=True)

    def _append(self) -> None:
        """Copy the complete lines since the last time."""
        assert self._number is not None
        with self._path.open("rb") as file, os.fdopen(os.dup(self._number), "ab") as copy:
            file.seek(self._copied_bytes)
            for line in file:
                self._copied_bytes += len(line)
                if not self._is_of_session(line):
                    copy.write(line)

    def _is_of_session(self, line: bytes) -> bool:
        return self._needle in line[: RECORD_BEGIN_BYTES + len(self._needle)] and not line.startswith(DELETION)


def _by_age(folder: Path) -> list[Path]:
    """The journal files in the folder, oldest first; only regular files."""
    ages: dict[Path, float] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):  # another process deleted it
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                ages[path] = found.st_mtime
    return sorted(ages, key=ages.__getitem__)


def _locked(path: Path) -> int | None:
    """Open and lock the file. Returns None if another process holds the lock or the file cannot be opened."""
    try:
        number = os.open(path, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("journal.open_failed", file=path.name, error=error.strerror)
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    if os.fstat(number).st_nlink == 0:  # another process took it over and deleted it before we got the lock
        os.close(number)
        return None
    return number


def _flush(number: int) -> None:
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _free(path: Path) -> Path:
    """The path, with a number added if it exists."""
    names = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(1))
    return path if not path.exists() else next(name for name in names if not name.exists())


def _records(name: str, number: int) -> Iterator[Record]:
    with os.fdopen(os.dup(number), "rb") as lines:
        for place, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:  # a partial write: it was never acknowledged
                log.warning("journal.invalid_line", file=name, line=place)
            else:
                yield record
