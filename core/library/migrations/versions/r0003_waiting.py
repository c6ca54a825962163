"""What waits for whom: sessions that were given to somebody, and second reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "waiting",
        *(
            sa.Column("session_id", sa.Text, primary_key=True),
            sa.Column("person", sa.Text, primary_key=True),
            sa.Column("kind", sa.Text, primary_key=True),
            sa.Column("sender", sa.Text, nullable=False),
            sa.Column("since_ms", sa.BigInteger, nullable=False),
        ),
    )
    op.create_index("waiting_for", "waiting", ["person", "since_ms"])
