"""What one hunt costs the memory store when it holds few hunts and when it holds many: it should cost the same."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from core.clock import SystemClock
from core.domain.chat import Reply, Usage
from core.domain.hunt import Hunt, HuntStatus
from core.domain.run import Run
from core.domain.session import Session
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.eventlog.memory import MemoryEventLog
from core.garbage import collect_rarely
from core.hunting.views.events import hunt_event
from core.sessions.memory import MemorySessionStore
from tests.benchmarks.cpu import cpu_s, resident_bytes
from tests.benchmarks.reference import TASK

SIZES = (100, 1_000, 10_000, 100_000)
PER_SESSION = 1_000
"""Hunts of one session: one run of the largest kind."""
PAGES = 50


@dataclass(frozen=True)
class MeasuredSize:
    hunts: int
    save_us: float
    """CPU for all states of one hunt with their events, on average."""
    page_us: float
    """CPU for a page of 200 hunts and the counts."""
    memory_bytes: float
    """For one hunt, its events included."""


def measure_sizes() -> list[MeasuredSize]:
    """Each size in a process of its own, so that no memory is left over from another."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, max_tasks_per_child=1, mp_context=spawn) as processes:
        return list(processes.map(_measured, SIZES))


def _measured(hunts: int) -> MeasuredSize:
    collect_rarely()
    return asyncio.run(_measure(hunts))


async def _measure(hunts: int) -> MeasuredSize:
    log = MemoryEventLog(SystemClock(), max_events=20_000)
    store = MemorySessionStore(
        SystemClock(), ttl_s=7200, max_sessions=5_000, append=log.append_now, forget=log.forget_now
    )
    memory, cpu = resident_bytes(), cpu_s()
    for first in range(0, hunts, PER_SESSION):
        session = _session(f"s{first}", min(PER_SESSION, hunts - first))
        await store.create(session, b"{}")
        for place in range(session.runs[0].hunts):
            for state in _states(session.runs[0].hunt(place)):
                await store.save_hunt(session.session_id, state, (hunt_event(state, sealed=False),))
    saved, memory = cpu_s() - cpu, resident_bytes() - memory
    cpu = cpu_s()
    for _ in range(PAGES):
        await store.hunts(session.session_id, after=session.runs[0].hunts // 2, limit=200)
        await store.counts(session.session_id)
    return MeasuredSize(hunts, saved / hunts * 1e6, (cpu_s() - cpu) / PAGES * 1e6, memory / hunts)


def _session(sid: str, hunts: int) -> Session:
    now = datetime.now(UTC)
    run = Run(
        run_id=f"r-{sid}", models=("m/m",), hunts=hunts, judge_model="j/j", task=TASK, first_number=1, created_at=now
    )
    return Session(session_id=sid, created_at=now, task=TASK, loaded_task=TASK, runs=(run,))


def _states(hunt: Hunt) -> Iterator[Hunt]:
    """The states that a hunt goes through, as Hunter saves them, with a reply of 1,000 characters."""
    now = datetime.now(UTC)
    hunt = hunt.model_copy(update={"status": HuntStatus.CALLING, "started_at": now, "attempts": 1})
    yield hunt
    reply = Reply(text=f"{hunt.hunt_id} says. " * 60, usage=Usage(input_tokens=9, output_tokens=250), cost_usd=0.001)
    hunt = hunt.model_copy(update={"status": HuntStatus.JUDGING, "reply": reply})
    yield hunt
    for known in range(1, len(TASK.criteria)):
        yield hunt.model_copy(update={"verdicts": _verdicts(hunt, known)})
    ended = {"status": HuntStatus.DONE, "outcome": Outcome.HELD, "finished_at": now}
    yield hunt.model_copy(update={"verdicts": _verdicts(hunt, len(TASK.criteria)), **ended})


def _verdicts(hunt: Hunt, known: int) -> tuple[CriterionVerdict, ...]:
    return tuple(
        CriterionVerdict(
            criterion_id=criterion.id,
            verdict=Verdict.PASS,
            reason=f"{hunt.hunt_id} meets {criterion.id}: " + "the point is there. " * 5,
            usage=Usage(input_tokens=500, output_tokens=50),
            cost_usd=0.0001,
            calls=1,
        )
        for criterion in TASK.criteria[:known]
    )
