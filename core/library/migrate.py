"""Brings the schema up to date. Only the first of several processes that start together runs the migrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, inspect, text

from core.library.base import library_away
from core.library.schema import HEAD_REVISION

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger(__name__)

LOCK = 0x6D686C69
"""The key of PostgreSQL's advisory lock; any number that nobody else uses."""


def is_current(connection: Connection) -> bool:
    return revision(connection) == HEAD_REVISION


def revision(connection: Connection) -> str:
    """The revision of the schema, "" for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def migrate(connection: Connection) -> None:
    """Run in a transaction that writes. A schema of a newer release is left as it is: its changes only add."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    found = revision(connection)
    if found == HEAD_REVISION:
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configure(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found and found not in known:
        log.warning("library.newer_schema", revision=found)
        return
    command.upgrade(config, "head")
    log.info("library.migrated", before=found, now=HEAD_REVISION)


def check_readable(connection: Connection) -> None:
    """Raises LibraryAway for a database that no server has prepared for this release."""
    found = revision(connection)
    if found < HEAD_REVISION:  # revisions are numbers with leading zeros
        raise library_away("its tables are those of an earlier release." if found else "it has no tables yet.")


def configure(connection: Connection) -> Config:
    """Return what Alembic's commands take, for this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
