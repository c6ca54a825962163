"""Shares jobs with processes of the release before, which find them in a queue of streaQ 7.2. To be deleted with the
next release.

During a deploy, and after a rollback, processes of both releases work on one Redis. Claims on parts are the same in
both; only the way in which a process learns of a job differs. A token in that queue is an entry of its stream or of
its delayed set, and a key with the job in JSON. Nothing is written if the queue does not exist.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.hunting.dispatch.base import Job, JobKind
from core.redis.keys import RELEASED_QUEUE

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

MAX_TOKENS = 1000
"""Tokens that are read at once."""
Token = tuple[bytes, str]
"""ID of its stream entry, empty for a delayed token, and its name."""


async def jobs(redis: Redis, tokens: Sequence[Token]) -> list[Job]:
    """Return the jobs that have a token."""
    stored = await redis.mget([RELEASED_QUEUE.token(token) for _, token in tokens]) if tokens else []
    found = {job.key: job for text in stored if text and (job := _load(text)) is not None}
    return list(found.values())


async def put(redis: Redis, jobs: Sequence[Job]) -> None:
    """Give each job a token, unless it has one: a process of the release before continues it if this one ends. Not a
    job with parameters, which that process would leave out."""
    shared = [job for job in jobs if not job.has_parameters]
    if not shared or not await redis.exists(RELEASED_QUEUE.stream):
        return
    now_ms = int(time.time() * 1000)
    async with redis.pipeline(transaction=False) as pipe:
        for job in shared:
            task = {"f": "work", "a": [job.kind, job.session_id, job.key, 0], "k": {}, "t": now_ms}
            pipe.set(RELEASED_QUEUE.token(f"{job.key}.0"), json.dumps(task), nx=True)
        new = await pipe.execute()
        for job in (job for job, created in zip(shared, new, strict=True) if created):
            pipe.xadd(RELEASED_QUEUE.stream, {"task_id": f"{job.key}.0", "enqueue_time": now_ms})
        await pipe.execute()


async def remove(redis: Redis, job: Job) -> None:
    """Remove the tokens of a job that has ended. A process that still holds one ends its work as usual."""
    async with redis.pipeline(transaction=False) as pipe:
        read_tokens(pipe)
        found = tokens(*await pipe.execute())
    for entry, token in found:
        if token.rpartition(".")[0] == job.key:
            await redis.delete(RELEASED_QUEUE.token(token), RELEASED_QUEUE.tries(token))
            await redis.zrem(RELEASED_QUEUE.delayed, token)
            if entry:
                await redis.xack(RELEASED_QUEUE.stream, RELEASED_QUEUE.group, entry)
                await redis.xdel(RELEASED_QUEUE.stream, entry)


def read_tokens(pipe: Pipeline) -> None:
    """Add the commands whose two results `tokens` takes."""
    pipe.xrange(RELEASED_QUEUE.stream, count=MAX_TOKENS)
    pipe.zrange(RELEASED_QUEUE.delayed, 0, MAX_TOKENS)


def tokens(entries: Sequence[tuple[bytes, dict[bytes, bytes]]], delayed: Sequence[bytes]) -> list[Token]:
    queued = [(entry, fields[b"task_id"].decode()) for entry, fields in entries]
    return [*queued, *((b"", token.decode()) for token in delayed)]


def _load(text: bytes | str) -> Job | None:
    try:
        kind, session_id, key, _place = json.loads(text)["a"]
        return Job(JobKind(kind), session_id, key)
    except (ValueError, KeyError, TypeError):
        return None
