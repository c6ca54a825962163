"""The reference workload: N hunts of a task with four criteria, target 400 ms, judge 100 ms, on two accounts.

`ideal = max(N × 0.4 / target limit, 4N × 0.1 / judge limit)` plus one call of each: no schedule can beat it.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass

import httpx
import orjson

from core.domain.criteria import Criterion
from core.domain.events import EventType
from core.domain.run import RUN_ENDED, Counts
from core.domain.task import Task
from core.eventlog.base import START
from core.hunting.orders import ConfirmRequest, JudgeChoice, OpenOrder, RunOrder
from core.runtime import Runtime, open_runtime
from core.settings.library import OFF
from tests.benchmarks.cpu import cpu_s
from tests.benchmarks.simulated_service import JUDGE_S, TARGET_S
from tests.settings import make_settings

CRITERIA = 4
TASK = Task(
    prompt="Which atomic number has Krypton?",
    response="36",
    criteria=tuple(Criterion(id=f"C{n}", text=f"Explains point {n} well.") for n in range(1, CRITERIA + 1)),
)
CONFIRM = ConfirmRequest(policy="breaks", judges=(JudgeChoice(model="openai/second"),), max_extra_calls=10_000)


@dataclass(frozen=True)
class Workload:
    """That many hunts, with limits of calls in flight for the target's account and for the judge's."""

    hunts: int
    target_limit: int
    judge_limit: int

    @property
    def calls(self) -> int:
        return self.hunts * (1 + CRITERIA)

    @property
    def limits(self) -> dict[str, int]:
        return {"target": self.target_limit, "judge": self.judge_limit}

    @property
    def ideal_s(self) -> float:
        return ideal_s(self.hunts, self.target_limit, self.judge_limit)

    def __str__(self) -> str:
        return f"{self.hunts:,} hunts at {self.target_limit} and {self.judge_limit}"


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
    first_verdicts_s: float
    """From the start until the last hunt had its first verdicts; second opinions may still be missing."""

    @property
    def ratio(self) -> float:
        return self.took_s / self.ideal_s


def ideal_s(hunts: int, target_limit: int, judge_limit: int) -> float:
    return max(hunts * TARGET_S / target_limit, CRITERIA * hunts * JUDGE_S / judge_limit) + TARGET_S + JUDGE_S


async def measure(
    address: str,
    hunts: int,
    target_limit: int,
    judge_limit: int,
    redis_url: str = "",
    *,
    confirmed: bool = False,
    library: bool = False,
) -> Measured:
    """One run, from start to end. The simulated provider's own counters give the number of calls in flight.

    `library`: sessions are also written to a library in SQLite. `confirmed`: every break gets a second opinion, by a
    judge on the account of the first.
    """
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
                library__url=f"sqlite:///{folder}/library.sqlite" if library else OFF,
            )
            async with open_runtime(settings) as runtime:
                cpu, began = cpu_s(), time.perf_counter()
                counts, judged = await _run(runtime, hunts, CONFIRM if confirmed else ConfirmRequest())
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
        judged - began,
    )


async def _run(runtime: Runtime, hunts: int, confirm: ConfirmRequest) -> tuple[Counts, float]:
    """The run's counts, and when the last hunt had its first verdicts (seconds of `perf_counter`). Watched as by a
    page: by its events. Only with second opinions, which come after the first verdicts, is the store asked too."""
    sid = (await runtime.service.open_task(TASK, OpenOrder())).session_id
    order = RunOrder(models=("openrouter/simulated-target",), hunts=hunts, judge_model="openai/judge", confirm=confirm)
    run, judged = await runtime.service.start_run(sid, order), 0.0
    async for events in runtime.events.watch(sid, START):
        if confirm.judges and not judged and (await runtime.store.counts(sid))[run.run_id].done == hunts:
            judged = time.perf_counter()
        if any(
            event.type == EventType.RUN and orjson.loads(event.data)["run"]["status"] in RUN_ENDED for event in events
        ):
            break
    return (await runtime.store.counts(sid))[run.run_id], judged or time.perf_counter()
