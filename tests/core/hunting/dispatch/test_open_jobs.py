"""The list of open jobs: what is added is there until it is removed, and those who watch it are woken."""

import asyncio

import pytest

from core.errors import RedisAway
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.dispatch.claims import LeaseConfig
from core.hunting.dispatch.open_jobs import OpenJob, OpenJobs
from core.redis.client import open_redis as open_clients
from core.redis.keys import OPEN_JOBS, OPEN_JOBS_CHANNEL, RELEASED_QUEUE
from core.settings import RedisSettings
from tests.house.real_redis import open_redis

LEASE = LeaseConfig(lease_s=240.0, answer_s=1.0, record_ttl_s=60)
"""Renewals are half a minute apart: whoever hears earlier was woken."""
RUN, CHECK = Job(JobKind.RUN, "s_one", "r_one"), Job(JobKind.CHECK, "s_two", "check:1:2")


@pytest.fixture
async def clients(redis_server):
    async with open_clients(RedisSettings(url=redis_server.url, timeout_s=1.0), "test") as opened:
        yield opened


async def test_jobs_are_listed_until_they_are_removed(clients):
    jobs = OpenJobs(clients, LEASE)
    await jobs.add([RUN, CHECK], heartbeat="", wake=True)
    await jobs.add([RUN], heartbeat="one 7", wake=False)
    assert {one.job.key: one for one in await jobs.all()} == {
        RUN.key: OpenJob(RUN, "one 7"),
        CHECK.key: OpenJob(CHECK),
    }
    await jobs.remove(RUN)
    assert await jobs.all() == [OpenJob(CHECK)]


async def test_a_job_that_the_release_before_knows_too_is_listed_once_with_its_heartbeat(clients):
    jobs = OpenJobs(clients, LEASE)
    await clients.commands.xadd(RELEASED_QUEUE.stream, {"task_id": "other.0", "enqueue_time": 1})  # the queue exists
    await jobs.add([CHECK], heartbeat="one 7", wake=True)
    assert await jobs.all() == [OpenJob(CHECK, "one 7")]


async def test_that_a_job_has_parameters_is_listed(clients):
    jobs, job = OpenJobs(clients, LEASE), Job(JobKind.RUN, "s_one", "r_one", has_parameters=True)
    await jobs.add([job], heartbeat="", wake=False)
    assert await jobs.all() == [OpenJob(job)]


async def test_adding_no_job_is_no_request(clients):
    await OpenJobs(clients, LEASE).add([], heartbeat="", wake=True)
    assert await clients.commands.dbsize() == 0


async def test_the_list_ends_with_the_sessions_that_it_names(clients):
    await OpenJobs(clients, LEASE).add([RUN], heartbeat="", wake=False)
    assert 0 < await clients.commands.pttl(OPEN_JOBS) <= LEASE.record_ttl_s * 1000


async def test_what_another_version_listed_and_nobody_here_knows_is_passed_over(clients):
    jobs = OpenJobs(clients, LEASE)
    await jobs.add([RUN], heartbeat="", wake=False)
    entries = {"x": '{"kind": "unheard_of", "session_id": "s"}', "y": "{", "z": "[]", "v": '{"kind": "run"}'}
    await clients.commands.hset(OPEN_JOBS, mapping=entries)
    assert await jobs.all() == [OpenJob(RUN)]


async def test_a_watcher_is_called_at_once_and_when_it_is_woken(clients):
    heard: asyncio.Queue[list[OpenJob]] = asyncio.Queue()
    watching = asyncio.create_task(OpenJobs(clients, LEASE).watch(heard.put_nowait))
    try:
        async with asyncio.timeout(10):
            assert await heard.get() == []
            while not (await clients.commands.pubsub_numsub(OPEN_JOBS_CHANNEL))[0][1]:
                await asyncio.sleep(0.01)
            await OpenJobs(clients, LEASE).add([RUN], heartbeat="", wake=True)
            while await heard.get() != [OpenJob(RUN)]:
                pass
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    assert watching.cancelled()


async def test_jobs_that_redis_had_lost_wake_watchers_when_they_are_listed_again(clients):
    jobs, heard = OpenJobs(clients, LEASE), asyncio.Queue()
    await jobs.add([RUN], heartbeat="one 1", wake=True)
    watching = asyncio.create_task(jobs.watch(heard.put_nowait))
    try:
        async with asyncio.timeout(10):
            assert await heard.get() == [OpenJob(RUN, "one 1")]
            while not (await clients.commands.pubsub_numsub(OPEN_JOBS_CHANNEL))[0][1]:
                await asyncio.sleep(0.01)
            await jobs.add([RUN], heartbeat="one 2", wake=False)
            await clients.commands.flushall()
            await jobs.add([RUN], heartbeat="one 3", wake=False)
            while await heard.get() != [OpenJob(RUN, "one 3")]:
                pass
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def test_a_watcher_outlives_a_redis_that_is_away():
    lease = LeaseConfig(lease_s=0.4, answer_s=0.5, record_ttl_s=60)
    heard: asyncio.Queue[list[OpenJob]] = asyncio.Queue()
    with open_redis() as redis:
        async with open_clients(RedisSettings(url=redis.url, timeout_s=0.5), "test") as clients:
            jobs = OpenJobs(clients, lease)
            watching = asyncio.create_task(jobs.watch(heard.put_nowait))
            try:
                async with asyncio.timeout(20):
                    assert await heard.get() == []
                    redis.stop()
                    with pytest.raises(RedisAway):
                        await jobs.add([RUN], heartbeat="", wake=True)
                    redis.start()
                    await jobs.add([RUN], heartbeat="", wake=False)
                    while await heard.get() != [OpenJob(RUN)]:
                        pass
            finally:
                watching.cancel()
                await asyncio.wait([watching])
