"""Base class of all values: frozen, typed, unknown fields rejected."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def is_empty(value: object) -> bool:
    """For `exclude_if`: a field that is empty leaves no trace in a value's JSON."""
    return not value


def is_none(value: object) -> bool:
    """For `exclude_if`."""
    return value is None


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), defer_build=True)
