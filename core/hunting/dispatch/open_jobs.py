"""The list of open jobs in Redis, from which every process learns what it can work on.

It decides nothing: claims decide who works (claims.py). A process that works on a job lists it again with each
renewal, so that the list survives the loss of Redis's data. A listed job that has ended costs the next process that
reads it one request, and is removed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from core.errors import RedisAway
from core.hunting.dispatch import released_queue
from core.hunting.dispatch.base import Job, JobKind
from core.hunting.dispatch.claims import LeaseConfig
from core.redis.client import RedisClients, map_redis_errors, with_deadline
from core.redis.keys import OPEN_JOBS, OPEN_JOBS_CHANNEL

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenJob:
    job: Job
    heartbeat: str = ""
    """Changes with every renewal of a process that works on the job; "" if none does."""


class OpenJobs:
    """Methods raise RedisAway, except `watch`."""

    def __init__(self, redis: RedisClients, lease: LeaseConfig) -> None:
        self._redis = redis
        self._lease = lease
        self._writing = asyncio.Lock()
        """Keeps an addition that was sent before a job ended from being carried out after its removal."""

    async def add(self, jobs: Sequence[Job], *, heartbeat: str, wake: bool) -> None:
        """List the jobs. `wake`: other processes look at the list at once, not only at their next renewal."""
        if not jobs:
            return
        async with with_deadline(self._lease.answer_s), self._writing:
            async with self._redis.commands.pipeline(transaction=False) as pipe:
                pipe.hset(OPEN_JOBS, mapping={job.key: _dump(job, heartbeat) for job in jobs})
                pipe.pexpire(OPEN_JOBS, int(self._lease.record_ttl_s * 1000))
                if wake:
                    pipe.publish(OPEN_JOBS_CHANNEL, b"")
                added, *_ = await pipe.execute()
            if added and not wake:  # Redis had lost them: other processes look now
                await self._redis.commands.publish(OPEN_JOBS_CHANNEL, b"")
            if wake:
                await released_queue.put(self._redis.commands, jobs)

    async def remove(self, job: Job) -> None:
        async with with_deadline(self._lease.answer_s), self._writing:
            await self._redis.commands.hdel(OPEN_JOBS, job.key)
            await released_queue.remove(self._redis.commands, job)

    async def all(self) -> list[OpenJob]:
        async with with_deadline(self._lease.answer_s):
            async with self._redis.commands.pipeline(transaction=False) as pipe:
                pipe.hgetall(OPEN_JOBS)
                released_queue.read_tokens(pipe)
                listed, *found = await pipe.execute()
            released = await released_queue.jobs(self._redis.commands, released_queue.tokens(*found))
        jobs = [job for job in (_load(key, value) for key, value in listed.items()) if job is not None]
        known = {job.job.key for job in jobs}
        return [*jobs, *(OpenJob(job) for job in released if job.key not in known)]

    async def watch(self, on_jobs: Callable[[list[OpenJob]], None]) -> None:
        """Call `on_jobs` with the listed jobs, at once, when woken, and with every renewal while there are any, until
        cancelled."""
        while True:
            try:
                await self._watch(on_jobs)
            except RedisAway as error:
                log.debug("jobs.watch_failed", reason=error.message)
            await asyncio.sleep(self._lease.renew_s)

    async def _watch(self, on_jobs: Callable[[list[OpenJob]], None]) -> None:
        async with self._redis.blocking.pubsub() as pubsub:
            async with with_deadline(self._lease.answer_s):
                await pubsub.subscribe(OPEN_JOBS_CHANNEL)
            while True:
                listed = await self.all()
                on_jobs(listed)
                wait_s = self._lease.renew_s if listed else self._lease.lease_s / 2
                with map_redis_errors():
                    await pubsub.get_message(ignore_subscribe_messages=True, timeout=wait_s)


def _dump(job: Job, heartbeat: str) -> str:
    marked = {"has_parameters": True} if job.has_parameters else {}
    return json.dumps({"kind": job.kind, "session_id": job.session_id, "heartbeat": heartbeat, **marked})


def _load(key: bytes | str, value: bytes | str) -> OpenJob | None:
    """Parse an entry; None if a process of another version listed a kind of job that is unknown here."""
    try:
        entry = json.loads(value)
        name = key.decode() if isinstance(key, bytes) else key  # bytes; the client is typed as returning either
        job = Job(JobKind(entry["kind"]), entry["session_id"], name, entry.get("has_parameters") is True)
        return OpenJob(job, entry.get("heartbeat", ""))
    except (ValueError, KeyError, TypeError):
        return None
