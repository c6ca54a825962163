"""A Redis that hangs and whose time is handed in: commands are kept back, and carried out when their senders have given
up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import redis.exceptions
from redis.asyncio import Redis

from core.redis.scripts import LuaScript

BEGAN_S = 1_700_000_000
TIME_KEY = "test:time"


def script_with_time_handed_in(script: LuaScript) -> LuaScript:
    text = script.text.replace("redis.call('TIME')", f"redis.call('HMGET', '{TIME_KEY}', 's', 'u')")
    assert text != script.text
    return LuaScript(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


@dataclass
class World:
    redis: Redis
    now: float = 1000.0
    hung: bool = False
    late: list[Callable[[], Awaitable[object]]] = field(default_factory=list)
    """Commands whose senders have given up."""

    async def show_time(self) -> None:
        seconds = BEGAN_S + self.now
        await self.redis.hset(TIME_KEY, mapping={"s": int(seconds), "u": int(seconds % 1 * 1e6)})


class Wire:
    """What a process has for a client: commands get lost, or late, on it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lose_answer = False

    async def time(self) -> tuple[int, int]:
        if self.world.hung:
            raise redis.exceptions.TimeoutError
        seconds = BEGAN_S + self.world.now
        return int(seconds), int(seconds % 1 * 1e6)

    async def script_load(self, text: str) -> None:
        await self.world.redis.script_load(text)

    def pipeline(self, transaction: bool = False) -> Pipe:
        return Pipe(self)


class Pipe:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.calls: list[tuple] = []

    async def __aenter__(self) -> Pipe:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def evalsha(self, *call: object) -> None:
        self.calls.append(call)

    async def execute(self, raise_on_error: bool = False) -> list:
        world, calls = self.wire.world, self.calls

        async def carry_out() -> list:
            async with world.redis.pipeline(transaction=False) as pipe:
                for call in calls:
                    pipe.evalsha(*call)
                return await pipe.execute(raise_on_error=raise_on_error)

        if world.hung:
            world.late.append(carry_out)
            raise redis.exceptions.TimeoutError
        results = await carry_out()
        if self.wire.lose_answer and not any(isinstance(r, redis.exceptions.NoScriptError) for r in results):
            self.wire.lose_answer = False
            raise redis.exceptions.ConnectionError
        return results
