"""Runs migrations on the connection of `migrate`, inside its transaction."""

from alembic import context

from core.library.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
