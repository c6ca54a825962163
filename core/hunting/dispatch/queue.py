"""Jobs of several processes: who submits a job begins it at once; tokens in a queue have others help and go on.

A run's tokens are as many as there are processes, also when some join later; whoever takes one works on the run as
well, part by part (shards.py), and keeps the token until the run has ended. When a process dies, its parts are given
out again after `part_lease_s` and its token after twice that at most. Without Redis a job is worked on here alone; its
tokens are put into the queue when Redis is back, whoever takes one then finds the parts claimed.
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
"""A token of a job that is worked on here already goes back for so long, for another process to take."""
BEGINNING_S = 0.01
GROUP = "workers"
STREAM = f"streaq:{QUEUE}:queues:normal"


@dataclass(frozen=True)
class Manner:
    """How this process takes part; from the settings."""

    url: str
    process: str
    works: bool
    """Whether it takes jobs of others."""
    wedged_s: float
    terms: LeaseConfig


@dataclass
class _Open:
    """A job that is worked on here."""

    job: Job
    shards: RedisShards
    task: asyncio.Task[None]
    attended: bool = False
    """Whether a token of it waits here for its end."""
    tokens: int = 0
    """How many this process has put into the queue."""


class QueueDispatcher(Dispatcher):
    """Open it with `open_queue`."""

    def __init__(
        self,
        work: Work,
        on_bug: Callable[[BaseException], None],
        redis: RedisClients,
        manner: Manner,
        helpers: Callable[[], int],
    ) -> None:
        """`helpers`: how many processes work on jobs, this one included, as last known."""
        self._work = work
        self._on_bug = on_bug
        self._redis = redis
        self._manner = manner
        self._helpers = helpers
        self._redis_time = RedisTime()
        self._open: dict[str, _Open] = {}
        self._draining = False
        self._engine: Engine | None = None
        self._let_go = asyncio.Event()
        """Tokens go back: the worker is to end."""

    @property
    def connected(self) -> bool:
        """Whether the queue can be used, as far as is known."""
        return self._engine is not None

    # -- the promise

    async def submit(self, job: Job, *, fresh: bool = True) -> None:
        if self._draining:
            raise Unavailable("The server is ending and takes no new work.", hint="Try again in a moment.")
        if job.key in self._open:
            return
        if self._manner.works:
            self._begin(job, fresh=fresh)
        if not await self._put_tokens(job) and job.key not in self._open:
            self._begin(job, fresh=fresh)

    async def stop(self, key: str) -> None:
        """As promised for a job that is worked on here; another process ends it with its next renewal.

        Not waited for is what takes longer than an answer may: while Redis is away, the parts of others.
        """
        if (here := self._open.get(key)) is not None:
            await here.shards.stop()
            here.task.cancel()
            await asyncio.wait([here.task], timeout=self._manner.terms.answer_s)
            return
        await self._shards(Job(JobKind.RUN, "", key)).stop()

    async def drain(self, grace_s: float) -> None:  # noqa: ARG002 – others go on with it
        """Hand all work back at once; nothing has to end here in `grace_s`."""
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

    # -- jobs here

    def _shards(self, job: Job, *, fresh: bool = False) -> RedisShards:
        manner = self._manner
        stop = lambda: self._cancel(job.key)  # noqa: E731
        return RedisShards(
            self._redis, manner.process, job.key, manner.terms, stop, fresh=fresh, redis_time=self._redis_time
        )

    def _cancel(self, key: str) -> None:
        if (here := self._open.get(key)) is not None:
            here.task.cancel()

    def _begin(self, job: Job, *, fresh: bool = False) -> _Open:
        shards = self._shards(job, fresh=fresh)
        task = asyncio.create_task(self._supervise(job, shards), name=f"{job.kind}:{job.key}")
        self._open[job.key] = here = _Open(job, shards, task)
        task.add_done_callback(lambda _: self._open.pop(job.key, None))  # also when it never began
        return here

    async def _supervise(self, job: Job, shards: RedisShards) -> None:
        try:
            await self._work(job, shards)
        except* RedisAway as away:  # its session is not known here: it is gone on with elsewhere, or here later
            shards.handing_back = True
            log.warning("a job cannot be worked on here now", job=job.kind, reason=str(away.exceptions[0]))
        except* Exception as errors:
            log.exception("a job failed in a way nobody expected", job=job.kind, key=job.key)
            self._on_bug(errors)

    async def renew(self) -> None:
        """Keep the claims of every job here, and have processes that came later help; until cancelled, the owner's."""
        while True:
            await asyncio.sleep(self._manner.terms.renew_s)
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
        """Whether the queue has as many as are wanted. One that it has already is not doubled."""
        tokens, engine, here = self._wanted(job), self._engine, self._open.get(job.key)
        try:
            if engine is None:
                raise RedisAway("The queue is not open.", reason="unreachable")
            async with asyncio.timeout(self._manner.terms.answer_s):
                for place in range(tokens):
                    await engine.put(job.kind.value, job.session_id, job.key, place)
        except Exception as error:  # noqa: BLE001 – whatever the engine says, the job goes on here
            log.warning("a job is worked on here alone for now", job=job.kind, reason=type(error).__name__)
            return False
        if here is not None:
            here.tokens = tokens
        return True

    async def attend(self, kind: str, session_id: str, key: str, _place: int) -> None:
        """A token was taken: work on its job, and keep the token until the job has ended here."""
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
        """Keep the worker going until cancelled: it ends when Redis goes away, and may get stuck."""
        while not self._draining:
            self._let_go.clear()
            try:
                await self._serve()
            except Exception as error:  # noqa: BLE001 – its failures are many; all of them mean: again
                log.warning("the worker ended and starts again", reason=type(error).__name__)
            self._engine = None
            await asyncio.sleep(self._manner.terms.renew_s)

    async def _serve(self) -> None:
        manner = self._manner
        engine = Engine(manner.url, manner.process, manner.terms.lease_s, self.attend)
        async with asyncio.TaskGroup() as group:
            if manner.works:
                run = group.create_task(self._run(engine), name="worker")
                try:
                    await self._watch(engine, run)
                finally:
                    self._let_go.set()  # the worker waits for its tokens, whatever became of it
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
        for here in list(self._open.values()):  # begun without Redis, or Redis lost them
            await self._put_tokens(here.job)

    async def _redis_answers(self) -> None:
        while True:
            await asyncio.sleep(self._manner.terms.renew_s)
            async with with_deadline(self._manner.terms.answer_s):
                await self._redis.commands.ping()

    async def _watch(self, engine: Engine, run: asyncio.Task[None]) -> None:
        """Until Redis does not answer, or tokens wait for too long while nobody takes them."""
        while not engine.running_now and not run.done():  # noqa: ASYNC110 – streaQ has no event for it
            await asyncio.sleep(BEGINNING_S)
        await self._opened(engine)
        loop, since = asyncio.get_running_loop(), None
        while not run.done():
            await asyncio.sleep(self._manner.terms.renew_s)
            if not await self._tokens_wait():
                since = None
            elif since is None:
                since = loop.time()
            elif loop.time() - since >= self._manner.wedged_s:
                log.error("the worker takes no jobs although some wait; it is started again")
                raise RedisAway("The worker was stuck.", reason="timeout")

    async def _tokens_wait(self) -> bool:
        async with with_deadline(self._manner.terms.answer_s):
            groups = await self._redis.commands.xinfo_groups(STREAM)
        return any(group["name"] == GROUP.encode() and group.get("lag") for group in groups)


@asynccontextmanager
async def open_queue(
    work: Work,
    on_bug: Callable[[BaseException], None],
    redis: RedisClients,
    manner: Manner,
    helpers: Callable[[], int],
) -> AsyncIterator[QueueDispatcher]:
    """The dispatcher with its tasks; at the end of the block its work is handed back."""
    dispatcher = QueueDispatcher(work, on_bug, redis, manner, helpers)
    keep = asyncio.create_task(dispatcher.keep(), name="queue: worker")
    renew = asyncio.create_task(run_forever(dispatcher.renew, on_bug), name="queue: claims")
    try:
        yield dispatcher
    finally:
        await dispatcher.drain(0)
        await _ended(keep, renew, manner.terms)


async def _ended(keep: asyncio.Task[None], renew: asyncio.Task[None], terms: LeaseConfig) -> None:
    await asyncio.sleep(terms.renew_s)  # tokens that were let go of are on their way back
    for task in (keep, renew):
        task.cancel()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(terms.lease_s):
            await asyncio.wait([keep, renew])
