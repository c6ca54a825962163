"""Fetches and parses the API's status (`GET /api/admin/status`)."""

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
"""Seconds. Shorter than the wait for a late status is worth: the page polls again soon."""

RETRYING = "Retrying automatically."
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ApiModel(BaseModel):
    """Base of the API's models. Accepts other versions of the API: unknown fields are ignored, missing ones default.

    An invalid value counts as missing if the field has a default; otherwise the whole response is invalid.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="wrap")
    @classmethod
    def _default_if_invalid(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return handler(value)
        except ValidationError:
            field = cls.model_fields[info.field_name or ""]
            if field.is_required():
                raise
            return field.get_default()


class Health(ApiModel):
    status: str
    reason: str = ""


class Sessions(ApiModel):
    backend: str
    count: int


class Redis(ApiModel):
    configured: bool = False
    connected: bool = False
    reason: str = ""
    """Why sessions are in memory."""
    sessions_away: int = 0
    """Sessions with changes that only memory and the journal hold."""
    journal_bytes: int = 0


class Instance(ApiModel):
    """An API process, as the responding process knows it."""

    instance: str
    version: str = ""
    hunts: int = 0
    event_streams: int = 0
    last_seen: datetime | None = None


class Provider(ApiModel):
    name: str
    account: str = ""
    limit: int = 0
    ceiling: int = 0
    """The configured limit, if `limit` adapts; 0: not reported."""
    limit_reason: str = ""
    """Reason for the limit's last change."""
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


class Runs(ApiModel):
    active: int = 0
    queued: int = 0
    started: int = 0
    finished: int = 0


class Hunts(ApiModel):
    active: int = 0
    done: int = 0
    broke: int = 0
    held: int = 0
    undetermined: int = 0
    error: int = 0
    cancelled: int = 0


class EventStreams(ApiModel):
    open: int = 0
    limit: int = 0


class Telemetry(ApiModel):
    queued: int = 0
    written: int = 0
    dropped: int = 0
    failed: int = 0


class LimitConflict(ApiModel):
    """Processes configured with different concurrency limits for one account."""

    account: str
    limits: dict[str, int] = {}


class Status(ApiModel):
    """Status of one API process; behind a load balancer, the next response may come from another."""

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
    """No status: what happened, and what to do."""

    what: str
    hint: str


def _how_to_start(host: str) -> str:
    """On localhost the API is a local program; elsewhere it is a container or another machine, without make."""
    if host in LOOPBACK:
        return "Start the API with make run, or check its log."
    return (
        f"Check that the API at {host} is running. With Docker: docker-compose ps, "
        "docker-compose logs model-hunter, ./deploy.sh status."
    )


def ask_status(client: httpx.Client, admin_pass: str = "") -> Status | Silence:
    """Send one request. `client` has the API's base URL, `admin_pass` an admin's pass. Expected failures return
    Silence."""
    address = str(client.base_url).rstrip("/")
    try:
        answer = client.get(PATH, headers={"Cookie": f"{COOKIE}={admin_pass}"} if admin_pass else None)
    except httpx.TimeoutException:
        return Silence(
            f"No response from {address} within {TIMEOUT.read:g} s.",
            f"The API may be overloaded or stuck; check its log. {RETRYING}",
        )
    except httpx.HTTPError:
        return Silence(
            f"Couldn't connect to {address}.",
            f"{_how_to_start(client.base_url.host)} Or set API_URL to its address. {RETRYING}",
        )
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return Silence(
            f"The API at {address} denied access to its status ({answer.status_code}).",
            "Use the same HUNTER_TOKENS for the API and the dashboard, with at least one admin. Without tokens, add "
            f"the host of API_URL to the API's HUNTER_HOSTS. {RETRYING}",
        )
    if answer.status_code != httpx.codes.OK:
        return Silence(
            f"The API at {address} answered with HTTP status {answer.status_code}.",
            f"It may be starting, draining or in maintenance; check its log. {RETRYING}",
        )
    try:
        return Status.model_validate_json(answer.content)
    except ValidationError:
        return Silence(
            f"The server at {address} is not Model Hunter's API, or a different version of it.",
            f"Set API_URL to the API's address, without a path. {RETRYING}",
        )
