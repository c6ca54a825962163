"""The JSON of a request: nothing else (415), in time (408), within its size; strictly (api.strict_json)."""

from __future__ import annotations

import asyncio
from typing import TypeVar, cast

from quart import request
from werkzeug.exceptions import RequestTimeout, UnsupportedMediaType

from api.context import runtime
from api.payloads import OpenPayload
from api.strict_json import MAX_VALUES, parse_open_payload, parse_payload
from core.errors import BadInput, TooLarge
from core.hunting.orders import Order
from core.large_input import SMALL_BYTES
from core.notebooks.json_positions import begins_more_than

Some = TypeVar("Some", bound=Order)
MAX_KEY_CHARS = 200


async def read_json(kind: type[Some], *, optional: bool = False, max_bytes: int | None = None) -> Some:
    """Parses the request's body. `optional`: an empty body counts as `{}`. `max_bytes`: below MAX_BODY_BYTES,
    for requests that need no sign-in; reading stops at the limit (TooLarge)."""
    raw = cast("bytes", await request.get_data()) if max_bytes is None else await _short_body(max_bytes)
    if optional and not raw:
        return kind()
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    payload: Some = await runtime().large_input.read(
        len(raw), parse_payload, raw, kind, many_values=_has_many_values(raw)
    )
    return payload


async def read_open_payload() -> tuple[OpenPayload, bytes]:
    """The body that opens a session, and the file that the notebook in it would be (b"" without one)."""
    raw, notebook_max_values = cast("bytes", await request.get_data()), runtime().settings.notebooks.max_values
    read: tuple[OpenPayload, bytes] = await runtime().large_input.read(
        len(raw), parse_open_payload, raw, notebook_max_values, many_values=_has_many_values(raw)
    )
    return read


def _has_many_values(raw: bytes) -> bool:
    """Whether a small body is expensive nevertheless; for a large one the child process counts."""
    return len(raw) <= SMALL_BYTES and begins_more_than(raw, MAX_VALUES)


async def _short_body(max_bytes: int) -> bytes:
    found = bytearray()
    try:
        async with asyncio.timeout(request.body_timeout):
            async for piece in request.body:
                found += piece
                if len(found) > max_bytes:
                    raise TooLarge(
                        f"The body must have at most {max_bytes} bytes.", hint="Send only the documented fields."
                    )
    except TimeoutError as error:
        raise RequestTimeout from error
    return bytes(found)


def idempotency_key() -> str:
    """The header's key, "" without one. Raises BadInput for a long key: a truncated key could equal another one."""
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_CHARS:
        raise BadInput(
            f"Idempotency-Key must have at most {MAX_KEY_CHARS} characters; got {len(key)}.",
            hint="Use a short unique value, such as a UUID.",
        )
    return key
