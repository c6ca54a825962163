"""Configures streaQ as a queue of job IDs that survives its workers.

Non-default options, checked against the source of 7.2.x:
- JSON instead of pickle: write access to Redis must not allow code execution here. Jobs hold only IDs.
- Its signal handler would replace ours for SIGTERM and SIGINT, so it is disabled.
- `idle_timeout` is the time after which a dead worker's job is reassigned. Workers check once per timeout, so a job
  continues after at most twice that time.
- Jobs have no maximum number of tries: claims on parts (shards.py) decide who works, not the queue.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import CancelScope
from streaq import Worker
from streaq.task import AsyncRegisteredTask

QUEUE = "model-hunter"
TASK = "work"
CONCURRENCY = 500
"""Concurrent jobs per process. Large, since jobs mostly wait and the throttle limits their calls; a worker at its
limit would not reclaim jobs of dead workers."""
TIMEOUT_FACTOR = 3
"""Read timeout of Redis, in idle timeouts; a blocking read lasts for one."""

Attend = Callable[[str, str, str, int], Awaitable[None]]
"""Arguments: job kind, session ID, job key, index of the token."""


class Engine(Worker[None]):
    """One connection to the queue, replaced after every failure."""

    def __init__(self, url: str, name: str, idle_timeout_s: float, attend: Attend) -> None:
        super().__init__(
            redis_url=url,
            queue_name=QUEUE,
            concurrency=CONCURRENCY,
            prefetch=1,
            serializer=lambda value: json.dumps(value, default=str),
            deserializer=json.loads,
            idle_timeout=idle_timeout_s,
            redis_kwargs={"stream_timeout": idle_timeout_s * TIMEOUT_FACTOR, "connect_timeout": idle_timeout_s},
            id=name,
        )

        async def work(kind: str, session_id: str, key: str, place: int) -> None:
            await attend(kind, session_id, key, place)

        decorate: Callable[[Any], AsyncRegisteredTask[..., Any]] = self.task(
            name=TASK, max_tries=None, timeout=None, ttl=0, silent=True
        )
        self._work = decorate(work)

    @property
    def running_now(self) -> bool:
        return self._running

    async def put(self, kind: str, session_id: str, key: str, place: int) -> None:
        """Enqueue a token of the job, unless it is already queued."""
        token = self._work.enqueue(kind, session_id, key, place)
        token.id = f"{key}.{place}"
        await token

    async def signal_handler(self, scope: CancelScope) -> None:
        """Ignore signals; the server handles them."""
