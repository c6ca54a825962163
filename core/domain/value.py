"""The base of every value that travels: frozen, fully typed, unknown fields refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
