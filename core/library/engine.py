"""The database connection: its address, SQLite's options, PostgreSQL's timeouts, and what its errors mean.

SQLAlchemy is imported with this module, which takes a fifth of a second: import it when the library is first used.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.library.base import LibraryAway, LibraryRejected, library_away

log = structlog.get_logger(__name__)

CONNECT_S = 3.0
COMMAND_S = 5.0
"""Longest statement on PostgreSQL: a batch takes a tenth of a second, and meanwhile nothing reaches the journal."""
BUSY_S = 5.0
"""Longest wait for another process that writes to the SQLite file."""
LOCKED_RETRY_S = 0.01
POOL = 4
FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""The library contains everyone's work. SQLite creates the files beside a database with the database's mode."""
WRITES: Mapping[str, Mapping[str, Any]] = {"sqlite": {"begin": "BEGIN IMMEDIATE"}, "postgresql": {}}
"""Execution options of a transaction that writes: SQLite then waits for other writers at its beginning, and not in the
middle, where it would have to fail."""
READS: Mapping[str, Mapping[str, Any]] = {"sqlite": {}, "postgresql": {"isolation_level": "REPEATABLE READ"}}
"""Those of one that reads: all of its statements see one moment."""


def open_engine(url: str, *, read_only: bool = False) -> AsyncEngine:
    """`url` is checked by the settings: `sqlite:///PATH` or `postgresql://…`. Nothing is opened yet. With `read_only`,
    the database rejects whatever would write."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        if read_only:
            return _open_read_only(address)
        if address.database:
            _create_private(Path(address.database))
        engine = create_async_engine(
            address.set(drivername="sqlite+aiosqlite"), connect_args={"timeout": BUSY_S}, pool_size=POOL
        )
        event.listen(engine.sync_engine, "connect", _configure_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        _for_asyncpg(address),
        connect_args={
            "timeout": CONNECT_S,
            "command_timeout": COMMAND_S,
            "server_settings": {"default_transaction_read_only": "on" if read_only else "off"},
        },
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        pool_pre_ping=True,
    )


def _for_asyncpg(address: URL) -> URL:
    """`sslmode`, as libpq and hosting providers write it, is `ssl` here."""
    mode = address.query.get("sslmode")
    address = address.difference_update_query(["sslmode"]).set(drivername="postgresql+asyncpg")
    return address if mode is None else address.update_query_dict({"ssl": mode})


def _open_read_only(address: URL) -> AsyncEngine:
    """A SQLite file as it is: it is not created, and its journal mode stays."""
    engine = create_async_engine(
        address.set(
            drivername="sqlite+aiosqlite",
            database=f"file:{quote(address.database or '')}",
            query={**address.query, "mode": "ro", "uri": "true"},
        ),
        connect_args={"timeout": BUSY_S},
    )
    event.listen(engine.sync_engine, "connect", _configure_read_only_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _configure_read_only_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "cache_size=-16000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _create_private(path: Path) -> None:
    """Create the database's folder and an empty file for its owner alone, or remove the permissions for others from its
    files. An existing file is not opened: closing it would release SQLite's locks of this process."""
    path.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    with suppress(OSError):  # SQLite gives the reason
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE))
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(OSError):  # it does not exist, or is somebody else's
            mode = stat.S_IMODE(one.stat().st_mode)
            if mode & stat.S_IRWXO and one.is_file():
                one.chmod(mode & ~stat.S_IRWXO)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in _begin_sqlite, not with the driver's first write
    connection.run_async(_use_write_ahead_log)
    cursor = connection.cursor()
    # secure_delete: what is deleted is overwritten, not only marked as free
    for pragma in ("synchronous=FULL", "secure_delete=ON", "cache_size=-16000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def _use_write_ahead_log(connection: Any) -> None:
    """SQLite does not wait for a lock here: of two connections that switch a new file at once, one fails."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BUSY_S
    while True:
        try:
            await (await connection.execute("PRAGMA journal_mode=WAL")).close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or loop.time() >= deadline:
                raise
        await asyncio.sleep(LOCKED_RETRY_S)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


_REASONS = (
    ("disk is full", "its disk is full."),
    ("No space left", "its disk is full."),
    ("readonly database", "its file is read-only."),
    ("unable to open database file", "its file cannot be opened."),
    ("database is locked", "another process has locked its file."),
    ("not a database", "its file is damaged, or is not a library."),
    ("malformed", "its file is damaged."),
    ("password authentication", "the database rejects the user name or password."),
    ("does not exist", "the database lacks something. See the log."),
)


@contextmanager
def map_database_errors() -> Iterator[None]:
    """Map every failure of the database inside the block to LibraryAway. Other exceptions pass through."""
    try:
        yield
    except (DataError, IntegrityError, OverflowError, UnicodeError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise LibraryRejected(f"The library's database rejects a record ({type(cause).__name__}).") from error
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise _away(error) from error


def _away(error: BaseException) -> LibraryAway:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = str(cause)
    for words, reason in _REASONS:
        if words in said:
            return library_away(reason)
    if isinstance(cause, OSError | TimeoutError | PoolTimeoutError):
        return library_away("its database does not answer.")
    return library_away(f"its database reports {type(cause).__name__}.")
