"""The tables of the library. A change here needs a migration (`migrations/versions`).

Within one release, changes only add: a release older by one opens what the newer one wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    *(
        Column("session_id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("owner", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("active", Boolean, nullable=False),
        Column("archived", Boolean, nullable=False, server_default=text("false")),
        Column("created_ms", BigInteger, nullable=False),
        Column("changed_ms", BigInteger, nullable=False),
        Column("delivered_ms", BigInteger),
        Column("deleted_ms", BigInteger),
        Column("excerpt", Text, nullable=False),
        Column("prompt_hash", Text, nullable=False),
        Column("head", LargeBinary, nullable=False),
        Column("sealed", Boolean, nullable=False, server_default=text("true")),
        Column("planned_hunts", BigInteger, nullable=False, server_default=text("0")),
        Column("revealed_ms", BigInteger),
    ),
)
"""One row for each session. A deleted one keeps its row, without content."""
_LISTED = [
    sessions.c[name] for name in ("archived", "changed_ms", "session_id", "state", "delivered_ms", "revealed_ms")
]
_NOT_DELETED: Mapping[str, Any] = {
    "sqlite_where": sessions.c.deleted_ms.is_(None),
    "postgresql_where": sessions.c.deleted_ms.is_(None),
}
Index("sessions_listed", *_LISTED, **_NOT_DELETED)
Index("sessions_listed_by_owner", sessions.c.owner, *_LISTED, **_NOT_DELETED)
"""Both contain what a list filters by, so that only the rows that it shows are read."""
Index("sessions_by_change", sessions.c.changed_ms)
Index("sessions_by_prompt", sessions.c.prompt_hash, sessions.c.changed_ms, sessions.c.owner)
Index(
    "sessions_active",
    sessions.c.changed_ms,
    sqlite_where=sessions.c.active,
    postgresql_where=sessions.c.active,
)

notebooks = Table(
    "notebooks",
    metadata,
    *(
        Column("session_id", Text, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    ),
)

hunts = Table(
    "hunts",
    metadata,
    *(
        Column("session_id", Text, primary_key=True),
        Column("hunt_id", Text, primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("run_id", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("progress", BigInteger, nullable=False),
        Column("cost_usd", Float),
        Column("target_cost_usd", Float),
        Column("state", LargeBinary, nullable=False),
        Column("reply", LargeBinary),
    ),
)
Index("hunts_counted", *(hunts.c[name] for name in ("session_id", "number", "outcome", "cost_usd", "target_cost_usd")))

prompt_bands = Table(
    "prompt_bands",
    metadata,
    *(
        Column("session_id", Text, primary_key=True),
        Column("place", Integer, primary_key=True),
        Column("owner", Text, nullable=False),
        Column("band", BigInteger, nullable=False),
    ),
)
"""Sessions with similar prompts share a band (`core.domain.prompt_similarity`)."""
Index("prompt_bands_found", prompt_bands.c.band, prompt_bands.c.owner)

events = Table(
    "events",
    metadata,
    *(
        Column("session_id", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        Column("at_ms", BigInteger, nullable=False),
        Column("actor", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("detail", Text, nullable=False),
    ),
)
"""Who did what. Those of a deleted session remain: they name no content."""

waiting = Table(
    "waiting",
    metadata,
    *(
        Column("session_id", Text, primary_key=True),
        Column("person", Text, primary_key=True),
        Column("kind", Text, primary_key=True),
        Column("sender", Text, nullable=False),
        Column("since_ms", BigInteger, nullable=False),
    ),
)
"""What of a session waits for whom (`core.domain.task_state.Waiting`)."""
Index("waiting_for", waiting.c.person, waiting.c.since_ms)

texts = Table(
    "texts",
    metadata,
    *(
        Column("text_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("session_id", Text, nullable=False),
        Column("part", Text, nullable=False),
        Column("content", Text, nullable=False),
        UniqueConstraint("session_id", "part", name="texts_of_session"),
    ),
)
"""What a search finds: `task`, and the reply of each hunt by its ID."""

HEAD_REVISION = "0003"
"""The newest migration."""
