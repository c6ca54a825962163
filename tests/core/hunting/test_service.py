"""What is asked for twice with one key is done once."""

import asyncio
from contextlib import AsyncExitStack

from core.hunting.orders import CheckOrder, OpenOrder
from core.runtime import open_runtime
from tests.builders import a_task
from tests.core.hunting.status.test_cluster import settings, until


async def test_a_session_opened_twice_with_one_key_is_one_session_on_every_process_and_after_a_restart(
    redis_server, tmp_path
):
    order = OpenOrder(idempotency_key="the same click")
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(open_runtime(settings(redis_server.url, tmp_path, "one")))
        two = await stack.enter_async_context(open_runtime(settings(redis_server.url, tmp_path, "two")))
        opened = await asyncio.gather(*(r.service.open_task(a_task(), order) for r in (one, two, one, two)))
        assert len({s.session_id for s in opened}) == 1
    async with open_runtime(settings(redis_server.url, tmp_path, "one")) as again:
        assert (await again.service.open_task(a_task(), order)).session_id == opened[0].session_id
        other = await again.service.open_task(a_task(), OpenOrder(idempotency_key="another click"))
        assert other.session_id != opened[0].session_id


async def test_a_reference_check_asked_for_twice_with_one_key_is_made_once(redis_server, tmp_path):
    async with open_runtime(settings(redis_server.url, tmp_path, "one")) as one:
        sid = (await one.service.open_task(a_task(), OpenOrder())).session_id
        first = await one.service.start_check(sid, CheckOrder(idempotency_key="check"))

        async def ended() -> bool:
            return (await one.store.read(sid)).check.status != "running"

        await until(ended)
        again = await one.service.start_check(sid, CheckOrder(idempotency_key="check"))
        assert again.check.started_at == first.check.started_at
        assert (await one.service.start_check(sid)).check.started_at > first.check.started_at
        await until(ended)
