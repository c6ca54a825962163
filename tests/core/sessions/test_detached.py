"""Sessions opened while Redis is down."""

import asyncio

import pytest

from core.hunting.orders import OpenOrder
from core.runtime import open_runtime
from tests.builders import a_task
from tests.settings import make_settings


def settings_for(server, folder):
    return make_settings(
        redis__url=server.url, telemetry__directory=f"{folder}/t", redis__journal_dir=f"{folder}/j",
        redis__timeout_s=0.5, redis__probe_interval_s=0.05, redis__block_s=0.2, server__drain_timeout_s=0.1,
    )  # fmt: skip


@pytest.fixture
async def runtime(redis_server, tmp_path):
    async with open_runtime(settings_for(redis_server, tmp_path)) as opened:
        yield opened


async def until_back(runtime):
    async with asyncio.timeout(15):
        while runtime.store.state().backend != "redis":
            await asyncio.sleep(0.01)


async def test_sessions_open_while_redis_is_down(runtime, redis_server):
    redis_server.stop()
    orders = [OpenOrder(), OpenOrder(idempotency_key="a key"), OpenOrder(idempotency_key="a key")]
    plain, first, again = [await runtime.service.open_task(a_task(), order) for order in orders]
    assert len({plain.session_id, first.session_id}) == 2
    assert again.session_id == first.session_id
    redis_server.start()
    await until_back(runtime)
    for session in (plain, first):
        assert (await runtime.store.redis.read(session.session_id)).task == a_task()


async def test_an_idempotency_key_survives_an_outage_of_redis(runtime, redis_server, tmp_path):
    order = OpenOrder(idempotency_key="a key")
    opened = await runtime.service.open_task(a_task(), order)
    await runtime.store.change(opened.session_id, lambda session: session.model_copy(update={"name": "worked on"}))
    async with open_runtime(settings_for(redis_server, tmp_path / "other")) as other:
        redis_server.stop(save=True)
        repeated = await other.service.open_task(a_task(), order)
        assert repeated.session_id == opened.session_id
        redis_server.start()
        await until_back(runtime)
        await until_back(other)
        assert {(await one.store.read(opened.session_id)).name for one in (runtime, other)} == {"worked on"}
