"""Fetches and parses the API's status (`GET /api/admin/status`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

import httpx
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from core.access.cookies import COOKIE
from core.domain.value import Value
from core.status import AdminStatus

PATH = "/api/admin/status"
TIMEOUT = httpx.Timeout(3.0, connect=2.0)
"""Seconds. Shorter than the wait for a late status is worth: the page polls again soon."""

IDENTIFYING = {"instance": str, "version": str, "health": dict, "sessions": dict}
"""Fields that every version of the status has, with their JSON types."""
RETRYING = "Retrying automatically."
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class StatusUnavailable:
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


def ask_status(client: httpx.Client, admin_pass: str = "") -> AdminStatus | StatusUnavailable:
    """Send one request. `client` has the API's base URL, `admin_pass` an admin's pass. Expected failures return
    StatusUnavailable."""
    address = str(client.base_url).rstrip("/")
    try:
        answer = client.get(PATH, headers={"Cookie": f"{COOKIE}={admin_pass}"} if admin_pass else None)
    except httpx.TimeoutException:
        return StatusUnavailable(
            f"No response from {address} within {TIMEOUT.read:g} s.",
            f"The API may be overloaded or stuck; check its log. {RETRYING}",
        )
    except httpx.HTTPError:
        return StatusUnavailable(
            f"Couldn't connect to {address}.",
            f"{_how_to_start(client.base_url.host)} Or set API_URL to its address. {RETRYING}",
        )
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return StatusUnavailable(
            f"The API at {address} denied access to its status ({answer.status_code}).",
            "Use the same HUNTER_TOKENS for the API and the dashboard, with at least one admin. Without tokens, add "
            f"the host of API_URL to the API's HUNTER_HOSTS. {RETRYING}",
        )
    if answer.status_code != httpx.codes.OK:
        return StatusUnavailable(
            f"The API at {address} answered with HTTP status {answer.status_code}.",
            f"It may be starting, draining or in maintenance; check its log. {RETRYING}",
        )
    try:
        return read_status(from_json(answer.content))
    except ValueError:
        return StatusUnavailable(
            f"The server at {address} is not Model Hunter's API, or a different version of it.",
            f"Set API_URL to the API's address, without a path. {RETRYING}",
        )


def read_status(found: Any) -> AdminStatus:
    """A status from parsed JSON of this or another version of the API: unknown fields are ignored, missing and invalid
    ones get a neutral value. Raises ValueError if it is no status."""
    if not isinstance(found, dict) or not all(isinstance(found.get(name), kind) for name, kind in IDENTIFYING.items()):
        raise ValueError
    status: AdminStatus = _read(AdminStatus, found)
    return status


def _read(kind: type[Value], found: dict[str, Any]) -> Any:
    return kind.model_construct(**{name: _field(field, found.get(name)) for name, field in kind.model_fields.items()})


def _field(field: FieldInfo, found: Any) -> Any:
    kind: Any = field.annotation
    if isinstance(kind, type) and issubclass(kind, Value):
        return _read(kind, found if isinstance(found, dict) else {})
    if get_origin(kind) is tuple and issubclass(item := get_args(kind)[0], Value):
        return tuple(_read(item, one) for one in found if isinstance(one, dict)) if isinstance(found, list) else ()
    try:
        return _adapter(kind).validate_python(found)
    except ValidationError:
        return _neutral(kind) if field.is_required() else field.get_default(call_default_factory=True)


def _neutral(kind: Any) -> Any:
    """0, "", False or {}; of a choice the last one (a health that is not known is unhealthy); else None."""
    if get_origin(kind) is Literal:
        return get_args(kind)[-1]
    return kind() if kind in {int, float, str, bool} else None


_adapter = cache(TypeAdapter)
