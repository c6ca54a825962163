"""How the JSON of a request is read: strictly, so that nothing that was meant is silently ignored.

Refused: what is not JSON (415), what is not UTF-8, NaN, half surrogate pairs, very deep nesting (the parser's own
limits), a key that stands twice, heaps of values, and whatever does not fit the payload (400, with every problem
named).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

from quart import request
from werkzeug.exceptions import RequestTimeout, UnsupportedMediaType

from api.context import runtime
from api.payloads import Payload
from core.errors import BadInput, TooLarge
from core.notebooks.json_text import begins_more_than

Some = TypeVar("Some", bound=Payload)
Result = TypeVar("Result")
KEY_MOST_CHARS = 200
MAX_VALUES = 20_000
"""Of one body, a notebook in it not counted; several times what any request needs. Each of them can be a problem to
name: sixteen megabytes of wrong ones took two minutes and 13 GB."""


async def read_json(kind: type[Some], *, optional: bool = False, most_bytes: int | None = None) -> Some:
    """The request's body as a payload. `optional`: no body is an empty object. `most_bytes`: below MAX_BODY_BYTES,
    for what anybody may send; a longer one is not read to its end (TooLarge)."""
    raw = cast("bytes", await request.get_data()) if most_bytes is None else await _short_body(most_bytes)
    if optional and not raw:
        return kind()
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    return await _aside(raw, lambda: _payload(raw, kind))


async def read_apart(kind: type[Some], apart: Callable[[Some], Result]) -> Result:
    """What `apart` makes of the payload, made where the body is read: beside the event loop when it is large."""
    raw, max_free = cast("bytes", await request.get_data()), runtime().settings.notebooks.max_values
    return await _aside(raw, lambda: apart(_payload(raw, kind, max_free)))


async def _aside(raw: bytes, work: Callable[[], Result]) -> Result:
    return await runtime().aside.read(raw, work, large=begins_more_than(raw, MAX_VALUES))


def _payload(raw: bytes, kind: type[Some], max_free: int = 0) -> Some:
    """`max_free`: the values that its free field may have, beside MAX_VALUES."""
    if begins_more_than(raw, MAX_VALUES):
        _refuse_heap(raw, kind.free_form if max_free else "", max_free)
    payload = kind.model_validate_json(raw, strict=True)
    json.loads(raw, object_pairs_hook=_once)
    return payload


async def _short_body(most_bytes: int) -> bytes:
    found = bytearray()
    try:
        async with asyncio.timeout(request.body_timeout):
            async for piece in request.body:
                found += piece
                if len(found) > most_bytes:
                    raise TooLarge(
                        f"This takes {most_bytes} bytes at most.", hint="Send what it needs and nothing else."
                    )
    except TimeoutError as error:
        raise RequestTimeout from error
    return bytes(found)


def idempotency_key() -> str:
    """The header's key, "" without one. Raises BadInput: a key that was cut could be another's."""
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > KEY_MOST_CHARS:
        raise BadInput(
            f"The Idempotency-Key has {len(key)} characters; the most is {KEY_MOST_CHARS}.",
            hint="Use something short and unique, like a UUID.",
        )
    return key


def _refuse_heap(raw: bytes, free_form: str, max_free: int) -> None:
    """Raises BadInput unless it is the field `free_form` that makes so many values of it, TooLarge when that has too
    many."""
    if free_form and begins_more_than(raw, MAX_VALUES + max_free):
        raise TooLarge(
            f"The body holds more than {MAX_VALUES + max_free:,} values.",
            hint="Take pictures and outputs out of the notebook and load it again.",
        )
    if free_form:
        try:
            whole = json.loads(raw, object_pairs_hook=_kept)
        except (ValueError, RecursionError):
            return  # not JSON: that is told where it is read
        if isinstance(whole, dict):
            whole.pop(free_form, None)
        if not begins_more_than(json.dumps(whole).encode(), MAX_VALUES):
            return
    raise BadInput(f"The body holds more than {MAX_VALUES:,} values.", hint="See /docs for what this request takes.")


def _kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _once(pairs)
    return dict(pairs)


def _once(pairs: list[tuple[str, Any]]) -> None:
    """A hook for json.loads that keeps nothing and refuses a key that stands twice."""
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        seen: set[str] = set()
        twice = sorted({n for n, _ in pairs if n in seen or seen.add(n)})  # type: ignore[func-returns-value]
        raise BadInput(
            f"A key stands twice in one object: {', '.join(name[:60] for name in twice[:5])}.",
            hint="Keep one of them: nobody can tell which one was meant.",
        )
