"""What lists of tasks need: seals, planned hunts, the time of the reveal, indexes, and keys of similar prompts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LISTED = ["archived", "changed_ms", "session_id", "state", "delivered_ms", "revealed_ms"]
SEPARATORS = "/-_.:@#+=~|\\\\,;()[]{}<>"
"""Full text of PostgreSQL takes "provider/model-1.5" for one word; with spaces it finds the parts."""


def upgrade() -> None:
    op.add_column("sessions", sa.Column("sealed", sa.Boolean, nullable=False, server_default=sa.text("true")))
    op.add_column("sessions", sa.Column("planned_hunts", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.add_column("sessions", sa.Column("revealed_ms", sa.BigInteger))
    alive = sa.text("deleted_ms IS NULL")
    op.create_index("sessions_listed", "sessions", LISTED, sqlite_where=alive, postgresql_where=alive)
    op.create_index(
        "sessions_listed_by_owner", "sessions", ["owner", *LISTED], sqlite_where=alive, postgresql_where=alive
    )
    op.drop_index("sessions_by_owner", "sessions")
    op.drop_index("sessions_by_prompt", "sessions")
    op.create_index("sessions_by_prompt", "sessions", ["prompt_hash", "changed_ms", "owner"])
    op.drop_index("hunts_counted", "hunts")
    op.create_index("hunts_counted", "hunts", ["session_id", "number", "outcome", "cost_usd", "target_cost_usd"])
    op.create_table(
        "prompt_bands",
        *(
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column("place", sa.Integer, primary_key=True),
            sa.Column("owner", sa.Text, nullable=False),
            sa.Column("band", sa.BigInteger, nullable=False),
        ),
    )
    op.create_index("prompt_bands_found", "prompt_bands", ["band", "owner"])
    if op.get_bind().dialect.name == "postgresql":
        _split_words()


def _split_words() -> None:
    op.drop_index("texts_words", "texts")
    op.drop_column("texts", "words")
    op.execute(
        "ALTER TABLE texts ADD COLUMN words tsvector GENERATED ALWAYS AS"
        f" (to_tsvector('simple', translate(content, '{SEPARATORS}', repeat(' ', {len(SEPARATORS)})))) STORED"
    )
    op.execute("CREATE INDEX texts_words ON texts USING gin (words)")
