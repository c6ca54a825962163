"""The same calls by a bare client, without throttle, judging or storage. The difference is what the product adds."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import orjson

from core.providers.http import open_http
from core.settings import CallSettings
from tests.benchmarks.cpu import cpu_s
from tests.benchmarks.reference import CRITERIA, TASK, ideal_s
from tests.judge_prompts import judge_messages

REPLY = "The atomic number of krypton is 36, I think.\n" * 8
"""About as long as the stand-in's own, so that judge prompts are as long as in the product."""
TO_TARGET = orjson.dumps(
    {"model": "target", "stream": True, "messages": [{"role": "user", "content": TASK.prompt}]},
)
TO_JUDGE = orjson.dumps(
    {
        "model": "judge",
        "stream": True,
        "messages": [message.model_dump() for message in judge_messages(TASK, TASK.criteria[0], REPLY)],
    }
)


@dataclass(frozen=True)
class MeasuredBare:
    transport: str
    hunts: int
    took_s: float
    ideal_s: float
    cpu_per_call_ms: float


async def measure_bare(address: str, transport: str, hunts: int, limit: int) -> MeasuredBare:
    """`hunts` times one target call and then four judge calls at once, at most `limit` of each kind in flight."""
    async with open_http(CallSettings(http_transport=transport)) as client:
        client.headers["Authorization"] = "Bearer key-bare"
        targets, judges = asyncio.Semaphore(limit), asyncio.Semaphore(limit)

        async def call(places: asyncio.Semaphore, body: bytes) -> None:
            async with (
                places,
                client.stream("POST", f"{address}/v1/chat/completions", content=body) as response,
            ):
                async for _ in response.aiter_raw():
                    pass
                response.raise_for_status()

        async def hunt() -> None:
            await call(targets, TO_TARGET)
            await asyncio.gather(*(call(judges, TO_JUDGE) for _ in range(CRITERIA)))

        cpu, began = cpu_s(), time.perf_counter()
        await asyncio.gather(*(hunt() for _ in range(hunts)))
        took, cpu = time.perf_counter() - began, cpu_s() - cpu
    return MeasuredBare(transport, hunts, took, ideal_s(hunts, limit, limit), cpu / (hunts * (1 + CRITERIA)) * 1000)
