"""Opens the components of one process and closes them in reverse order. It contains no logic.

Shutdown order: drain hunts, release throttle slots, flush telemetry, close HTTP clients, close sessions. The API first
reports itself as not ready and tells its event streams to reconnect (api/server.py).
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core import __version__
from core.budget.budgets import Budgets, open_budgets
from core.clock import Clock, SteadyClock, SystemClock
from core.errors import BadSettings
from core.eventlog.base import EventLog
from core.eventlog.failover import DetachedEvents, FailoverEventLog
from core.eventlog.memory import MemoryEventLog
from core.eventlog.redis import RedisEventLog
from core.fetching.notebook import NotebookFetcher
from core.hunting.activity import Activity
from core.hunting.checks.robustness_service import RobustnessService
from core.hunting.checks.second_opinions_on_request import ConfirmService
from core.hunting.checks.two_sided_service import TwoSidedService
from core.hunting.interrupt_unfinished_work import interrupt_abandoned
from core.hunting.judge_reports import JudgeReports, open_judge_reports
from core.hunting.open_session import Entropy
from core.hunting.opening import Adapters, open_hunting
from core.hunting.records import call_record
from core.hunting.reviews.review_service import ReviewService
from core.hunting.reviews.second_reviews import SecondReviewService
from core.hunting.reviews.turns import TurnService
from core.hunting.service import HuntingService
from core.hunting.sharing import SharingService
from core.hunting.status.collector import StatusCollector
from core.hunting.task_list import TaskService
from core.hunting.telemetry_redactor import TelemetryRedactor, open_telemetry_redactor
from core.large_input import LargeInputExecutor, open_large_input_executor
from core.livetext.base import LiveText
from core.livetext.redis import open_live_text
from core.providers.http import ProviderHttp, open_fetching, open_http
from core.providers.model_catalog import Catalog, build_catalog, configured_limits
from core.providers.model_list.refresh import open_model_lists
from core.redis.client import RedisClients, open_redis
from core.redis.health import RedisHealth
from core.sessions.base import SessionStore
from core.sessions.durable import DurableSessionStore
from core.sessions.opening import EventHooks, open_durable_sessions, open_memory_sessions, open_redis_sessions
from core.settings import Settings
from core.simulator.provider import SimulatedProvider, simulated_providers
from core.telemetry.records import ProcessRecord
from core.telemetry.writer import TelemetryWriter, open_telemetry
from core.throttle.base import Throttle
from core.throttle.redis import open_throttle


@dataclass(frozen=True, kw_only=True)
class Runtime:
    settings: Settings
    clock: SteadyClock
    store: SessionStore
    events: EventLog
    live_text: LiveText
    catalog: Catalog
    budgets: Budgets
    service: HuntingService
    confirming: ConfirmService
    two_sided: TwoSidedService
    robustness: RobustnessService
    reviews: ReviewService
    second_reviews: SecondReviewService
    sharing: SharingService
    turns: TurnService
    tasks: TaskService
    status: StatusCollector
    large_input: LargeInputExecutor
    fetcher: NotebookFetcher
    telemetry: TelemetryWriter
    redactor: TelemetryRedactor
    activity: Activity
    judges: JudgeReports
    on_close: Callable[[Callable[[], Awaitable[None]]], object]
    """Registers a callback that runs at shutdown, before any component is closed."""
    draining: asyncio.Event
    """Set at shutdown: the readiness check fails and event streams close with a reconnect event."""


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Entropy = secrets.token_bytes,
    seed: int | None = None,
    resume: bool = True,
) -> AsyncIterator[Runtime]:
    """Open all components until the block ends. `seed` fixes the retry jitter, for tests. Without `resume`, work that
    an earlier process broke off is not continued."""
    clock = SteadyClock(clock or SystemClock())
    draining = asyncio.Event()
    async with AsyncExitStack() as closing:
        enter = closing.enter_async_context
        use, durable = await enter(_open_adapters(settings, clock, entropy, seed=seed, resume=resume))
        hunting = await enter(open_hunting(settings, use, draining.is_set))
        judges = await enter(open_judge_reports(settings.telemetry, clock))
        limits = settings.notebooks
        direct, proxied = await enter(open_fetching(settings.calls, limits.fetch_timeout_s))
        use.telemetry.record(ProcessRecord(action="started", instance=use.instance, version=__version__))
        yield Runtime(
            settings=settings,
            clock=clock,
            store=use.store,
            events=use.events,
            live_text=use.live_text,
            catalog=use.catalog,
            budgets=use.budgets,
            service=hunting.service,
            confirming=hunting.confirming,
            two_sided=hunting.two_sided,
            robustness=hunting.robustness,
            reviews=hunting.reviews,
            second_reviews=hunting.second_reviews,
            sharing=hunting.sharing,
            turns=hunting.turns,
            tasks=TaskService(durable, clock),
            status=hunting.status,
            large_input=use.large_input,
            fetcher=NotebookFetcher(direct, proxied, limits.hosts, limits.max_bytes, limits.fetch_timeout_s),
            telemetry=use.telemetry,
            redactor=use.redactor,
            activity=use.activity,
            judges=judges,
            on_close=closing.push_async_callback,
            draining=draining,
        )


@asynccontextmanager
async def _open_adapters(
    settings: Settings, clock: SteadyClock, entropy: Entropy, *, seed: int | None, resume: bool
) -> AsyncIterator[tuple[Adapters, DurableSessionStore | None]]:
    """What work needs, and the durable session store if there is a library."""
    _refuse_role_without_redis(settings)
    started_at = clock.monotonic()
    instance = settings.server.instance or f"{socket.gethostname()}-{os.getpid()}"
    process = f"{instance}-{secrets.token_hex(4)}"
    activity, timeout_s = Activity(), settings.redis.timeout_s
    on_bug = activity.record_unexpected_error
    async with AsyncExitStack() as closing:
        enter = closing.enter_async_context
        large_input = await enter(open_large_input_executor(settings.notebooks.max_large_waiting))
        redis = await enter(open_redis(settings.redis, instance)) if settings.redis.url else None
        store, durable, events, reattached = await enter(
            _open_durable_stores(settings, clock, instance, redis, on_bug, resume=resume)
        )
        http = await enter(open_http(settings.calls))
        telemetry = await enter(open_telemetry(instance, settings.telemetry, clock))
        library = None if durable is None else durable.library
        redactor = TelemetryRedactor(
            telemetry, Path(settings.telemetry.directory), settings.telemetry.retention_days, library, clock
        )
        await enter(open_telemetry_redactor(redactor, on_bug))
        limits = configured_limits(settings.providers)
        throttle = await enter(
            open_throttle(
                redis, process, limits, settings=settings.throttle, timeout_s=timeout_s, clock=clock, on_bug=on_bug
            )
        )
        live_text = await enter(open_live_text(redis, process, clock, on_bug, timeout_s=timeout_s))
        budgets = open_budgets(settings, redis, clock, process)
        catalog = _build_catalog(settings, http, throttle, telemetry, clock, budgets=budgets, seed=seed)
        closing.push_async_callback(catalog.close)
        await enter(open_model_lists(catalog.lists, on_bug))
        adapters = Adapters(
            clock=clock,
            store=store,
            events=events,
            reattached=reattached,
            redis=redis,
            catalog=catalog,
            budgets=budgets,
            throttle=throttle,
            live_text=live_text,
            large_input=large_input,
            telemetry=telemetry,
            redactor=redactor,
            activity=activity,
            entropy=entropy,
            instance=instance,
            process=process,
            started_at=started_at,
        )
        yield adapters, durable


def _refuse_role_without_redis(settings: Settings) -> None:
    if settings.server.role != "both" and not settings.redis.url:
        raise BadSettings(
            f"ROLE={settings.server.role} needs Redis. Without Redis, a single process must do everything.",
            hint="Set REDIS_URL, or ROLE=both.",
        )


def _build_catalog(
    settings: Settings,
    http: ProviderHttp,
    throttle: Throttle,
    telemetry: TelemetryWriter,
    clock: SteadyClock,
    *,
    budgets: Budgets,
    seed: int | None,
) -> Catalog:
    return build_catalog(
        settings,
        http,
        throttle,
        simulated=simulated_providers(settings.providers, settings.calls, clock),
        simulated_models=SimulatedProvider.models,
        on_call=lambda end: telemetry.record(call_record(end)),
        clock=clock,
        chance=random.Random(seed),
        budgets=budgets,
    )


@asynccontextmanager
async def _open_durable_stores(
    settings: Settings,
    clock: SteadyClock,
    instance: str,
    redis: RedisClients | None,
    on_bug: Callable[[BaseException], None],
    *,
    resume: bool,
) -> AsyncIterator[tuple[SessionStore, DurableSessionStore | None, EventLog, set[str]]]:
    """The session store, the same one if it has a library, its event log, and the IDs of sessions whose work may need
    to be resumed."""
    async with _open_stores(settings, clock, instance, redis, on_bug) as (live, events, reattached):
        if not settings.library.enabled:
            yield live, None, events, reattached
            return
        async with open_durable_sessions(
            live,
            settings,
            clock,
            instance=instance,
            end_work=lambda copy: interrupt_abandoned(copy, clock.now()),
            reattached=reattached,
            on_bug=on_bug,
            resume=resume,
        ) as durable:
            yield durable, durable, events, reattached


@asynccontextmanager
async def _open_stores(
    settings: Settings,
    clock: SteadyClock,
    instance: str,
    redis: RedisClients | None,
    on_bug: Callable[[BaseException], None],
) -> AsyncIterator[tuple[SessionStore, EventLog, set[str]]]:
    """The session store, its event log, and the IDs of sessions whose work may need to be resumed."""
    memory = MemoryEventLog(clock, settings.sessions.max_events)
    local = EventHooks(append=memory.append_now, forget=memory.forget_now, begin=memory.start_after)
    if redis is None:
        async with open_memory_sessions(settings.sessions, clock, local) as alone:
            yield alone, memory, set()
        return
    health = RedisHealth(redis.commands, clock, instance=instance, timeout_s=settings.redis.timeout_s)
    health.on_time = clock.follow
    log = RedisEventLog(
        redis,
        clock,
        ttl_s=settings.sessions.ttl_s,
        max_events=settings.sessions.max_events,
        block_s=settings.redis.block_s,
        timeout_s=settings.redis.timeout_s,
        on_fault=health.mark_down,
        on_bug=on_bug,
    )
    async with (
        open_redis_sessions(
            redis,
            health,
            clock,
            instance=instance,
            sessions=settings.sessions,
            redis=settings.redis,
            events=local,
            detached_events=DetachedEvents(log, memory),
            end_watchers=log.end,
            on_bug=on_bug,
        ) as store,
        log.reading(),
    ):
        yield store, FailoverEventLog(log, memory, store), store.reattached
