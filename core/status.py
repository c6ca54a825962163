"""The status that a process reports: to operators, to the dashboard and to the other processes. Contains no secrets and
no session IDs.

The API writes these types, the dashboard reads them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.domain.value import Value
from core.domain.verdict import Outcome

BudgetKind = Literal["user", "account"]
HealthStatus = Literal["healthy", "degraded", "unhealthy"]


class Health(Value):
    status: HealthStatus
    reason: str = ""
    version: str
    revision: str
    """Revision of the build; a deploy checks that the new one answers."""
    sessions_backend: str
    simulated_only: bool
    """No provider has a key, so all hunts are simulated."""


class HealthState(Value):
    status: HealthStatus
    reason: str = ""


class SessionNumbers(Value):
    backend: str
    count: int


class RedisState(Value):
    configured: bool
    connected: bool
    """Whether sessions are in Redis now. False during a fallback to memory, and without REDIS_URL."""
    reason: str = ""
    since: datetime | None = None
    """Start of the fallback to memory."""
    latency_ms: float | None = None
    sessions_away: int = 0
    """Sessions with changes that are only in memory and the journal, not yet in Redis."""
    journal_bytes: int = 0


class LibraryStatus(Value):
    configured: bool
    """False with LIBRARY_URL=off."""
    available: bool
    """The last write succeeded."""
    reason: str = ""
    waiting: int = 0
    """Sessions with changes that are only in this process."""
    behind_s: float = 0.0
    """Age of the oldest change that is not in the library."""
    journal_bytes: int = 0
    """Changes on disk that wait for the library."""
    rejected: int = 0
    """Sessions whose changes the database rejected: a fault to report."""


class ProviderStatus(Value):
    name: str
    account: str
    limit: int
    """Current maximum of concurrent calls, over all processes."""
    ceiling: int
    """The configured concurrency."""
    limit_reason: str
    """Why the limit last changed; "" if it never did."""
    limit_changed_at: datetime | None
    in_flight: int
    queued: int
    requests: int
    errors: int
    rate_limited: int
    retries: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    usable: bool
    why_not: str
    simulated: bool


class BudgetState(Value):
    """What is left of one daily budget (UTC)."""

    kind: BudgetKind
    name: str
    """The account, or the person; "" without sign-in, and where persons are not named."""
    limit_usd: float
    spent_usd: float
    reserved_usd: float
    """Expected cost of the calls in flight."""
    left_usd: float
    unknown_calls: int
    """Calls of unknown cost, which the budget cannot count."""
    shared: bool
    """Whether the numbers are of all processes; false while Redis is away, and without it."""


class RunNumbers(Value):
    active: int
    started: int
    finished: int


class HuntNumbers(Value):
    """`active` is the current number; the others count since the process start."""

    active: int
    done: int
    broke: int
    held: int
    undetermined: int
    error: int
    cancelled: int
    interrupted: int

    def outcomes(self) -> dict[str, int]:
        return {outcome.value: getattr(self, outcome.value) for outcome in Outcome}


class StreamNumbers(Value):
    open: int
    limit: int


class TelemetryNumbers(Value):
    queued: int
    queued_bytes: int = 0
    """Approximate memory of the queued records."""
    written: int
    dropped: int
    failed: int


class InstanceStatus(Value):
    """The status that a process reports about itself."""

    instance: str
    version: str
    role: str
    status: str
    """healthy, degraded or unhealthy."""
    runs: int
    hunts: int
    """Active hunts."""
    hunts_done: int
    event_streams: int
    in_flight: int
    queued: int
    uptime_s: float
    last_seen: datetime
    limits: dict[str, int] = Field(default_factory=dict)
    """Its configured concurrency by account."""


class Totals(Value):
    """Sums over all live processes."""

    instances: int
    runs: int
    hunts: int
    hunts_done: int
    event_streams: int
    in_flight: int
    queued: int


class LimitConflict(Value):
    """Processes with one Redis were started with different concurrency limits for one account."""

    account: str
    limits: dict[str, int]
    """Limits by process. The smallest limit applies while its process uses the account."""


class AdminStatus(Value):
    instance: str
    version: str
    revision: str
    uptime_s: float
    health: HealthState
    sessions: SessionNumbers
    redis: RedisState
    library: LibraryStatus = LibraryStatus(configured=False, available=False)
    providers: tuple[ProviderStatus, ...]
    runs: RunNumbers
    hunts: HuntNumbers
    event_streams: StreamNumbers
    telemetry: TelemetryNumbers
    bugs: int
    instances: tuple[InstanceStatus, ...] = ()
    """Every process with the same Redis, including this one. All other fields except `totals` and `limit_conflicts`
    are of this process."""
    limit_conflicts: tuple[LimitConflict, ...] = ()
    """Accounts for which these processes have different concurrency limits."""
    totals: Totals
    budgets: tuple[BudgetState, ...] = ()
    """Daily budgets of all accounts, and of the people who have spent something today. Empty without budgets."""
