"""Migrations of the library, run by Alembic when a process first uses the database.
May use sqlalchemy and alembic.
Never changes or removes what the release before uses: within one release, migrations only add.
Owned and closed by nobody: `core.library.migrate` runs them in its transaction.
Tests in tests/core/library.
"""
