"""Processes of the release before take jobs from a queue of streaQ 7.2, whose entries are written out here as it
wrote them: their jobs are found, ours are put into it, and nothing is left of a job that has ended.
"""

import json

import pytest

from core.hunting.dispatch import released_queue
from core.hunting.dispatch.base import Job, JobKind
from core.redis.client import open_redis as open_clients
from core.settings import RedisSettings

QUEUE = "streaq:model-hunter"
STREAM, DELAYED = f"{QUEUE}:queues:normal", f"{QUEUE}:queues:delayed:normal"
RUN, CHECK = Job(JobKind.RUN, "s_one", "r_one"), Job(JobKind.CHECK, "s_two", "check:ab:1.500000")


@pytest.fixture
async def redis(redis_server):
    async with open_clients(RedisSettings(url=redis_server.url), "test") as clients:
        yield clients.commands


async def a_token(redis, job: Job, place: int, *, delayed: bool = False) -> None:
    """As `enqueue` writes it, and as a retry does when its worker shuts down."""
    task_id = f"{job.key}.{place}"
    text = (
        f'{{"f": "work", "a": ["{job.kind}", "{job.session_id}", "{job.key}", {place}], "k": {{}}, "t": 1764411707000}}'
    )
    await redis.set(f"{QUEUE}:task:data:{task_id}", text)
    if delayed:
        await redis.zadd(DELAYED, {task_id: 1764411708000})
    else:
        await redis.xadd(STREAM, {"task_id": task_id, "enqueue_time": "1764411707000"})


async def listed(redis):
    async with redis.pipeline(transaction=False) as pipe:
        released_queue.read_tokens(pipe)
        return await released_queue.jobs(redis, released_queue.tokens(*await pipe.execute()))


async def test_jobs_with_queued_running_and_delayed_tokens_are_found_once(redis):
    for place in (0, 1):
        await a_token(redis, RUN, place)
    await redis.xgroup_create(STREAM, "workers", id="0")
    await redis.xreadgroup("workers", "another", {STREAM: ">"}, count=1)
    await a_token(redis, CHECK, 0, delayed=True)
    assert await listed(redis) == [RUN, CHECK]


async def test_tokens_of_jobs_that_nobody_here_knows_are_passed_over(redis):
    await a_token(redis, RUN, 0)
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"a": ["unheard_of", "s", "k", 0]}'), ("d", '{"a": ["run"]}')):
        await redis.set(f"{QUEUE}:task:data:{name}", text)
        await redis.xadd(STREAM, {"task_id": name})
    await redis.xadd(STREAM, {"task_id": "without a key"})
    assert await listed(redis) == [RUN]


async def test_a_job_gets_one_token_that_the_release_before_can_read(redis):
    await redis.xgroup_create(STREAM, "workers", id="0", mkstream=True)
    for _ in range(2):
        await released_queue.put(redis, [RUN, CHECK])
    entries = [fields for _, fields in await redis.xrange(STREAM)]
    assert [fields[b"task_id"] for fields in entries] == [b"r_one.0", b"check:ab:1.500000.0"]
    task = json.loads(await redis.get(f"{QUEUE}:task:data:r_one.0"))
    assert task == {"f": "work", "a": ["run", "s_one", "r_one", 0], "k": {}, "t": int(entries[0][b"enqueue_time"])}


async def test_a_job_with_parameters_is_for_processes_of_this_release_only(redis):
    await redis.xgroup_create(STREAM, "workers", id="0", mkstream=True)
    await released_queue.put(redis, [Job(JobKind.RUN, "s_one", "r_one", has_parameters=True)])
    assert await redis.xrange(STREAM) == []
    assert await redis.keys(f"{QUEUE}:task:data:*") == []


async def test_nothing_is_written_where_no_such_queue_exists(redis):
    await released_queue.put(redis, [RUN])
    assert await redis.keys("streaq:*") == []


async def test_all_tokens_of_an_ended_job_are_removed_and_no_others(redis):
    await redis.xgroup_create(STREAM, "workers", id="0", mkstream=True)
    other = Job(JobKind.RUN, "s_one", "r_one_more")
    for job, place in ((RUN, 0), (RUN, 1), (other, 0)):
        await a_token(redis, job, place)
    await a_token(redis, RUN, 2, delayed=True)
    await redis.xreadgroup("workers", "another", {STREAM: ">"}, count=1)
    await redis.incr(f"{QUEUE}:task:retry:r_one.0")
    await released_queue.remove(redis, RUN)
    assert await listed(redis) == [other]
    assert await redis.keys(f"{QUEUE}:task:*:r_one.*") == []
    assert (await redis.xpending(STREAM, "workers"))["pending"] == 0
