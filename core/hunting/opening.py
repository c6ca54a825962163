"""Opens the application: hunter, runner, dispatcher, cluster, and the objects that the interfaces call."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from core.clock import Clock
from core.errors import RedisAway
from core.eventlog.base import EventLog
from core.hunting.activity import Activity
from core.hunting.checks.reference_check import Checker
from core.hunting.checks.rejudge import Rejudger
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, Shards, Work
from core.hunting.dispatch.local import LocalDispatcher
from core.hunting.dispatch.shards import LeaseConfig
from core.hunting.hunts.hunter import Hunter
from core.hunting.resume import Resumer, open_resumer
from core.hunting.reviews.review_service import ReviewService
from core.hunting.reviews.turns import TurnService
from core.hunting.runs.runner import Runner
from core.hunting.service import Entropy, HuntingService
from core.hunting.status.cluster import Cluster, open_cluster
from core.hunting.status.collector import StatusCollector
from core.judge.judge import Judge
from core.judge.question import AnswerTexts, ReadAnswer, read_with_evidence
from core.large_input import LargeInputExecutor
from core.providers.catalog import Catalog
from core.redis.client import RedisClients
from core.sessions.base import SessionStore
from core.settings import Settings
from core.telemetry.writer import TelemetryWriter
from core.throttle.base import Throttle


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """What hunting uses; its owner closes it after hunting."""

    clock: Clock
    store: SessionStore
    events: EventLog
    reattached: set[str]
    """IDs of sessions whose work may need to be resumed; the store adds to it."""
    redis: RedisClients | None
    catalog: Catalog
    throttle: Throttle
    large_input: LargeInputExecutor
    telemetry: TelemetryWriter
    activity: Activity
    entropy: Entropy
    instance: str
    process: str
    """The instance's name and random digits: no two processes have the same."""
    started_at: float
    """Monotonic seconds."""


@dataclass(frozen=True, kw_only=True)
class Hunting:
    service: HuntingService
    reviews: ReviewService
    turns: TurnService
    status: StatusCollector


@asynccontextmanager
async def open_hunting(settings: Settings, use: Adapters, is_draining: Callable[[], bool]) -> AsyncIterator[Hunting]:
    """Start work on jobs. At the end of the block, jobs are drained or handed back, with the store still open."""
    on_bug, write_record = use.activity.record_unexpected_error, use.telemetry.record
    own = settings.hunting.idempotency_secret.encode()
    cluster = Cluster(use.process, own or use.entropy(32), use.redis, settings.hunting, settings.redis.timeout_s)
    async with AsyncExitStack() as closing:
        opened = _open_dispatcher(settings, _work(settings, use), use, lambda: cluster.workers)
        dispatcher = await closing.enter_async_context(opened)
        if use.redis is not None:
            resumer = Resumer(use.store, dispatcher, use.reattached, settings.hunting.part_lease_s, on_bug)
            await closing.enter_async_context(open_resumer(resumer))
        with contextlib.suppress(RedisAway):  # the status reports it; the first heartbeat shares the secret
            await cluster.share_secret()
        status = StatusCollector(
            store=use.store,
            events=use.events,
            catalog=use.catalog,
            throttle=use.throttle,
            dispatcher=dispatcher,
            telemetry=use.telemetry,
            activity=use.activity,
            cluster=cluster,
            clock=use.clock,
            server=settings.server,
            redis_configured=use.redis is not None,
            session_ttl_s=settings.sessions.ttl_s,
            instance=use.instance,
            started_at=use.started_at,
        )
        if use.redis is not None:
            await closing.enter_async_context(
                open_cluster(cluster, lambda: status.here(draining=is_draining()), on_bug)
            )
        service = HuntingService(
            store=use.store,
            dispatcher=dispatcher,
            catalog=use.catalog,
            clock=use.clock,
            large_input=use.large_input,
            entropy=use.entropy,
            secret=lambda: cluster.secret,
            write_record=write_record,
            hunting=settings.hunting,
            notebooks=settings.notebooks,
            max_session_bytes=settings.sessions.max_bytes,
        )
        yield Hunting(
            service=service,
            reviews=ReviewService(use.store, use.clock, settings.review, write_record),
            turns=TurnService(use.store, settings.hunting, settings.sessions.max_bytes),
            status=status,
        )


def _work(settings: Settings, use: Adapters) -> Work:
    async def read_long(chars: int, texts: AnswerTexts) -> ReadAnswer | None:
        read: ReadAnswer | None = await use.large_input.read(chars, read_with_evidence, *texts, always_waits=True)
        return read

    calls, write_record = settings.calls, use.telemetry.record
    judge = Judge(use.catalog, calls, use.activity.record_unexpected_error, read_long=read_long)
    hunter = Hunter(use.catalog, judge, use.clock, calls.target_max_output_tokens)
    runner = Runner(
        use.store,
        hunter,
        use.clock,
        use.activity,
        write_record,
        use.telemetry.flush,
        calls=calls,
        hunting=settings.hunting,
        max_queued_calls=settings.throttle.max_queued_calls,
        max_reply_chars=settings.telemetry.max_reply_chars,
    )
    checker = Checker(use.store, judge, use.clock, write_record)
    rejudger = Rejudger(use.store, hunter, use.clock, calls.retry_budget_ratio, settings.hunting.blind_outcome_step_s)

    async def work(job: Job, shards: Shards) -> None:
        if job.kind is JobKind.RUN:
            await runner.work(job.session_id, job.key, shards)
        elif job.kind is JobKind.JUDGING:
            await rejudger.work(job.session_id, job.key, shards)
        else:
            await checker.work(job.session_id, shards)

    return work


@asynccontextmanager
async def _open_dispatcher(
    settings: Settings, work: Work, use: Adapters, workers: Callable[[], int]
) -> AsyncIterator[Dispatcher]:
    on_bug = use.activity.record_unexpected_error
    if use.redis is None:
        local = LocalDispatcher(work, on_bug)
        try:
            yield local
        finally:  # also on Ctrl-C: jobs save their results while the store is open
            await local.drain(settings.server.drain_timeout_s)
        return
    from core.hunting.dispatch.queue import QueueConfig, open_queue  # takes 0.5 s to import; needed only with Redis

    works = settings.server.role != "api"
    lease = LeaseConfig.of(settings)
    config = QueueConfig(settings.redis.url, use.process, works, settings.hunting.worker_stall_timeout_s, lease)
    async with open_queue(work, on_bug, use.redis, config, workers) as dispatcher:
        yield dispatcher
