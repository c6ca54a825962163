"""Two processes without Redis do not share a library; with one they do."""

import asyncio
from datetime import UTC, datetime

import pytest

from core.cli.library import DeleteOptions, delete_tasks, export_tasks
from core.cli.tasks import show_tasks
from core.errors import BadSettings
from core.hunting.dump.export import ExportOrder
from core.library import process_lock
from core.library.records import TaskQuery
from core.runtime import open_runtime
from core.sessions import library_lock
from dashboard_app.team_overview import read_team
from tests.core.sessions.outages import until
from tests.core.sessions.with_library import opened, settings_for


async def test_a_second_process_without_redis_is_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(library_lock, "LOCK_WAIT_S", 0.0)
    async with open_runtime(settings_for(tmp_path)):
        with pytest.raises(BadSettings, match=r"Another process uses the library library\.sqlite"):
            async with open_runtime(settings_for(tmp_path)):
                pass
    async with open_runtime(settings_for(tmp_path)):
        pass


async def test_processes_with_one_redis_share_the_library(tmp_path, redis_server):
    settings = settings_for(tmp_path, redis__url=redis_server.url)
    async with open_runtime(settings) as one, open_runtime(settings) as other:
        sid = await opened(one)
        assert (await other.store.read(sid)).session_id == sid
        await other.service.delete(sid)


def on_host(folder, name, url, **changes):
    """Settings of a host with folders of its own."""
    return settings_for(folder / name, library__url=url, **changes)


async def test_a_second_host_without_redis_is_rejected(tmp_path, monkeypatch, postgres_server):
    monkeypatch.setattr(library_lock, "LOCK_WAIT_S", 0.2)
    url = postgres_server.new_database()
    async with open_runtime(on_host(tmp_path, "a", url)) as runtime:
        sid = await opened(runtime)
        await runtime.store.flush()
        with pytest.raises(BadSettings, match="Another process uses the library in this PostgreSQL") as refused:
            async with open_runtime(on_host(tmp_path, "b", url)):
                pass
        assert "set REDIS_URL for both" in refused.value.hint
        assert await show_tasks(on_host(tmp_path, "b", url).library, TaskQuery(), as_json=True) == 0
        assert await export_tasks(on_host(tmp_path, "b", url), ExportOrder(), str(tmp_path / "out")) == 0
        team = await asyncio.to_thread(read_team, url, datetime.now(UTC), datetime.now(UTC))
        assert sum(one.tasks for one in team.open_tasks) == 1
    async with open_runtime(on_host(tmp_path, "b", url)) as runtime:
        assert (await runtime.store.read(sid)).session_id == sid


async def test_hosts_with_one_redis_share_a_library_in_postgresql(tmp_path, postgres_server, redis_server):
    url = postgres_server.new_database()
    one, other = (on_host(tmp_path, name, url, redis__url=redis_server.url) for name in "ab")
    async with open_runtime(one) as first, open_runtime(other) as second:
        sid = await opened(first)
        assert (await second.store.read(sid)).session_id == sid
        await first.store.flush()
        assert await delete_tasks(one, DeleteOptions(owner="", yes=True)) == 0


async def test_work_continues_only_once_the_database_is_locked(tmp_path, postgres_server, monkeypatch):
    monkeypatch.setattr(library_lock, "LOCK_WAIT_S", 0.0)
    url = postgres_server.new_database()
    ended = []
    monkeypatch.setattr(library_lock, "stop_process", lambda: ended.append(1))
    monkeypatch.setattr(process_lock, "RETRY_S", 0.02)
    postgres_server.stop()
    async with library_lock.lock_library(on_host(tmp_path, "a", url)) as locked:
        assert not locked.is_set()
        postgres_server.start()
        await until(locked.is_set)
    assert not ended
