"""The schema is created (core.library.migrations.versions.r0001_first_tables), matches the tables of the code, and one of
a newer release is left alone.
"""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from core.library.engine import WRITES, open_engine
from core.library.migrate import is_current, migrate, revision
from core.library.schema import HEAD_REVISION, metadata


@pytest.fixture(params=["sqlite", "postgresql"])
async def engine(request, tmp_path):
    made = f"sqlite:///{tmp_path}/l.sqlite"
    url = made if request.param == "sqlite" else request.getfixturevalue("postgres_server").new_database()
    opened = open_engine(url)
    yield opened
    await opened.dispose()


async def run(engine, function):
    async with engine.connect() as plain:
        connection = await plain.execution_options(**WRITES[plain.dialect.name])
        async with connection.begin():
            return await connection.run_sync(function)


def differences(connection):
    context = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
    )
    return [one for one in compare_metadata(context, metadata) if "words" not in str(one)]


async def test_the_migrations_make_the_tables_of_the_code(engine):
    assert await run(engine, revision) == ""
    await run(engine, migrate)
    await run(engine, migrate)
    assert await run(engine, is_current)
    assert await run(engine, differences) == []


async def test_the_schema_of_a_newer_release_is_left_as_it_is(engine):
    await run(engine, migrate)
    await run(engine, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await run(engine, migrate)
    assert await run(engine, revision) == "9999"
    assert HEAD_REVISION != "9999"
