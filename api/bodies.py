"""How the JSON of a request is read: strictly, so that nothing that was meant is silently ignored.

Refused: what is not JSON (415), what is not UTF-8, NaN, half surrogate pairs, very deep nesting (the parser's own
limits), a key that stands twice, and whatever does not fit the payload (400, with every problem named).
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from quart import request
from werkzeug.exceptions import UnsupportedMediaType

from api.payloads import Payload
from core.errors import BadInput

Some = TypeVar("Some", bound=Payload)
KEY_MOST_CHARS = 200


async def read_json(kind: type[Some], *, optional: bool = False) -> Some:
    """The request's body as a payload. `optional`: no body is an empty object."""
    raw = await request.get_data()
    if optional and not raw:
        return kind()
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    payload = kind.model_validate_json(raw, strict=True)
    json.loads(raw, object_pairs_hook=_once)
    return payload


def idempotency_key() -> str:
    """The header's key, "" without one. Raises BadInput: a key that was cut could be another's."""
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > KEY_MOST_CHARS:
        raise BadInput(
            f"The Idempotency-Key has {len(key)} characters; the most is {KEY_MOST_CHARS}.",
            hint="Use something short and unique, like a UUID.",
        )
    return key


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
