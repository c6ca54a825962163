"""The lock over all hosts, on a real PostgreSQL."""

import asyncio
import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from core.library import process_lock
from core.library.base import LibraryAway
from core.library.engine import open_engine
from core.library.process_lock import LOCK, ProcessLock
from tests.core.sessions.outages import until

HOLD = """
import asyncio, sys
from core.library.process_lock import ProcessLock

async def main():
    lock = ProcessLock(sys.argv[1], alone=True, on_taken=lambda: None)
    print(await lock.acquire(), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def url(postgres_server):
    return postgres_server.new_database()


@pytest.fixture
async def make_lock(url):
    made = []

    def make(*, alone=True, taken=lambda: None):
        made.append(ProcessLock(url, alone=alone, on_taken=taken))
        return made[-1]

    yield make
    for lock in made:
        await lock.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(process_lock, "CHECK_S", 0.02)
    monkeypatch.setattr(process_lock, "RETRY_S", 0.02)


async def cut_connections(url):
    """As a network or a proxy does: the server ends the connections that hold the lock."""
    engine = open_engine(url)
    async with engine.connect() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = :key"),
            {"key": LOCK},
        )
    await engine.dispose()


@pytest.mark.parametrize(("first", "second", "shared"), [(True, True, False), (True, False, False),
                                                        (False, True, False), (False, False, True)])  # fmt: skip
async def test_who_needs_it_alone_has_it_alone(make_lock, first, second, shared):
    holder, other = make_lock(alone=first), make_lock(alone=second)
    assert (await holder.acquire(), await other.acquire()) == (True, shared)
    await holder.close()
    assert await make_lock(alone=second).acquire()


async def test_the_lock_of_a_killed_process_is_free(url, make_lock):
    with subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE) as holder:
        assert await asyncio.to_thread(holder.stdout.readline) == b"True\n"
        lock = make_lock()
        assert not await lock.acquire()
        holder.send_signal(signal.SIGKILL)
        async with asyncio.timeout(5):
            while not await lock.acquire():
                await asyncio.sleep(0.05)


async def test_a_lost_connection_is_noticed_and_the_lock_acquired_again(url, make_lock):
    taken = []
    lock = make_lock(taken=lambda: taken.append(1))
    assert await lock.acquire()
    keeping = asyncio.create_task(lock.keep())
    first = lock._connection
    await cut_connections(url)
    await until(lambda: lock.held.is_set() and lock._connection is not first)
    assert not await make_lock().acquire()
    assert not taken
    keeping.cancel()


@pytest.mark.parametrize("alone", [True, False])
async def test_what_follows_if_another_process_took_it_meanwhile(url, make_lock, alone):
    taken = []
    lock, other = make_lock(alone=alone, taken=lambda: taken.append(1)), make_lock()
    assert await lock.acquire()
    await cut_connections(url)
    assert await other.acquire()
    keeping = asyncio.create_task(lock.keep())
    await until(lambda: lock._connection is None)
    if alone:
        await until(lambda: taken)
    else:  # processes with a Redis do not end because of one without
        await asyncio.sleep(0.2)
        assert not taken
        await other.close()
        await until(lock.held.is_set)
    keeping.cancel()


async def test_a_database_that_is_away_is_locked_when_it_is_back(postgres_server, make_lock):
    lock = make_lock()
    postgres_server.stop()
    with pytest.raises(LibraryAway):
        await lock.acquire()
    keeping = asyncio.create_task(lock.keep())
    await asyncio.sleep(0.1)
    assert not lock.held.is_set()
    postgres_server.start()
    await until(lock.held.is_set)
    keeping.cancel()
