"""Removes the texts of deleted sessions from log files that may be growing.

A file is rewritten beside itself and replaced while its lock is held, so writers wait and then append to the new file;
readers see another file, and read it again. What remains of a session are its counts, times and costs.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import threading
import time
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson
import structlog

from core.telemetry.appending import FILE_MODE, append_lines, open_locked
from core.telemetry.file_names import day_of, telemetry_files
from core.telemetry.find_records import find_records

log = structlog.get_logger(__name__)

REMOVED_TYPES = frozenset({"task"})
"""Records that are nothing but text."""
TEXT_FIELDS = (
    "reply",
    "excerpt",
    "error_message",
    "reason",
    "detail",
    "criterion_texts",
    "notebook",
    "task_id",
    "trainer",
)
"""Fields with words of people and models, or with their names."""
DELETED = "deleted"
"""The action of the record that a session was deleted. It keeps who did it, and is the record of the deletion where
there is no library."""
COPY = ".redacting"
"""End of the name of a file that is being rewritten; it begins with a dot, so no reader takes it for a log file."""
_SESSION = re.compile(rb'"session":"([0-9a-f]+)"')
READ_BYTES = 1024 * 1024
MAX_NAME_BYTES = 100
"""Of the field `session` with its value: what may be cut between two pieces."""
PAUSE_S = 0.002
"""Between two pieces: hunts share the interpreter's lock."""
LATE_S = 0.1
"""Time for a writer of the release before, which waited for the lock, to append to the replaced file."""


@dataclass(frozen=True)
class Redacted:
    records: int = 0
    """Redacted or removed."""
    files: int = 0
    failed: int = 0
    """Files that could not be rewritten, or that were left out to stop."""


def redact_sessions(directory: Path, sessions: Collection[str], stopping: threading.Event | None = None) -> Redacted:
    """Remove the texts of these sessions (`HuntRecord.session`) from all log files. Blocks: run it in a thread, which
    ends early after `stopping`. What was redacted before is left as it is. Raises OSError if the folder cannot be
    listed."""
    stopping = stopping or threading.Event()
    remove_abandoned_copies(directory)
    marks = frozenset(one.encode() for one in sessions)
    records = files = failed = 0
    for path in telemetry_files(directory) if marks else ():
        try:
            if stopping.is_set():
                failed += 1
            elif _names_one(path, marks, stopping):
                changed = _rewrite(path, marks)
                records, files = records + changed, files + bool(changed)
        except FileNotFoundError:  # removed by age
            continue
        except (OSError, EOFError, zlib.error) as error:
            failed += 1
            log.warning("telemetry.not_redacted", file=path.name, error=str(error))
    return Redacted(records, files, failed)


def remove_abandoned_copies(directory: Path) -> None:
    """Remove the copies of processes that were killed while they rewrote a file: they have texts that nothing would
    redact any more. Waits for a process that is rewriting. Raises OSError if the folder cannot be listed."""
    for copy in directory.glob(f".*{COPY}"):
        path = copy.with_name(copy.name[1:].removesuffix(COPY))
        if day_of(path.name) is None:
            continue
        try:
            descriptor = open_locked(path, os.O_RDWR)
        except FileNotFoundError:  # removed by age: nobody can replace it
            descriptor = None
        except OSError as error:
            log.warning("telemetry.copy_stays", file=copy.name, error=str(error))
            continue
        try:
            copy.unlink(missing_ok=True)
        except OSError as error:
            log.warning("telemetry.copy_stays", file=copy.name, error=str(error))
        finally:
            if descriptor is not None:
                os.close(descriptor)


def deleted_sessions(directory: Path, maximum: int) -> list[str]:
    """The sessions that the log says were deleted."""
    paths = telemetry_files(directory)
    found = find_records(paths, DELETED, field="action", maximum=maximum, types={"session"})
    return [str(line.data.get("session")) for line in found]


def _names_one(path: Path, marks: Collection[bytes], stopping: threading.Event) -> bool:
    """Whether the file has a line of one of these sessions."""
    with _reading(path) as file:
        rest = b""
        while piece := file.read(READ_BYTES):
            whole = rest + piece
            if any(found in marks for found in _SESSION.findall(whole)):
                return True
            rest = whole[-MAX_NAME_BYTES:]
            if stopping.wait(PAUSE_S):
                return False
    return False


def _rewrite(path: Path, marks: Collection[bytes]) -> int:
    """Returns how many lines changed; 0: the file stays as it is."""
    copy = path.with_name(f".{path.name}{COPY}")
    descriptor = open_locked(path, os.O_RDWR)
    try:
        changed = 0
        with _reading(path) as file, _writing(copy, packed=path.suffix == ".gz") as out:
            for line in file:
                kept = _redact(line, marks)
                changed += kept is not line
                out.write(kept)
            end = os.fstat(descriptor).st_size
        if changed:
            copy.rename(path)
        else:
            copy.unlink()
    except BaseException:
        copy.unlink(missing_ok=True)
        os.close(descriptor)
        raise
    # From here on the copy's name belongs to whoever locks the new file.
    try:
        if changed:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            _rescue_late_lines(descriptor, end, path)
        return changed
    finally:
        os.close(descriptor)


def _rescue_late_lines(descriptor: int, end: int, path: Path) -> None:
    """Append to the new file what a writer that does not check for replaced files appended to the old one."""
    if path.suffix == ".gz":
        return
    time.sleep(LATE_S)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    late = os.pread(descriptor, max(0, os.fstat(descriptor).st_size - end), end)
    if late:
        append_lines(path, late.splitlines(keepends=True))


def _redact(line: bytes, marks: Collection[bytes]) -> bytes:
    """The line itself if it has nothing to redact, else its new content."""
    if not any(found in marks for found in _SESSION.findall(line)):
        return line
    try:
        record = orjson.loads(line)
        data: dict[str, Any] = record["data"]
        if str(data["session"]).encode() not in marks:
            return line
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return b""  # half a line, with texts of the session
    if record.get("type") in REMOVED_TYPES:
        return b""
    fields = [name for name in TEXT_FIELDS if data.get(name)]
    if record.get("type") == "session" and data.get("action") == DELETED:
        fields = [name for name in fields if name != "trainer"]
    if not fields:
        return line
    record["data"] = data | {name: type(data[name])() for name in fields}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _reading(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


@contextmanager
def _writing(path: Path, *, packed: bool) -> Iterator[IO[bytes]]:
    """A new file with the log's permissions, which is on disk at the end."""
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "wb") as plain:
        if packed:
            with gzip.GzipFile(filename="", mode="wb", fileobj=plain) as compressed:
                yield cast("IO[bytes]", compressed)
        else:
            yield plain
        plain.flush()
        os.fsync(plain.fileno())
