"""Base class of all values: frozen, typed, unknown fields rejected."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
