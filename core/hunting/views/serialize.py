"""Serializes views to JSON.

A view is a typed dictionary, a dataclass or a value of the domain. Its type is the only definition of its shape:
/openapi.json is generated from it, and mypy checks the function that builds it (decision record 0093).
"""

from __future__ import annotations

from typing import Any

import orjson

from core.domain.parameters import Parameters, is_default
from core.domain.value import Value

JsonFragment = orjson.Fragment
"""JSON that is already serialized."""


def to_json(view: Any) -> bytes:
    """Serialize a view. Values become objects with their fields, parameters with the chosen ones; times are ISO 8601
    with a Z."""
    return orjson.dumps(view, default=_fields, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _fields(value: object) -> dict[str, Any]:
    if isinstance(value, Parameters):
        return {} if is_default(value) else value.chosen
    if isinstance(value, Value):
        return vars(value)
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
