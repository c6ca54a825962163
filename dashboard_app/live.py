"""What the API says of itself now: `GET /api/admin/status`, as a value, or as a value that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from core.access.passes import COOKIE

PATH = "/api/admin/status"
TIMEOUT = httpx.Timeout(3.0, connect=2.0)
"""Seconds. A status that takes longer is as good as none: the next question comes soon."""

RETRYING = "Retrying automatically."
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Told(BaseModel):
    """What the API says, of whatever version: unknown fields are left aside, missing ones have their default.

    A field with a default that holds something else than is expected is taken for missing; one without makes the
    whole answer one that is not ours.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_missing(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return handler(value)
        except ValidationError:
            field = cls.model_fields[info.field_name or ""]
            if field.is_required():
                raise
            return field.get_default()


class Health(Told):
    status: str
    reason: str = ""


class Sessions(Told):
    backend: str
    count: int


class Redis(Told):
    configured: bool = False
    connected: bool = False
    reason: str = ""
    """Why memory stands in."""
    sessions_away: int = 0
    """Sessions with changes that are in memory and in the journal only."""
    journal_bytes: int = 0


class Instance(Told):
    """Another process of the API, as this one knows it."""

    instance: str
    version: str = ""
    hunts: int = 0
    event_streams: int = 0
    last_seen: datetime | None = None


class Provider(Told):
    name: str
    account: str = ""
    limit: int = 0
    ceiling: int = 0
    """The configured limit, where the present one adapts; 0: not told."""
    limit_reason: str = ""
    """Of the limit's last change."""
    limit_changed_at: datetime | None = None
    in_flight: int = 0
    queued: int = 0
    requests: int = 0
    errors: int = 0
    rate_limited: int = 0
    retries: int = 0
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    usable: bool = True
    why_not: str = ""
    simulated: bool = False


class Runs(Told):
    active: int = 0
    queued: int = 0
    started: int = 0
    finished: int = 0


class Hunts(Told):
    active: int = 0
    done: int = 0
    broke: int = 0
    held: int = 0
    undetermined: int = 0
    error: int = 0
    cancelled: int = 0


class EventStreams(Told):
    open: int = 0
    limit: int = 0


class Telemetry(Told):
    queued: int = 0
    written: int = 0
    dropped: int = 0
    failed: int = 0


class LimitConflict(Told):
    """Processes that were started with different concurrencies for one account."""

    account: str
    limits: dict[str, int] = {}


class Status(Told):
    """One process of the API; behind a balancer another one may answer next time."""

    instance: str
    version: str
    revision: str = ""
    uptime_s: float = 0.0
    health: Health
    sessions: Sessions
    redis: Redis = Redis()
    providers: tuple[Provider, ...] = ()
    runs: Runs = Runs()
    hunts: Hunts = Hunts()
    event_streams: EventStreams = EventStreams()
    telemetry: Telemetry = Telemetry()
    instances: tuple[Instance, ...] = ()
    limit_conflicts: tuple[LimitConflict, ...] = ()
    bugs: int = 0

    @property
    def in_flight(self) -> int:
        return sum(provider.in_flight for provider in self.providers)

    @property
    def queued(self) -> int:
        return sum(provider.queued for provider in self.providers)


@dataclass(frozen=True)
class Silence:
    """No status: what happened, and what the reader can do."""

    what: str
    hint: str


def _how_to_start(host: str) -> str:
    """Here it is a program of this machine; elsewhere a container or another machine, where nobody runs make."""
    if host in LOOPBACK:
        return "Start the API with make run, or check why it ended."
    return (
        f"Check why the API at {host} is not running; with Docker: docker-compose ps, "
        "docker-compose logs model-hunter, ./deploy.sh status."
    )


def ask_status(client: httpx.Client, with_pass: str = "") -> Status | Silence:
    """Asks once. `client` has the API's address; `with_pass` says that an admin asks; expected failures come back as
    Silence."""
    address = str(client.base_url).rstrip("/")
    try:
        answer = client.get(PATH, headers={"Cookie": f"{COOKIE}={with_pass}"} if with_pass else None)
    except httpx.TimeoutException:
        return Silence(
            f"The API at {address} did not answer within {TIMEOUT.read:g} s.",
            f"It may be overloaded or stuck; check its log. {RETRYING}",
        )
    except httpx.HTTPError:
        return Silence(
            f"Nothing answers at {address}.",
            f"{_how_to_start(client.base_url.host)} Or set API_URL to where it is. {RETRYING}",
        )
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return Silence(
            f"The API at {address} does not let this dashboard see its state ({answer.status_code}).",
            "Give both the same HUNTER_TOKENS, with an admin among them; without tokens, put the host of API_URL into "
            f"the API's HUNTER_HOSTS. {RETRYING}",
        )
    if answer.status_code != httpx.codes.OK:
        return Silence(
            f"The API at {address} answered with status {answer.status_code} instead of its state.",
            f"It may be starting, draining or in maintenance; check its log. {RETRYING}",
        )
    try:
        return Status.model_validate_json(answer.content)
    except ValidationError:
        return Silence(
            f"What answers at {address} is not Model Hunter's API, or one of another version.",
            f"Set API_URL to the API's address, without a path. {RETRYING}",
        )
