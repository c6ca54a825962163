"""The levers of the test PostgreSQL do what they promise."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from tests.house.real_postgres import PostgresServer


async def ask(url: str, statement: str) -> object:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    try:
        async with engine.begin() as connection:
            return (await connection.execute(text(statement))).scalar()
    finally:
        await engine.dispose()


async def test_a_new_database_is_empty_and_survives_a_restart(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await ask(url, tables) == 0
    postgres_server.stop()
    with pytest.raises((OSError, SQLAlchemyError)):
        await ask(url, "SELECT 1")
    postgres_server.start()
    assert await ask(url, "SELECT 1") == 1
