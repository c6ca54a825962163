"""The dispatcher over a queue: jobs reach a worker once, also when the worker is stuck or Redis was away."""

import asyncio
import secrets
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import pytest

from core.errors import RedisAway
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.dispatch.engine import Engine
from core.hunting.dispatch.queue import QueueConfig, open_queue
from core.hunting.dispatch.shards import LeaseConfig, RedisShards
from core.redis.client import open_redis as open_clients
from core.settings import RedisSettings
from tests.house.real_redis import open_redis

pytestmark = pytest.mark.timeout(120)
JOB = Job(JobKind.RUN, "s_one", "r_one")


class Worked:
    """Which process worked on which part."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, int]] = []

    def by(self, name: str, parts: int = 3):
        async def work(_job: Job, shards) -> None:
            while (part := await shards.next(parts)) is not None:
                self.parts.append((name, part))
                await asyncio.sleep(0.05)
                await shards.finish(part)

        return work


@asynccontextmanager
async def a_dispatcher(url: str, name: str, worked: Worked, *, works: bool = True, wedged_s: float = 15.0):
    bugs: list[BaseException] = []
    async with open_clients(RedisSettings(url=url, timeout_s=1.0), name) as clients:
        terms = LeaseConfig(lease_s=1.0, answer_s=1.0, record_ttl_s=60)
        config = QueueConfig(url, f"{name}-{secrets.token_hex(3)}", works, wedged_s, terms)
        async with open_queue(worked.by(name), bugs.append, clients, config, lambda: 2) as dispatcher:
            yield dispatcher
    assert bugs == []


async def until(holds) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_stuck_worker_is_started_again_and_takes_the_job(redis_server, monkeypatch):
    worked, stuck = Worked(), []
    produce = Engine.producer

    async def producer(self, queue, limiter, scope):
        if not stuck:
            stuck.append(self)
            await anyio.sleep_forever()
        await produce(self, queue, limiter, scope)

    monkeypatch.setattr(Engine, "producer", producer)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(a_dispatcher(redis_server.url, "worker", worked, wedged_s=0.5))
        await until(lambda: stuck)
        api = await stack.enter_async_context(a_dispatcher(redis_server.url, "api", worked, works=False))
        await until(lambda: api.connected)
        await api.submit(JOB)
        await until(lambda: len(worked.parts) == 4)
        assert worked.parts == [("worker", part) for part in range(4)]


async def test_a_job_begun_without_redis_is_not_doubled_when_redis_is_back():
    worked = Worked()
    with open_redis() as redis:
        redis.stop()
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(a_dispatcher(redis.url, "one", worked))
            await stack.enter_async_context(a_dispatcher(redis.url, "two", worked))
            await one.submit(JOB)
            await until(lambda: len(worked.parts) == 4)
            redis.start()
            await until(lambda: one.connected)
            await asyncio.sleep(1)
    assert worked.parts == [("one", part) for part in range(4)]


async def test_stopping_waits_no_longer_than_an_answer_may_take_while_redis_is_away(redis_server):
    async def work(_job: Job, shards) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await shards.next(3)  # winding up: the parts of others, who cannot be heard

    bugs: list[BaseException] = []
    async with open_clients(RedisSettings(url=redis_server.url, timeout_s=0.3), "helper") as clients:
        config = QueueConfig(
            redis_server.url, "helper", True, 15.0, LeaseConfig(lease_s=1.0, answer_s=0.3, record_ttl_s=60)
        )
        async with open_queue(work, bugs.append, clients, config, lambda: 2) as dispatcher:
            lead = RedisShards(clients, "lead", JOB.key, config.lease, lambda: None)
            for _ in range(3):
                await lead.next(3)
            await dispatcher.submit(JOB)
            helping = dispatcher._open[JOB.key].shards
            helping._parts = 3
            await helping.renew()  # hears who leads, and what is taken
            with redis_server.paused():
                began = asyncio.get_running_loop().time()
                await dispatcher.stop(JOB.key)
                assert asyncio.get_running_loop().time() - began < 2
    assert bugs == []


async def test_a_job_whose_session_is_out_of_reach_is_no_fault_and_comes_again(redis_server):
    worked = Worked()
    works, tries = worked.by("worker"), []

    async def work(job: Job, shards) -> None:
        tries.append(job)
        if len(tries) == 1:
            raise RedisAway("Redis does not answer in time.", reason="session_out_of_reach")
        await works(job, shards)

    bugs: list[BaseException] = []
    async with AsyncExitStack() as stack:
        clients = await stack.enter_async_context(open_clients(RedisSettings(url=redis_server.url), "worker"))
        config = QueueConfig(
            redis_server.url, "worker", True, 15.0, LeaseConfig(lease_s=1.0, answer_s=1.0, record_ttl_s=60)
        )
        worker = await stack.enter_async_context(open_queue(work, bugs.append, clients, config, lambda: 1))
        api = await stack.enter_async_context(a_dispatcher(redis_server.url, "api", worked, works=False))
        await until(lambda: worker.connected and api.connected)
        await api.submit(JOB)
        await until(lambda: len(worked.parts) == 4)
    assert bugs == []
