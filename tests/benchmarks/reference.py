"""The reference workload: N hunts of a task with four criteria, target 400 ms, judge 100 ms, on two accounts.

`ideal = max(N × 0.4 / target limit, 4N × 0.1 / judge limit)` plus one call of each: no schedule can beat it.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass

import httpx

from core.domain.criteria import Criterion
from core.domain.run import RUN_ENDED, Counts
from core.domain.task import Task
from core.eventlog.base import START
from core.hunting.orders import OpenOrder, RunOrder
from core.runtime import Runtime, open_runtime
from tests.benchmarks.cpu import cpu_s
from tests.benchmarks.simulated_service import JUDGE_S, TARGET_S
from tests.settings import make_settings

CRITERIA = 4
TASK = Task(
    prompt="Which atomic number has Krypton?",
    response="36",
    criteria=tuple(Criterion(id=f"C{n}", text=f"Explains point {n} well.") for n in range(1, CRITERIA + 1)),
)


@dataclass(frozen=True)
class Measured:
    hunts: int
    target_limit: int
    judge_limit: int
    took_s: float
    ideal_s: float
    cpu_per_call_ms: float
    most_in_flight: dict[str, int]
    counts: Counts

    @property
    def ratio(self) -> float:
        return self.took_s / self.ideal_s


def ideal_s(hunts: int, target_limit: int, judge_limit: int) -> float:
    return max(hunts * TARGET_S / target_limit, CRITERIA * hunts * JUDGE_S / judge_limit) + TARGET_S + JUDGE_S


async def measure(address: str, hunts: int, target_limit: int, judge_limit: int, redis_url: str = "") -> Measured:
    """One run, from Start to its end. The stand-in's own counters tell how many calls were in flight at once."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as provider:
        await provider.post("/sim/reset")
        with tempfile.TemporaryDirectory() as folder:
            settings = make_settings(
                openrouter__base_url=f"{address}/v1",
                openrouter__key="key-target",
                openai__base_url=f"{address}/v1",
                openai__key="key-judge",
                openrouter__concurrency=target_limit,
                openai__concurrency=judge_limit,
                telemetry__directory=folder,
                redis__url=redis_url,
                redis__journal_dir=f"{folder}/journal",
            )
            async with open_runtime(settings) as runtime:
                cpu, began = cpu_s(), time.perf_counter()
                counts = await _run(runtime, hunts)
                took, cpu = time.perf_counter() - began, cpu_s() - cpu
        counters = (await provider.get("/sim/counters")).json()
    most = {key: account["in_flight_most"] for key, account in counters["by_purpose"].items()}
    calls = hunts * (1 + CRITERIA)
    return Measured(
        hunts,
        target_limit,
        judge_limit,
        took,
        ideal_s(hunts, target_limit, judge_limit),
        cpu / calls * 1000,
        most,
        counts,
    )


async def _run(runtime: Runtime, hunts: int) -> Counts:
    sid = (await runtime.service.open_task(TASK, OpenOrder())).session_id
    order = RunOrder(models=("openrouter/simulated-target",), hunts=hunts, judge_model="openai/judge")
    run = await runtime.service.start_run(sid, order)
    async for _ in runtime.events.watch(sid, START):
        if (await runtime.store.read(sid)).run(run.run_id).status in RUN_ENDED:
            break
    return (await runtime.store.counts(sid))[run.run_id]
