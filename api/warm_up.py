"""Loads what the start left out (decision record 0110), once the server accepts requests: its first session and run
would wait for it."""

from __future__ import annotations

import asyncio
from importlib import import_module

from core.domain.value import Value

MODULES = (
    "core.simulator.call",
    "genai_prices.data_snapshot",
    "json_repair",
    "api.reply_markdown",
    "nh3",
    "api.metrics",
)  # fmt: skip
"""In the order of their likely use. Packages of a setting (Redis, the library) load when that is opened."""
DELAY_S = 0.05
"""Until the server accepts connections."""


async def warm_up() -> None:
    """Import the modules and build the schemas in a thread, one after the other, so that it can end between two."""
    await asyncio.sleep(DELAY_S)
    for name in MODULES:
        await asyncio.to_thread(import_module, name)
    await asyncio.to_thread(build_schemas, Value)


def build_schemas(base: type[Value]) -> None:
    """Build the schemas of all values that are based on `base`. Raises pydantic's error for a type without one."""
    for value in base.__subclasses__():
        value.model_rebuild()
        build_schemas(value)
