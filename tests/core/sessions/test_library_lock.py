"""Two processes without Redis do not share a library; with one they do."""

import pytest

from core.errors import BadSettings
from core.hunting.orders import OpenOrder
from core.notebooks.examples import read_example
from core.runtime import open_runtime
from core.sessions import library_lock
from tests.settings import make_settings


def settings_for(folder, **changes):
    made = {
        "library__url": f"sqlite:///{folder}/library.sqlite", "telemetry__directory": f"{folder}/t",
        "redis__journal_dir": f"{folder}/j", "server__drain_timeout_s": 0.0, "library__flush_interval_s": 0.05,
    }  # fmt: skip
    return make_settings(**(made | changes))


async def opened(runtime):
    return (await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", OpenOrder())).session_id


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
