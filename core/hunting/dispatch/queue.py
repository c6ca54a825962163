"""Shares jobs among processes. The submitting process starts a job at once; queue tokens bring in other processes.

A run has as many tokens as there are processes, including ones that start later. A process that takes a token works on
the run, part by part (shards.py), and holds the token until the run ends. When a process dies, its parts are free
after `part_lease_s` and its token after at most twice that. Without Redis only the submitting process works on a job.
It enqueues the tokens when Redis is back; other processes then see which parts are claimed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from streaq.types import StreaqRetry

from core.clock import RedisTime
from core.errors import RedisAway, Unavailable
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, Work
from core.hunting.dispatch.engine import QUEUE, Engine
from core.hunting.dispatch.shards import LeaseConfig, RedisShards
from core.redis.client import RedisClients, with_deadline
from core.supervise import run_forever

log = structlog.get_logger(__name__)
AGAIN_S = 1
"""Delay before another process can take a second token of a job that already runs here."""
BEGINNING_S = 0.01
GROUP = "workers"
STREAM = f"streaq:{QUEUE}:queues:normal"


@dataclass(frozen=True)
class QueueConfig:
    """Queue settings of this process."""

    url: str
    process: str
    works: bool
    """Whether the process takes jobs from the queue."""
    wedged_s: float
    lease: LeaseConfig


@dataclass
class _Open:
    """A job that runs in this process."""

    job: Job
    shards: RedisShards
    task: asyncio.Task[None]
    attended: bool = False
    """Whether this process holds a token of the job."""
    tokens: int = 0
    """Number of tokens that this process has enqueued."""


class QueueDispatcher(Dispatcher):
    """Created by `open_queue`."""

    def __init__(
        self,
        work: Work,
        on_bug: Callable[[BaseException], None],
        redis: RedisClients,
        config: QueueConfig,
        helpers: Callable[[], int],
    ) -> None:
        """`helpers` returns the last known number of processes that take jobs, including this one."""
        self._work = work
        self._on_bug = on_bug
        self._redis = redis
        self._config = config
        self._helpers = helpers
        self._redis_time = RedisTime()
        self._open: dict[str, _Open] = {}
        self._draining = False
        self._engine: Engine | None = None
        self._let_go = asyncio.Event()
        """Set to return all tokens and stop the worker."""

    @property
    def connected(self) -> bool:
        """Whether the queue was usable at the last check."""
        return self._engine is not None

    # -- Dispatcher

    async def submit(self, job: Job, *, fresh: bool = True) -> None:
        if self._draining:
            raise Unavailable("The server is shutting down.", hint="Try again in a moment.")
        if job.key in self._open:
            return
        if self._config.works:
            self._begin(job, fresh=fresh)
        if not await self._put_tokens(job) and job.key not in self._open:
            self._begin(job, fresh=fresh)

    async def stop(self, key: str) -> None:
        """Stop the job. If it runs here, wait for up to `answer_s`; another process stops it at its next renewal.

        While Redis is unavailable, parts of other processes keep running.
        """
        if (here := self._open.get(key)) is not None:
            await here.shards.stop()
            here.task.cancel()
            await asyncio.wait([here.task], timeout=self._config.lease.answer_s)
            return
        await self._shards(Job(JobKind.RUN, "", key)).stop()

    async def drain(self, grace_s: float) -> None:  # noqa: ARG002 – other processes continue it
        """Hand back all work at once. `grace_s` is unused, since other processes continue the work."""
        self._draining = True
        self._let_go.set()
        tasks = [here.task for here in self._open.values()]
        for here in self._open.values():
            here.shards.handing_back = True
            here.task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def active(self, kind: JobKind) -> int:
        return sum(here.job.kind is kind for here in self._open.values())

    # -- local jobs

    def _shards(self, job: Job, *, fresh: bool = False) -> RedisShards:
        config = self._config
        stop = lambda: self._cancel(job.key)  # noqa: E731
        return RedisShards(
            self._redis, config.process, job.key, config.lease, stop, fresh=fresh, redis_time=self._redis_time
        )

    def _cancel(self, key: str) -> None:
        if (here := self._open.get(key)) is not None:
            here.task.cancel()

    def _begin(self, job: Job, *, fresh: bool = False) -> _Open:
        shards = self._shards(job, fresh=fresh)
        task = asyncio.create_task(self._supervise(job, shards), name=f"{job.kind}:{job.key}")
        self._open[job.key] = here = _Open(job, shards, task)
        task.add_done_callback(lambda _: self._open.pop(job.key, None))  # also when it never started
        return here

    async def _supervise(self, job: Job, shards: RedisShards) -> None:
        try:
            await self._work(job, shards)
        except* RedisAway as away:
            # The session is not available here: another process continues the job, or this one later.
            shards.handing_back = True
            log.warning("job.postponed", job=job.kind, reason=str(away.exceptions[0]))
        except* Exception as errors:
            log.exception("job.failed", job=job.kind, key=job.key)
            self._on_bug(errors)

    async def renew(self) -> None:
        """Renew the claims of every local job, and enqueue tokens for processes that started later. Runs until
        cancelled by the owner."""
        while True:
            await asyncio.sleep(self._config.lease.renew_s)
            every = list(self._open.values())
            await asyncio.gather(*(here.shards.renew() for here in every))
            if self._engine is not None and not self._draining:
                await asyncio.gather(
                    *(self._put_tokens(here.job) for here in every if here.tokens < self._wanted(here.job))
                )

    # -- tokens

    def _wanted(self, job: Job) -> int:
        return max(1, self._helpers()) if job.kind is JobKind.RUN else 1

    async def _put_tokens(self, job: Job) -> bool:
        """Enqueue the wanted number of tokens, skipping queued ones. Returns whether it succeeded."""
        tokens, engine, here = self._wanted(job), self._engine, self._open.get(job.key)
        try:
            if engine is None:
                raise RedisAway("The queue is not open.", reason="unreachable")
            async with asyncio.timeout(self._config.lease.answer_s):
                for place in range(tokens):
                    await engine.put(job.kind.value, job.session_id, job.key, place)
        except Exception as error:  # noqa: BLE001 – after any engine error the job continues here
            log.warning("job.enqueue_failed", job=job.kind, reason=type(error).__name__)
            return False
        if here is not None:
            here.tokens = tokens
        return True

    async def attend(self, kind: str, session_id: str, key: str, _place: int) -> None:
        """Handle a token: work on its job, and hold the token until the job ends here."""
        here = self._open.get(key)
        if self._draining or (here is not None and here.attended):
            raise StreaqRetry(delay=AGAIN_S)
        if here is None:
            here = self._begin(Job(JobKind(kind), session_id, key))
        here.attended = True
        gone = asyncio.create_task(self._let_go.wait(), name=f"token:{key}")
        try:
            await asyncio.wait([here.task, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            here.attended = False
        if not here.task.done() or here.shards.handing_back:
            raise StreaqRetry(delay=AGAIN_S if here.task.done() and not self._draining else 0)

    # -- the worker

    async def keep(self) -> None:
        """Run the worker and restart it when it ends (Redis is unavailable) or stalls. Runs until cancelled."""
        while not self._draining:
            self._let_go.clear()
            try:
                await self._serve()
            except Exception as error:  # noqa: BLE001 – any failure means: restart
                log.warning("worker.restarting", reason=type(error).__name__)
            self._engine = None
            await asyncio.sleep(self._config.lease.renew_s)

    async def _serve(self) -> None:
        config = self._config
        engine = Engine(config.url, config.process, config.lease.lease_s, self.attend)
        async with asyncio.TaskGroup() as group:
            if config.works:
                run = group.create_task(self._run(engine), name="worker")
                try:
                    await self._watch(engine, run)
                finally:
                    self._let_go.set()  # the worker waits for its tokens in every case
                    run.cancel()
            else:
                async with engine:
                    await self._opened(engine)
                    await self._redis_answers()

    async def _run(self, engine: Engine) -> None:
        await engine.run_async()
        raise RedisAway("The worker ended.", reason="unreachable")

    async def _opened(self, engine: Engine) -> None:
        self._engine = engine
        for here in list(self._open.values()):  # started without Redis, or lost by Redis
            await self._put_tokens(here.job)

    async def _redis_answers(self) -> None:
        while True:
            await asyncio.sleep(self._config.lease.renew_s)
            async with with_deadline(self._config.lease.answer_s):
                await self._redis.commands.ping()

    async def _watch(self, engine: Engine, run: asyncio.Task[None]) -> None:
        """Return when the worker ends; raise if Redis does not answer or waiting tokens are not taken."""
        while not engine.running_now and not run.done():  # noqa: ASYNC110 – streaQ has no event for it
            await asyncio.sleep(BEGINNING_S)
        await self._opened(engine)
        loop, since = asyncio.get_running_loop(), None
        while not run.done():
            await asyncio.sleep(self._config.lease.renew_s)
            if not await self._tokens_wait():
                since = None
            elif since is None:
                since = loop.time()
            elif loop.time() - since >= self._config.wedged_s:
                log.error("worker.stalled")
                raise RedisAway("The worker stalled.", reason="timeout")

    async def _tokens_wait(self) -> bool:
        async with with_deadline(self._config.lease.answer_s):
            groups = await self._redis.commands.xinfo_groups(STREAM)
        return any(group["name"] == GROUP.encode() and group.get("lag") for group in groups)


@asynccontextmanager
async def open_queue(
    work: Work,
    on_bug: Callable[[BaseException], None],
    redis: RedisClients,
    config: QueueConfig,
    helpers: Callable[[], int],
) -> AsyncIterator[QueueDispatcher]:
    """Open the dispatcher with its tasks. Its work is handed back at the end of the block."""
    dispatcher = QueueDispatcher(work, on_bug, redis, config, helpers)
    keep = asyncio.create_task(dispatcher.keep(), name="queue: worker")
    renew = asyncio.create_task(run_forever(dispatcher.renew, on_bug), name="queue: claims")
    try:
        yield dispatcher
    finally:
        await dispatcher.drain(0)
        await _ended(keep, renew, config.lease)


async def _ended(keep: asyncio.Task[None], renew: asyncio.Task[None], lease: LeaseConfig) -> None:
    await asyncio.sleep(lease.renew_s)  # give released tokens time to return to the queue
    for task in (keep, renew):
        task.cancel()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(lease.lease_s):
            await asyncio.wait([keep, renew])
