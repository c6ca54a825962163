"""Builds the components of one process and closes them in reverse order.

This is the only module that chooses implementations. It contains no logic.

Shutdown order: drain hunts, release throttle slots, flush telemetry, close HTTP clients, close sessions. The API first
reports itself as not ready and tells its event streams to reconnect (api/server.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core import __version__
from core.clock import Clock, SteadyClock, SystemClock
from core.errors import BadSettings, RedisAway
from core.eventlog.base import EventLog
from core.eventlog.failover import DetachedEvents, FailoverEventLog
from core.eventlog.memory import MemoryEventLog
from core.eventlog.redis import RedisEventLog
from core.fetching.notebook import NotebookFetcher
from core.hunting.activity import Activity
from core.hunting.checks.reference_check import Checker
from core.hunting.checks.rejudge import Rejudger
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, Shards, Work
from core.hunting.dispatch.local import LocalDispatcher
from core.hunting.dispatch.shards import LeaseConfig
from core.hunting.hunts.hunter import Hunter
from core.hunting.records import call_record
from core.hunting.resume import Resumer
from core.hunting.reviews.review_service import ReviewService
from core.hunting.reviews.turns import TurnService
from core.hunting.runs.runner import Runner
from core.hunting.service import Entropy, HuntingService
from core.hunting.status.cluster import Cluster, open_cluster
from core.hunting.status.collector import StatusCollector
from core.judge.judge import Judge
from core.judge.question import AnswerTexts, ReadAnswer, read_with_evidence
from core.large_input import LargeInputExecutor, open_large_input_executor
from core.providers.catalog import Catalog, build_catalog, configured_limits
from core.providers.http import ProviderHttp, open_fetching, open_http
from core.redis.client import RedisClients, open_redis
from core.redis.health import RedisHealth
from core.sessions.base import SessionStore
from core.sessions.detached import DetachedSession
from core.sessions.failover import FailoverSessionStore
from core.sessions.journal import Journal
from core.sessions.known import KnownSessions
from core.sessions.memory import MemorySessionStore
from core.sessions.reattachment import Reattachment
from core.sessions.redis import RedisSessionStore
from core.sessions.supervisor import Supervisor
from core.settings import Settings
from core.simulator.provider import SimulatedProvider
from core.simulator.script import read_script
from core.telemetry.records import ProcessRecord
from core.telemetry.writer import TelemetryWriter
from core.throttle.adaptive import Adaptive
from core.throttle.base import Throttle
from core.throttle.memory import MemoryThrottle
from core.throttle.redis import open_redis_throttle


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    clock: SteadyClock
    store: SessionStore
    events: EventLog
    catalog: Catalog
    service: HuntingService
    reviews: ReviewService
    turns: TurnService
    status: StatusCollector
    large_input: LargeInputExecutor
    fetcher: NotebookFetcher
    telemetry: TelemetryWriter
    activity: Activity
    on_close: Callable[[Callable[[], Awaitable[None]]], object]
    """Registers a callback that runs at shutdown, before any component is closed."""
    draining: asyncio.Event
    """Set at shutdown: the readiness check fails and event streams close with a reconnect event."""


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, clock: Clock | None = None, entropy: Entropy = secrets.token_bytes, seed: int | None = None
) -> AsyncIterator[Runtime]:
    """Open all components until the block ends. `seed` fixes the retry jitter, for tests."""
    if settings.server.role != "both" and not settings.redis.url:
        raise BadSettings(
            f"ROLE={settings.server.role} needs Redis. Without Redis, a single process must do everything.",
            hint="Set REDIS_URL, or ROLE=both.",
        )
    clock = SteadyClock(clock or SystemClock())
    started_at = clock.monotonic()
    instance = settings.server.instance or f"{socket.gethostname()}-{os.getpid()}"
    activity = Activity()
    async with AsyncExitStack() as closing:
        waiting = settings.notebooks.max_large_waiting
        large_input = await closing.enter_async_context(open_large_input_executor(waiting))
        process = f"{instance}-{secrets.token_hex(4)}"
        redis = await closing.enter_async_context(open_redis(settings.redis, instance)) if settings.redis.url else None
        store, events, reattached = await _sessions(settings, clock, instance, activity, closing, redis)
        http = await closing.enter_async_context(open_http(settings.calls))
        telemetry = await closing.enter_async_context(TelemetryWriter(instance, settings.telemetry, clock))
        closing.callback(_record_stop, telemetry, instance)
        throttle = await closing.enter_async_context(_open_throttle(settings, clock, redis, process, activity))
        catalog = _catalog(settings, http, throttle, telemetry, clock, seed)
        closing.push_async_callback(catalog.close)

        async def read_long(chars: int, texts: AnswerTexts) -> ReadAnswer | None:
            read: ReadAnswer | None = await large_input.read(chars, read_with_evidence, *texts, always_waits=True)
            return read

        judge = Judge(catalog, settings.calls, activity.record_unexpected_error, read_long=read_long)
        hunter = Hunter(catalog, judge, clock, settings.calls.target_max_output_tokens)
        runner = Runner(store, hunter, clock, settings, activity, telemetry.record, telemetry.flush)
        checker = Checker(store, judge, clock, telemetry.record)
        rejudger = Rejudger(
            store, hunter, clock, settings.calls.retry_budget_ratio, settings.hunting.blind_outcome_step_s
        )

        async def work(job: Job, shards: Shards) -> None:
            if job.kind is JobKind.RUN:
                await runner.work(job.session_id, job.key, shards)
            elif job.kind is JobKind.JUDGING:
                await rejudger.work(job.session_id, job.key, shards)
            else:
                await checker.work(job.session_id, shards)

        own = settings.hunting.idempotency_secret.encode()
        cluster = Cluster(process, own or entropy(32), redis, settings.hunting, settings.redis.timeout_s)
        dispatcher = await closing.enter_async_context(
            _open_dispatcher(settings, work, activity, cluster, redis, process)
        )
        if redis is not None:
            resumer = Resumer(
                store, dispatcher, reattached, settings.hunting.part_lease_s, activity.record_unexpected_error
            )
            await closing.enter_async_context(_kept_up(resumer))
        with contextlib.suppress(RedisAway):  # the status reports it; the first heartbeat shares the secret
            await cluster.share_secret()
        service = HuntingService(
            store,
            dispatcher,
            catalog,
            clock,
            settings,
            large_input,
            entropy,
            secret=lambda: cluster.secret,
            write_record=telemetry.record,
        )
        status = StatusCollector(
            store,
            events,
            catalog,
            throttle,
            dispatcher,
            telemetry,
            activity,
            cluster,
            clock,
            settings,
            instance,
            started_at,
        )
        draining = asyncio.Event()
        if redis is not None:
            await closing.enter_async_context(
                open_cluster(cluster, lambda: status.here(draining=draining.is_set()), activity.record_unexpected_error)
            )
        direct, proxied = await closing.enter_async_context(open_fetching(settings))
        fetcher = NotebookFetcher(
            direct, proxied, settings.notebooks.hosts, settings.notebooks.max_bytes, settings.notebooks.fetch_timeout_s
        )
        telemetry.record(ProcessRecord(action="started", instance=instance, version=__version__))
        yield Runtime(
            settings,
            clock,
            store,
            events,
            catalog,
            service,
            ReviewService(store, clock, settings.review, telemetry.record),
            TurnService(store, settings),
            status,
            large_input,
            fetcher,
            telemetry,
            activity,
            closing.push_async_callback,
            draining,
        )


@asynccontextmanager
async def _open_throttle(
    settings: Settings, clock: Clock, redis: RedisClients | None, process: str, activity: Activity
) -> AsyncIterator[Throttle]:
    limits = configured_limits(settings.providers)
    adaptive = Adaptive(
        settings.throttle.adaptive_limits, settings.throttle.adaptive_cooldown_s, settings.throttle.adaptive_start
    )
    if redis is None:
        yield MemoryThrottle(limits, settings.throttle.max_queued_calls, clock, adaptive)
        return
    async with open_redis_throttle(
        redis,
        process,
        limits,
        settings=settings.throttle,
        timeout_s=settings.redis.timeout_s,
        clock=clock,
        adaptive=adaptive,
        on_bug=activity.record_unexpected_error,
    ) as throttle:
        yield throttle


@asynccontextmanager
async def _open_dispatcher(
    settings: Settings, work: Work, activity: Activity, cluster: Cluster, redis: RedisClients | None, process: str
) -> AsyncIterator[Dispatcher]:
    if redis is None:
        local = LocalDispatcher(work, activity.record_unexpected_error)
        try:
            yield local
        finally:  # also on Ctrl-C: jobs save their results while the store is open
            await local.drain(settings.server.drain_timeout_s)
        return
    from core.hunting.dispatch.queue import QueueConfig, open_queue  # takes 0.5 s to import; needed only with Redis

    works = settings.server.role != "api"
    config = QueueConfig(
        settings.redis.url, process, works, settings.hunting.worker_stall_timeout_s, LeaseConfig.of(settings)
    )
    async with open_queue(work, activity.record_unexpected_error, redis, config, lambda: cluster.workers) as dispatcher:
        yield dispatcher


async def _sessions(
    settings: Settings,
    clock: SteadyClock,
    instance: str,
    activity: Activity,
    closing: AsyncExitStack,
    redis: RedisClients | None,
) -> tuple[SessionStore, EventLog, set[str]]:
    """Open the session store and event log: in memory, or with REDIS_URL in Redis with a memory fallback.

    The set holds the IDs of sessions whose work may need to be resumed.
    """
    memory = MemoryEventLog(clock, settings.sessions.max_events)
    if redis is not None:
        return await _redis_sessions(settings, clock, instance, activity, closing, redis, memory)
    store = MemorySessionStore(
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_sessions=settings.sessions.max_sessions,
        max_share=max(1, settings.sessions.max_sessions * settings.sessions.max_percent_per_user // 100),
        append=memory.append_now,
        forget=memory.forget_now,
    )
    closing.push_async_callback(store.close)
    return store, memory, set()


async def _redis_sessions(
    settings: Settings,
    clock: SteadyClock,
    instance: str,
    activity: Activity,
    closing: AsyncExitStack,
    clients: RedisClients,
    memory: MemoryEventLog,
) -> tuple[SessionStore, EventLog, set[str]]:
    redis_health = RedisHealth(clients.commands, clock, instance=instance, timeout_s=settings.redis.timeout_s)
    redis_health.on_time = clock.follow
    log = RedisEventLog(
        clients,
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_events=settings.sessions.max_events,
        block_s=settings.redis.block_s,
        timeout_s=settings.redis.timeout_s,
        on_fault=redis_health.mark_down,
        on_bug=activity.record_unexpected_error,
    )
    away: dict[str, DetachedSession] = {}
    known = KnownSessions(
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_bytes=settings.redis.max_fallback_bytes,
        append=memory.append_now,
        forget=memory.forget_now,
        held=away.__contains__,
    )
    redis = RedisSessionStore(
        clients.commands,
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_events=settings.sessions.max_events,
        events_age_s=settings.redis.max_event_age_s,
        timeout_s=settings.redis.timeout_s,
        forget=log.end,
        on_event=known.record_event,
    )
    journal = Journal(Path(settings.redis.journal_dir), instance)
    store = FailoverSessionStore(redis, known, journal, redis_health, clock, begin_events=memory.start_after, away=away)
    supervisor = Supervisor(
        store,
        Reattachment(store, DetachedEvents(log, memory)),
        clock,
        probe_s=settings.redis.probe_interval_s,
        probes=settings.redis.min_good_probes,
        sync_s=settings.redis.journal_sync_s,
        on_bug=activity.record_unexpected_error,
    )
    closing.push_async_callback(store.close)
    closing.push_async_callback(log.close)
    closing.push_async_callback(supervisor.close)
    await supervisor.start()
    log.start()
    return store, FailoverEventLog(log, memory, store), store.reattached


@asynccontextmanager
async def _kept_up(resumer: Resumer) -> AsyncIterator[None]:
    task = asyncio.create_task(resumer.keep(), name="resume")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _record_stop(telemetry: TelemetryWriter, instance: str) -> None:
    dropped = telemetry.status().dropped
    telemetry.record(ProcessRecord(action="stopped", instance=instance, version=__version__, dropped=dropped))


def _catalog(
    settings: Settings,
    http: ProviderHttp,
    throttle: Throttle,
    telemetry: TelemetryWriter,
    clock: Clock,
    seed: int | None,
) -> Catalog:
    simulated = []
    if settings.providers.simulated_provider:
        script = read_script(settings.providers.simulated_script)
        simulated = [SimulatedProvider(script, clock=clock, silence_timeout_s=settings.calls.silence_timeout_s)]
    return build_catalog(
        settings,
        http,
        throttle,
        simulated=simulated,
        simulated_models=SimulatedProvider.models,
        on_call=lambda end: telemetry.record(call_record(end)),
        clock=clock,
        chance=random.Random(seed),
    )
