"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        *(
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column("version", sa.BigInteger, nullable=False),
            sa.Column("owner", sa.Text, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("active", sa.Boolean, nullable=False),
            sa.Column("archived", sa.Boolean, nullable=False, server_default=sa.text("false")),
            sa.Column("created_ms", sa.BigInteger, nullable=False),
            sa.Column("changed_ms", sa.BigInteger, nullable=False),
            sa.Column("delivered_ms", sa.BigInteger),
            sa.Column("deleted_ms", sa.BigInteger),
            sa.Column("excerpt", sa.Text, nullable=False),
            sa.Column("prompt_hash", sa.Text, nullable=False),
            sa.Column("head", sa.LargeBinary, nullable=False),
        ),
    )
    op.create_index("sessions_by_owner", "sessions", ["owner", "changed_ms"])
    op.create_index("sessions_by_change", "sessions", ["changed_ms"])
    op.create_index("sessions_by_prompt", "sessions", ["prompt_hash"])
    active = sa.text("active")
    op.create_index("sessions_active", "sessions", ["changed_ms"], sqlite_where=active, postgresql_where=active)
    op.create_table(
        "notebooks",
        *(
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column("content", sa.LargeBinary, nullable=False),
        ),
    )
    op.create_table(
        "hunts",
        *(
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column("hunt_id", sa.Text, primary_key=True),
            sa.Column("number", sa.BigInteger, nullable=False),
            sa.Column("run_id", sa.Text, nullable=False),
            sa.Column("model", sa.Text, nullable=False),
            sa.Column("outcome", sa.Text, nullable=False),
            sa.Column("progress", sa.BigInteger, nullable=False),
            sa.Column("cost_usd", sa.Float),
            sa.Column("target_cost_usd", sa.Float),
            sa.Column("state", sa.LargeBinary, nullable=False),
            sa.Column("reply", sa.LargeBinary),
        ),
    )
    op.create_index("hunts_counted", "hunts", ["session_id", "number", "outcome", "cost_usd"])
    op.create_table(
        "events",
        *(
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column("event_id", sa.Text, primary_key=True),
            sa.Column("at_ms", sa.BigInteger, nullable=False),
            sa.Column("actor", sa.Text, nullable=False),
            sa.Column("action", sa.Text, nullable=False),
            sa.Column("detail", sa.Text, nullable=False),
        ),
    )
    op.create_table(
        "texts",
        *(
            sa.Column("text_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
            sa.Column("session_id", sa.Text, nullable=False),
            sa.Column("part", sa.Text, nullable=False),
            sa.Column("content", sa.Text, nullable=False),
            sa.UniqueConstraint("session_id", "part", name="texts_of_session"),
        ),
    )
    _create_search()


def _create_search() -> None:
    """Full text: in SQLite a table without content of its own, kept in step by triggers; in PostgreSQL a column."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE texts ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', content)) STORED"
        )
        op.execute("CREATE INDEX texts_words ON texts USING gin (words)")
        return
    op.execute(
        "CREATE VIRTUAL TABLE words USING fts5"
        " (content, content='texts', content_rowid='text_id', tokenize='unicode61 remove_diacritics 2')"
    )
    insert = "INSERT INTO words (rowid, content) VALUES (new.text_id, new.content);"
    delete = "INSERT INTO words (words, rowid, content) VALUES ('delete', old.text_id, old.content);"
    op.execute(f"CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN {insert} END")
    op.execute(f"CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN {delete} END")
    op.execute(f"CREATE TRIGGER texts_changed AFTER UPDATE ON texts BEGIN {delete} {insert} END")
