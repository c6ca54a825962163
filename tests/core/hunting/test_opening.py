"""Who hunts: a process that serves requests, a worker, or both."""

from contextlib import AsyncExitStack

import pytest

from api.app import create_app
from core.domain.run import RUN_ENDED
from core.errors import BadSettings
from core.hunting.orders import OpenOrder, RunOrder
from core.runtime import open_runtime
from tests.builders import a_task
from tests.core.hunting.status.test_cluster import sees, settings, until


async def test_a_process_that_only_takes_requests_leaves_hunting_to_a_worker(redis_server, tmp_path):
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_runtime(settings(redis_server.url, tmp_path, "api", server__role="api"))
        )
        worker = await stack.enter_async_context(
            open_runtime(settings(redis_server.url, tmp_path, "worker", server__role="worker"))
        )
        await until(sees(api, "api", "worker"))
        sid = (await api.service.open_task(a_task(), OpenOrder())).session_id
        order = RunOrder(models=("simulated/hasty",), hunts=3, judge_model="simulated/judge")
        run = await api.service.start_run(sid, order)

        async def ended() -> bool:
            return (await api.store.read(sid)).run(run.run_id).status in RUN_ENDED

        await until(ended)

        async def counted() -> bool:  # a moment after the run's end is stored
            return worker.activity.runs_finished == 1

        await until(counted)
        assert api.activity.runs_finished == 0
        client = create_app(worker).test_client()
        assert (await client.get("/api/health")).status_code == 200
        assert (await client.get(f"/api/sessions/{sid}")).status_code == 404


@pytest.mark.parametrize("role", ["api", "worker"])
async def test_a_part_of_the_work_alone_needs_redis(tmp_path, role):
    with pytest.raises(BadSettings, match="needs Redis"):
        async with open_runtime(settings("", tmp_path, "one", server__role=role)):
            pass
