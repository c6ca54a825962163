"""streaQ as this house uses it: a queue of job ids that survives whoever takes one.

What is set otherwise than by default, and why (7.2.x, read in its source):
- JSON instead of pickle: nobody who can write to Redis may run code here; jobs hold ids only.
- Its signal handler would replace ours for SIGTERM and SIGINT: switched off.
- `idle_timeout` is the time after which a dead worker's job is given out again; it is asked for once in that time,
  so that another goes on after twice as long at most.
- Jobs may be given out as often as they like: claims on parts (shards.py) decide on who works, not the queue.
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
"""Jobs in this process at once. Many, since a job waits most of its time and the throttle bounds what it does; a
worker without a free place would not look for jobs of dead ones."""
PATIENCE = 3
"""An answer of Redis that takes so many idle timeouts never comes: blocking reads last for one."""

Attend = Callable[[str, str, str, int], Awaitable[None]]
"""Kind, session id, key of the job and place of the token."""


class Engine(Worker[None]):
    """One connection to the queue; opened anew after every failure."""

    def __init__(self, url: str, name: str, idle_timeout_s: float, attend: Attend) -> None:
        super().__init__(
            redis_url=url,
            queue_name=QUEUE,
            concurrency=CONCURRENCY,
            prefetch=1,
            serializer=lambda value: json.dumps(value, default=str),
            deserializer=json.loads,
            idle_timeout=idle_timeout_s,
            redis_kwargs={"stream_timeout": idle_timeout_s * PATIENCE, "connect_timeout": idle_timeout_s},
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
        """A token for the job; nothing happens when that token is there already."""
        token = self._work.enqueue(kind, session_id, key, place)
        token.id = f"{key}.{place}"
        await token

    async def signal_handler(self, scope: CancelScope) -> None:
        """Signals are the server's."""
