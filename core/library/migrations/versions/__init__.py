"""One file for each step of the schema. Alembic loads them by path.
May use sqlalchemy and alembic.
Never changes or removes what the release before uses: within one release, migrations only add.
Owned and closed by nobody: `core.library.migrate` runs them in its transaction.
Tests in tests/core/library.
"""
