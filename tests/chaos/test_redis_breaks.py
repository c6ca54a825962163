"""Redis fails in every way while hunts run: no acknowledged change is lost, nobody waits, and it recovers
automatically.

Here each way once and short; `make chaos` (tests/chaos/test_redis_breaks_for_long.py) repeats them, seeded and longer.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from core.domain.hunt import HuntStatus
from core.domain.run import RunStatus
from core.hunting.orders import EditOrder
from tests.backends import PATIENT_S, redis_log, redis_store
from tests.builders import HandClock
from tests.chaos.hunting import MAX_REQUEST_S, chaos_settings, hunting
from tests.house.real_redis import open_redis

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]


@asynccontextmanager
async def said_to(server, *command):
    """A setting of the server, restored at the end of the block."""
    async with Redis.from_url(server.url) as client:
        before = await client.config_get(command[0]) if len(command) == 2 else {}
        await (client.config_set(*command) if len(command) == 2 else client.execute_command(*command))
        try:
            yield
        finally:
            for name, value in before.items():
                await client.config_set(name, value)


@asynccontextmanager
async def killed_and_restarted_empty(server):
    server.kill()
    yield
    server.start()


@asynccontextmanager
async def restarted_with_its_data(server):
    server.stop(save=True)
    yield
    server.start()


@asynccontextmanager
async def hung(server):
    with server.paused():
        yield


@asynccontextmanager
async def paused_for_clients(server):
    async with said_to(server, "CLIENT", "PAUSE", 1500, "ALL"):
        yield


@asynccontextmanager
async def out_of_memory(server):
    async with said_to(server, "maxmemory", "1mb"):
        yield


@asynccontextmanager
async def read_only(server):
    async with Redis.from_url(server.url) as client:
        await client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            yield
        finally:
            await client.execute_command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def without_replicas(server):
    async with said_to(server, "min-replicas-to-write", "1"):
        yield


@asynccontextmanager
async def flushed(server):
    server.empty()
    yield


BREAKS = (
    killed_and_restarted_empty,
    restarted_with_its_data,
    hung,
    paused_for_clients,
    out_of_memory,
    read_only,
    without_replicas,
    flushed,
)


@pytest.mark.parametrize("broken", BREAKS, ids=lambda b: b.__name__)
async def test_hunts_continue_and_everything_is_in_redis_afterwards(broken, tmp_path):
    with open_redis() as server:
        await break_once(server, broken, tmp_path)


async def break_once(server, broken, folder, *, hunts=60, for_s=1.0):
    async with hunting(chaos_settings(server, folder), hunts) as h:
        await h.until_hunts_are_done(10)
        async with broken(server):
            await h.until(lambda: h.asker.seen("degraded"))
            edited = await h.runtime.service.edit_task(
                h.sid, EditOrder(version=(await h.runtime.store.read(h.sid)).version, prompt="Edited meanwhile.")
            )
            done = sum(row["status"] == "done" for row in h.watcher.rows.values())
            await h.until_hunts_are_done(min(done + 10, hunts))
            await asyncio.sleep(for_s / 10)
        await h.until_back()
        run = await h.until_ended()
        await h.until_back()
        here, session = await h.hunts(), await h.runtime.store.read(h.sid)
        await h.until(lambda: all(row["status"] == "done" for row in h.watcher.rows.values()))

        assert run.status is RunStatus.COMPLETED
        assert [hunt.number for hunt in here] == list(range(1, hunts + 1))
        assert {hunt.status for hunt in here} == {HuntStatus.DONE}
        assert all(hunt.reply is not None and len(hunt.verdicts) == 3 for hunt in here)
        assert sum(h.runtime.activity.outcomes.values()) == hunts
        assert (session.task.prompt, session.version > edited.version) == ("Edited meanwhile.", True)
        assert h.watcher.rows == {hunt.hunt_id: {"status": hunt.status, "outcome": hunt.outcome} for hunt in here}
        assert h.asker.slowest_s < MAX_REQUEST_S
        assert {status for status, _ in h.asker.statuses} == {200}
        assert h.runtime.activity.bugs == 0
        await nothing_is_left_behind(h, folder)
    await another_process_sees_the_same(server, folder, session, here)


async def nothing_is_left_behind(h, folder):
    """Memory is let go, the journal is gone."""
    state = h.runtime.store.state()
    assert (state.away, state.journal_bytes, state.reason) == (0, 0, "")
    assert list((folder / "journal").glob("*")) == []


async def another_process_sees_the_same(server, folder, session, hunts):
    from core.redis.client import open_redis as open_clients

    settings = chaos_settings(server, folder, redis__timeout_s=PATIENT_S)
    async with open_clients(settings.redis, "other") as clients:
        clock = HandClock()
        store = redis_store(clients, settings, clock, redis_log(clients, settings, clock))
        assert await store.read(session.session_id) == session
        found = (await store.hunts(session.session_id, limit=1000)).hunts
        assert list(found) == hunts
        counts = (await store.counts(session.session_id))[session.runs[0].run_id]
        assert (counts.done, counts.replies) == (len(hunts), len(hunts))
        assert await store.notebook(session.session_id) != b""
        keys = [k for k in await clients.commands.keys("mh:s:*") if not k.endswith(b":fences")]  # there with claims
        lives = [await clients.commands.ttl(key) for key in keys]
        assert len(keys) == 7
        assert all(7100 < life <= 7200 for life in lives)
