"""Collects a session's snapshot, the health status and the admin status."""

from __future__ import annotations

from dataclasses import dataclass

from core import __version__
from core.budget.budgets import Budgets
from core.clock import Clock
from core.domain.verdict import Outcome
from core.eventlog.base import EventLog
from core.hunting.activity import Activity
from core.hunting.dispatch.base import Dispatcher, JobKind
from core.hunting.hunts.queries import hunts_on_desk
from core.hunting.status.cluster import Cluster, limit_conflicts, totals
from core.hunting.views.sessions import SessionView, session_view
from core.providers.model_catalog import Catalog
from core.review.refuted import with_refuted
from core.sessions.base import SessionStore, StoreState
from core.settings import ServerSettings
from core.status import (
    AdminStatus,
    BudgetState,
    Health,
    HealthState,
    HuntNumbers,
    InstanceStatus,
    LibraryStatus,
    ProviderStatus,
    RedisState,
    RunNumbers,
    SessionNumbers,
    StreamNumbers,
    TelemetryNumbers,
)
from core.telemetry.writer import TelemetryWriter
from core.throttle.base import Throttle


@dataclass(frozen=True, kw_only=True)
class StatusCollector:
    store: SessionStore
    events: EventLog
    catalog: Catalog
    budgets: Budgets
    people: tuple[str, ...]
    """Everybody who may sign in; "" without sign-in."""
    throttle: Throttle
    dispatcher: Dispatcher
    telemetry: TelemetryWriter
    activity: Activity
    cluster: Cluster
    clock: Clock
    server: ServerSettings
    redis_configured: bool
    session_ttl_s: float
    instance: str
    started_at: float
    """Monotonic seconds at process start."""

    async def snapshot(self, session_id: str) -> SessionView:
        """Return everything that the page shows except hunts. `last_event_id` is read first, so that a stream from
        there misses no event."""
        last_event_id = await self.events.last_id(session_id)
        session = await self.store.read(session_id)
        on_desk = await hunts_on_desk(self.store, session)
        return session_view(
            session,
            with_refuted(session, await self.store.counts(session_id), on_desk),
            on_desk,
            now=self.clock.now(),
            ttl_s=self.session_ttl_s,
            default_judge=self.catalog.default_judge,
            last_event_id=last_event_id,
        )

    def health(self, *, draining: bool) -> Health:
        status, reason, store = "healthy", "", self.store.state()
        if draining:
            status, reason = "unhealthy", "The server is shutting down."
        elif store.reason:
            status, reason = "degraded", store.reason
        elif store.library and store.library.problem:
            status, reason = "degraded", store.library.problem
        return Health(
            status=status,  # type: ignore[arg-type]
            reason=reason,
            version=__version__,
            revision=self.server.revision,
            sessions_backend=store.backend,
            simulated_only=not any(p.usable and not p.simulated for p in self.catalog.providers()),
        )

    async def status(self, *, draining: bool) -> AdminStatus:
        instances = self.cluster.instances(self.here(draining=draining))
        health, telemetry, store = self.health(draining=draining), self.telemetry.status(), self.store.state()
        return AdminStatus(
            instance=self.instance,
            version=__version__,
            revision=self.server.revision,
            uptime_s=round(self.clock.monotonic() - self.started_at, 1),
            health=HealthState(status=health.status, reason=health.reason),
            sessions=SessionNumbers(backend=store.backend, count=await self.store.count()),
            redis=RedisState(
                configured=self.redis_configured,
                connected=store.backend == "redis",
                reason=store.reason,
                since=store.since,
                latency_ms=store.latency_ms,
                sessions_away=store.away,
                journal_bytes=store.journal_bytes,
            ),
            library=_library_status(store),
            providers=self._providers(),
            runs=RunNumbers(
                active=self.dispatcher.active(JobKind.RUN),
                started=self.activity.runs_started,
                finished=self.activity.runs_finished,
            ),
            hunts=_hunt_numbers(self.activity),
            event_streams=StreamNumbers(open=self.events.watchers(), limit=self.server.max_event_streams),
            telemetry=TelemetryNumbers(
                queued=telemetry.queued,
                queued_bytes=telemetry.queued_bytes,
                written=telemetry.written,
                dropped=telemetry.dropped,
                failed=telemetry.failed,
            ),
            bugs=self.activity.bugs,
            instances=instances,
            limit_conflicts=limit_conflicts(instances),
            totals=totals(instances),
            budgets=await self._budgets(),
        )

    def here(self, *, draining: bool) -> InstanceStatus:
        """Return this process's own status, as sent to the cluster."""
        loads = self.throttle.load()
        return InstanceStatus(
            instance=self.instance,
            version=__version__,
            role=self.server.role,
            status=self.health(draining=draining).status,
            runs=self.dispatcher.active(JobKind.RUN),
            hunts=self.activity.hunts_active,
            hunts_done=sum(self.activity.outcomes.values()),
            event_streams=self.events.watchers(),
            in_flight=sum(load.in_flight for load in loads),
            queued=sum(load.queued for load in loads),
            uptime_s=round(self.clock.monotonic() - self.started_at, 1),
            last_seen=self.clock.now(),
            limits={load.account: load.ceiling for load in loads},
        )

    async def _budgets(self) -> tuple[BudgetState, ...]:
        if not self.budgets.active:
            return ()
        accounts = [row.account for row in self.catalog.providers() if row.usable and not row.simulated]
        states = await self.budgets.states(self.people, accounts)
        return tuple(s for s in states if s.kind == "account" or s.spent_usd or s.reserved_usd or s.unknown_calls)

    def _providers(self) -> tuple[ProviderStatus, ...]:
        loads = {load.account: load for load in self.throttle.load()}
        rows = self.catalog.providers()
        return tuple(
            ProviderStatus(
                name=row.name,
                account=row.account,
                limit=loads[row.account].limit,
                ceiling=loads[row.account].ceiling,
                limit_reason=loads[row.account].reason,
                limit_changed_at=loads[row.account].changed_at,
                in_flight=loads[row.account].in_flight,
                queued=loads[row.account].queued,
                usable=row.usable,
                why_not=row.why_not,
                simulated=row.simulated,
                **self.catalog.numbers(row.name).model_dump(),
            )
            for row in rows
        )


def _library_status(store: StoreState) -> LibraryStatus:
    if store.library is None:
        return LibraryStatus(configured=False, available=False)
    numbers = store.library.model_dump(exclude={"problem"})
    return LibraryStatus(configured=True, available=not store.library.problem, reason=store.library.problem, **numbers)


def _hunt_numbers(activity: Activity) -> HuntNumbers:
    by_outcome = {outcome.value: activity.outcomes[outcome.value] for outcome in Outcome}
    return HuntNumbers(active=activity.hunts_active, done=sum(by_outcome.values()), **by_outcome)
