"""The location of the log's database: a file that the next start reuses, or a temporary folder.

A database belongs to one process at a time. A process that finds it in use, or cannot write there, reads the log into
a database of its own, which makes its start slower.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from core.telemetry.appending import FILE_MODE, FOLDER_MODE

log = structlog.get_logger(__name__)

MARK_CHARS = 12


class CachePlace:
    """Owned by the reader; `close` releases the lock and removes a temporary database."""

    def __init__(self, log_directory: Path, cache_directory: Path | None, shape: str) -> None:
        """`shape` identifies the table layout: a database with another layout is never opened."""
        self._scratch = TemporaryDirectory(prefix="telemetry-reader-")
        self._lock: int | None = None
        self.scratch = Path(self._scratch.name)
        self.database = self.scratch / "log.duckdb"
        self.kept = False
        if cache_directory is not None:
            self._acquire(cache_directory, _short_hash(str(log_directory.resolve())), _short_hash(shape))

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self._scratch.cleanup()

    def remove_database(self) -> None:
        """Remove an unusable database."""
        for path in (self.database, _write_ahead_log(self.database)):
            path.unlink(missing_ok=True)

    def _acquire(self, directory: Path, of_log: str, shape: str) -> None:
        database = directory / f"log-{of_log}-{shape}.duckdb"
        try:
            directory.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            self._lock = _acquire_lock(directory / f"log-{of_log}.lock")
            for old in directory.glob(f"log-{of_log}-*.duckdb*"):
                if not old.name.startswith(database.name):
                    old.unlink(missing_ok=True)
        except BlockingIOError:
            log.info("telemetry.cache_in_use", directory=str(directory), instead="a database of this process alone")
        except OSError as error:
            log.warning("telemetry.cache_not_kept", directory=str(directory), error=str(error))
        else:
            self.database, self.kept = database, True


def _acquire_lock(path: Path) -> int:
    """Raises BlockingIOError while another process holds it, OSError if it cannot be created."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_CHARS]


def _write_ahead_log(database: Path) -> Path:
    return database.with_name(database.name + ".wal")
