"""Maps errors to responses: our errors to their status codes, everything else to a counted 500."""

from __future__ import annotations

from typing import Any

import structlog
from pydantic import ValidationError
from quart import Quart, Response, request
from quart_schema import RequestSchemaValidationError
from typing_extensions import TypedDict
from werkzeug.exceptions import HTTPException

from api.context import answer, runtime
from api.strict_json import invalid
from core.errors import (
    BadInput,
    BudgetSpent,
    Busy,
    Conflict,
    HunterError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ProviderError,
    TooLarge,
    Unavailable,
)

log = structlog.get_logger(__name__)

STATUS: tuple[tuple[type[HunterError], int], ...] = (
    (BadInput, 400),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (Busy, 429),
    (BudgetSpent, 429),
    (ProviderError, 502),
    (Unavailable, 503),
)
"""First match wins."""

HINTS = {
    400: ("bad_input", "See /docs for the shape of this request."),
    404: ("not_found", "See /docs for the existing routes."),
    405: ("method_not_allowed", "See /docs for the methods of this route."),
    408: ("timeout", "Send a smaller body, or use a faster connection."),
    413: ("too_large", "Send a smaller body, or raise MAX_BODY_BYTES."),
    415: ("unsupported_media_type", "Send JSON with Content-Type: application/json, or a multipart form."),
}


class ErrorBody(TypedDict):
    """An error as JSON."""

    code: str
    """Stable; for programs."""
    message: str
    """What happened, to what."""
    hint: str
    """What to do."""
    details: dict[str, Any]


class ErrorAnswer(TypedDict):
    """The shape of every error."""

    error: ErrorBody


def status_of(error: HunterError) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def error_body(code: str, message: str, hint: str = "", details: dict[str, Any] | None = None) -> ErrorAnswer:
    return {"error": {"code": code, "message": message, "hint": hint, "details": details or {}}}


def register_errors(app: Quart) -> None:
    app.register_error_handler(HunterError, _ours)
    app.register_error_handler(RequestSchemaValidationError, _bad_request)
    app.register_error_handler(ValidationError, _bad_values)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


async def _ours(error: HunterError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotSignedIn) else {}
    if (wait_s := error.details.get("retry_after_s")) is not None:
        headers["Retry-After"] = str(wait_s)
    return answer(error_body(error.code, error.message, error.hint, error.details), status_of(error), **headers)


async def _bad_request(error: RequestSchemaValidationError) -> Response:
    cause = error.validation_error
    if isinstance(cause, ValidationError):
        return await _bad_values(cause)
    return answer(error_body("bad_input", f"The request cannot be read: {cause}", "See /docs for its shape."), 400)


async def _bad_values(error: ValidationError) -> Response:
    return await _ours(invalid(error))


async def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code, hint = HINTS.get(status, ("bad_input" if status < 500 else "internal_error", ""))
    address = f"{request.method[:20]} {request.path[:200]}"
    response = answer(error_body(code, f"{error.name}: {address}", hint), status)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


async def _bug(error: Exception) -> Response:
    """An unexpected error: logged with its traceback and counted; the response has no details."""
    log.exception("request.failed", method=request.method, path=request.path)
    runtime().activity.record_unexpected_error(error)
    return answer(
        error_body(
            "internal_error",
            "Internal server error.",
            "The error is logged. Try again; if it persists, report the time to the operator.",
        ),
        500,
    )
