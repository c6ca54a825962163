"""Several processes on one Redis: they see each other, and an idempotency key means the same session on each."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from core.runtime import Runtime, open_runtime
from core.settings import Settings
from tests.settings import make_settings

pytestmark = pytest.mark.timeout(120)


def settings(url: str, folder, name: str, **changes: object) -> Settings:
    made = {
        "redis__url": url, "server__instance": name, "hunting__heartbeat_s": 0.1, "hunting__instance_ttl_s": 1.0,
        "telemetry__directory": f"{folder}/telemetry", "redis__journal_dir": f"{folder}/journal-{name}",
        "hunting__part_lease_s": 1.0, "redis__timeout_s": 2.0,
    }  # fmt: skip
    return make_settings(**(made | changes))


async def until(holds) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.05)


def sees(runtime: Runtime, *names: str):
    async def look() -> bool:
        return tuple(i.instance for i in (await runtime.status.status(draining=False)).instances) == names

    return look


async def test_every_process_is_in_the_status_until_it_ends(redis_server, tmp_path):
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(open_runtime(settings(redis_server.url, tmp_path, "one")))
        async with open_runtime(settings(redis_server.url, tmp_path, "two", server__role="api")) as two:
            await until(sees(one, "one", "two"))
            await until(sees(two, "one", "two"))
            status = await one.status.status(draining=False)
            assert [i.role for i in status.instances] == ["both", "api"]
            assert status.totals.instances == 2
        await until(sees(one, "one"))
