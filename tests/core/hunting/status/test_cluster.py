"""Several processes on one Redis: they see each other, and an idempotency key means the same session on each."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from api.app import create_app
from core.domain.run import RUN_ENDED
from core.errors import BadSettings
from core.hunting.orders import CheckOrder, OpenOrder, RunOrder
from core.hunting.status.cluster import limit_conflicts
from core.runtime import Runtime, open_runtime
from core.settings import Settings
from core.status import InstanceStatus
from tests.builders import NOW, a_task
from tests.settings import make_settings

pytestmark = pytest.mark.timeout(120)
ONE = {
    "instance": "a", "version": "0.1.0", "role": "both", "status": "healthy", "runs": 0, "hunts": 0, "hunts_done": 0,
    "event_streams": 0, "in_flight": 0, "queued": 0, "uptime_s": 1.0, "last_seen": NOW,
}  # fmt: skip


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


async def test_processes_with_different_limits_are_warned_of_and_shown(redis_server, tmp_path, capsys, caplog):
    async with AsyncExitStack() as stack:
        small = settings(redis_server.url, tmp_path, "one", openrouter__concurrency=6)
        one = await stack.enter_async_context(open_runtime(small))
        async with open_runtime(settings(redis_server.url, tmp_path, "two", openrouter__concurrency=10)) as two:
            for runtime in (one, two):
                await until(sees(runtime, "one", "two"))
                found = (await runtime.status.status(draining=False)).limit_conflicts
                assert [(c.account, c.limits) for c in found] == [("openrouter", {"one": 6, "two": 10})]
            await asyncio.sleep(0.3)
        await until(sees(one, "one"))
        assert (await one.status.status(draining=False)).limit_conflicts == ()
    # Printed, or handed to logging where a test before this one has configured the logs of this process.
    lines = [*capsys.readouterr().out.splitlines(), *(record.getMessage() for record in caplog.records)]
    warned = [line for line in lines if "cluster.limit_conflict" in line]
    assert len(warned) == 2  # each process once


def test_limits_that_are_the_same_or_of_another_release_are_no_conflict():
    here = InstanceStatus(**ONE, limits={"openai": 8, "lab": 2})
    same, older = InstanceStatus(**ONE | {"instance": "b"}, limits={"openai": 8}), InstanceStatus(**ONE)
    other = InstanceStatus(**ONE | {"instance": "c"}, limits={"lab": 3})
    assert limit_conflicts((here, same, older)) == ()
    assert [(c.account, c.limits) for c in limit_conflicts((here, same, other))] == [("lab", {"a": 2, "c": 3})]


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
