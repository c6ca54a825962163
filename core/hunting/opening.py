"""Opens the application: hunter, runner, dispatcher, cluster, and the objects that the interfaces call."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from core.budget.budgets import Budgets
from core.clock import Clock
from core.errors import RedisAway
from core.eventlog.base import EventLog
from core.hunting.activity import Activity
from core.hunting.checks.propose_edits import EditProposer
from core.hunting.checks.reference_check import Checker
from core.hunting.checks.rejudge import Rejudger
from core.hunting.checks.robustness import RobustnessTester
from core.hunting.checks.robustness_service import RobustnessService
from core.hunting.checks.second_opinions_on_request import Confirmer, ConfirmService
from core.hunting.checks.two_sided import TwoSidedChecker
from core.hunting.checks.two_sided_service import TwoSidedService
from core.hunting.dispatch.base import Dispatcher, Job, JobKind, PartClaims, Work
from core.hunting.dispatch.claims import LeaseConfig
from core.hunting.dispatch.local import LocalDispatcher
from core.hunting.dispatch.shared import open_shared
from core.hunting.hunts.hunter import Hunter
from core.hunting.hunts.second_opinions import SecondOpinions
from core.hunting.model_checks import ModelChecks
from core.hunting.open_session import Entropy
from core.hunting.resume_restored_sessions import Resumer, open_resumer
from core.hunting.reviews.review_service import ReviewService
from core.hunting.reviews.second_reviews import SecondReviewService
from core.hunting.reviews.turns import TurnService
from core.hunting.runs.offers import CatalogOffers
from core.hunting.runs.part_worker import PartWorker
from core.hunting.runs.runner import Runner
from core.hunting.runs.second_opinions_of_run import RunOpinions
from core.hunting.service import HuntingService
from core.hunting.sharing import SharingService
from core.hunting.status.cluster import Cluster, open_cluster
from core.hunting.status.collector import StatusCollector
from core.hunting.telemetry_redactor import TelemetryRedactor
from core.judge.judge import Judge
from core.judge.question import AnswerTexts, ReadAnswer, read_with_evidence
from core.large_input import LargeInputExecutor
from core.livetext.base import LiveText
from core.providers.model_catalog import Catalog
from core.redis.client import RedisClients
from core.sessions.base import SessionStore
from core.settings import CallSettings, Settings
from core.telemetry.writer import TelemetryWriter
from core.throttle.base import Throttle

LOCAL_RESUME_S = 0.2
"""Without Redis: between two looks at the sessions to resume."""


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
    budgets: Budgets
    throttle: Throttle
    live_text: LiveText
    large_input: LargeInputExecutor
    telemetry: TelemetryWriter
    redactor: TelemetryRedactor
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
    confirming: ConfirmService
    two_sided: TwoSidedService
    robustness: RobustnessService
    reviews: ReviewService
    second_reviews: SecondReviewService
    sharing: SharingService
    turns: TurnService
    status: StatusCollector


@asynccontextmanager
async def open_hunting(settings: Settings, use: Adapters, is_draining: Callable[[], bool]) -> AsyncIterator[Hunting]:
    """Start work on jobs. At the end of the block, jobs are drained or handed back, with the store still open."""
    on_bug = use.activity.record_unexpected_error
    own = settings.hunting.idempotency_secret.encode()
    cluster = Cluster(use.process, own or use.entropy(32), use.redis, settings.hunting, settings.redis.timeout_s)
    async with AsyncExitStack() as closing:
        dispatcher = await closing.enter_async_context(_open_dispatcher(settings, _work(settings, use), use))
        # alone, no earlier worker can still run
        pause_s = LOCAL_RESUME_S if use.redis is None else settings.hunting.part_lease_s
        resumer = Resumer(use.store, dispatcher, use.reattached, pause_s, on_bug)
        await closing.enter_async_context(open_resumer(resumer))
        with contextlib.suppress(RedisAway):  # the status reports it; the first heartbeat shares the secret
            await cluster.share_secret()
        status = StatusCollector(
            store=use.store,
            events=use.events,
            catalog=use.catalog,
            budgets=use.budgets,
            people=tuple(dict.fromkeys(one.name for one in settings.access.tokens)) or ("",),
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
        yield _services(settings, use, dispatcher, cluster, status)


def _services(
    settings: Settings, use: Adapters, dispatcher: Dispatcher, cluster: Cluster, status: StatusCollector
) -> Hunting:
    """Build what the interfaces call."""
    write_record = use.telemetry.record
    models = ModelChecks(use.catalog, use.budgets, CatalogOffers(use.catalog, settings.calls), use.clock)
    max_bytes = settings.sessions.max_bytes
    service = HuntingService(
        store=use.store,
        dispatcher=dispatcher,
        models=models,
        clock=use.clock,
        large_input=use.large_input,
        entropy=use.entropy,
        secret=lambda: cluster.secret,
        write_record=write_record,
        on_deleted=use.redactor.add,
        hunting=settings.hunting,
        notebooks=settings.notebooks,
        max_session_bytes=max_bytes,
    )
    people = settings.access.tokens
    reviews = ReviewService(
        use.store,
        use.clock,
        settings.review,
        write_record,
        max_session_bytes=max_bytes,
        record_tasks=settings.telemetry.max_reply_chars > 0,
    )
    return Hunting(
        service=service,
        confirming=ConfirmService(use.store, dispatcher, use.clock, models),
        two_sided=TwoSidedService(
            use.store,
            dispatcher,
            use.clock,
            models,
            max_criteria=settings.hunting.max_criteria,
            max_session_bytes=max_bytes,
        ),
        robustness=RobustnessService(use.store, dispatcher, use.clock, models, max_bytes),
        reviews=reviews,
        second_reviews=SecondReviewService(use.store, use.clock, reviews, people),
        sharing=SharingService(use.store, use.clock, people, max_bytes),
        turns=TurnService(use.store, settings.hunting, max_bytes),
        status=status,
    )


def build_judge(calls: CallSettings, catalog: Catalog, activity: Activity, large_input: LargeInputExecutor) -> Judge:
    async def read_long(chars: int, texts: AnswerTexts) -> ReadAnswer | None:
        read: ReadAnswer | None = await large_input.read(chars, read_with_evidence, *texts, always_waits=True)
        return read

    return Judge(catalog, calls, activity.record_unexpected_error, read_long=read_long)


def _work(settings: Settings, use: Adapters) -> Work:
    calls, write_record = settings.calls, use.telemetry.record
    judge = build_judge(calls, use.catalog, use.activity, use.large_input)
    hunter = Hunter(use.catalog, judge, use.clock, calls.target_max_output_tokens)
    opinions, step_s = SecondOpinions(judge, use.clock), settings.hunting.blind_outcome_step_s
    parts = PartWorker(
        use.store,
        hunter,
        use.clock,
        use.activity,
        write_record,
        use.telemetry.flush,
        opinions=RunOpinions(use.store, opinions, use.clock, step_s),
        live_text=use.live_text,
        blind_outcome_step_s=step_s,
        max_reply_chars=settings.telemetry.max_reply_chars,
    )
    runner = Runner(
        use.store,
        use.clock,
        use.activity,
        write_record,
        parts,
        calls=calls,
        hunting=settings.hunting,
        max_queued_calls=settings.throttle.max_queued_calls,
    )
    checker = Checker(use.store, judge, use.clock, write_record)
    proposer = EditProposer(use.store, use.catalog, use.clock, calls)
    two_sided = TwoSidedChecker(use.store, judge, use.clock, write_record, calls.max_same_failures)
    robustness = RobustnessTester(use.store, judge, use.clock, write_record, calls.max_same_failures)
    rejudger = Rejudger(use.store, hunter, use.clock, write_record, calls.retry_budget_ratio, step_s)
    confirmer = Confirmer(
        use.store,
        opinions,
        use.clock,
        write_record,
        retry_budget_ratio=calls.retry_budget_ratio,
        outcome_step_s=step_s,
        max_reply_chars=settings.telemetry.max_reply_chars,
    )

    async def work(job: Job, claims: PartClaims) -> None:
        if job.kind is JobKind.RUN:
            await runner.work(job.session_id, job.key, claims)
        elif job.kind is JobKind.JUDGING:
            await rejudger.work(job.session_id, job.key, claims)
        elif job.kind is JobKind.CONFIRMING:
            await confirmer.work(job.session_id, job.key, claims)
        elif job.kind is JobKind.EDITS:
            await proposer.work(job.session_id, claims)
        elif job.kind is JobKind.TWO_SIDED:
            await two_sided.work(job.session_id, claims)
        elif job.kind is JobKind.ROBUSTNESS:
            await robustness.work(job.session_id, claims)
        else:
            await checker.work(job.session_id, claims)

    return work


@asynccontextmanager
async def _open_dispatcher(settings: Settings, work: Work, use: Adapters) -> AsyncIterator[Dispatcher]:
    on_bug = use.activity.record_unexpected_error
    if use.redis is None:
        local = LocalDispatcher(work, on_bug)
        try:
            yield local
        finally:  # also on Ctrl-C: jobs save their results while the store is open
            await local.drain(settings.server.drain_timeout_s)
        return
    lease, works = LeaseConfig.of(settings), settings.server.role != "api"
    async with open_shared(work, on_bug, use.redis, use.process, lease, works=works) as dispatcher:
        yield dispatcher
