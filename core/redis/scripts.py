"""Runs Lua scripts in batches: one round trip for many calls. Scripts that Redis lost are loaded again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class LuaScript:
    text: str
    sha: str

    @classmethod
    def read(cls, path: Path) -> LuaScript:
        text = path.read_text(encoding="utf-8")
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


Call = tuple[LuaScript, Sequence[str], Sequence[str | int]]


async def run_scripts(redis: Redis, calls: Sequence[Call]) -> list[Any]:
    """Run the calls and return their results in order. Raises the first error that Redis returned."""
    from redis.exceptions import NoScriptError

    results = await _run(redis, calls)
    lost = [i for i, result in enumerate(results) if isinstance(result, NoScriptError)]
    if lost:
        for script in {calls[i][0] for i in lost}:
            await redis.script_load(script.text)
        for i, result in zip(lost, await _run(redis, [calls[i] for i in lost]), strict=True):
            results[i] = result
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


async def _run(redis: Redis, calls: Sequence[Call]) -> list[Any]:
    async with redis.pipeline(transaction=False) as pipe:
        for script, keys, values in calls:
            pipe.evalsha(script.sha, len(keys), *keys, *values)  # type: ignore[no-untyped-call,unused-ignore]
        return list(await pipe.execute(raise_on_error=False))
