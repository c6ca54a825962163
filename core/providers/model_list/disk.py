"""The lists on disk: one file per account, replaced atomically, with a lock that all processes of a machine share."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from core.providers.model_list.entries import ModelList

log = structlog.get_logger(__name__)
MODE = 0o644
MAX_FILE_BYTES = 64 * 1024 * 1024


class ListFile:
    """Raises no error: a folder that cannot be written leaves the list in memory, and `problem` says why."""

    def __init__(self, folder: Path, account: str) -> None:
        self._folder = folder
        self._path = folder / f"{account}.json"
        self._lock = folder / f"{account}.lock"
        self.problem = ""

    def read(self) -> ModelList | None:
        """The stored list; None if there is none or it is unreadable, which the next refresh replaces."""
        try:
            if self._path.stat().st_size > MAX_FILE_BYTES:
                return None
            return ModelList.model_validate_json(self._path.read_bytes(), extra="ignore")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("model_list.unreadable", file=self._path.name, error=type(error).__name__)
            return None

    def write(self, models: ModelList) -> None:
        new = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            with new.open("wb") as file:
                file.write(models.model_dump_json(exclude_defaults=True).encode())
                file.flush()
                os.fsync(file.fileno())
            new.chmod(MODE)
            new.replace(self._path)
        except OSError as error:
            self._report(error)
            with contextlib.suppress(OSError):
                new.unlink()
        else:
            self.problem = ""

    def version(self) -> int:
        """Changes whenever a process replaces the file; 0 without one."""
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0

    def tried_at(self) -> float:
        """When any process last asked the provider, in seconds since 1970; 0 if none did."""
        try:
            return self._lock.stat().st_mtime
        except OSError:
            return 0.0

    @contextlib.contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether this process may ask the provider now. False while another one does."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, MODE)
        except OSError as error:
            self._report(error)
            yield True  # nothing is shared here: this process keeps its own list
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)

    def mark_tried(self, at_s: float) -> None:
        """Record the time of a request to the provider, so that after a failure no process asks again too early."""
        with contextlib.suppress(OSError):
            os.utime(self._lock, (at_s, at_s))

    def _report(self, error: OSError) -> None:
        if not self.problem:
            log.warning("model_list.not_written", file=self._path.name, error=error.strerror)
        self.problem = f"{self._path} cannot be written ({error.strerror})."
