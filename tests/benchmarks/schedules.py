"""How well runs use their accounts where that is hard: `python -m tests.benchmarks schedules [NAME…]`, a minute each.

The provider runs in this process and records every call; the product is an API process of its own. `bound`: the work of
the fullest account (seconds of its calls over its limit) plus the longest chain (of one hunt: its target call and its
slowest verdict, with their retries). No order of the calls is much better than it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import uvloop

from core.simulator.call import Calls, Conversation, Plan
from core.simulator.options import CallOptions
from core.simulator.script import Fault, Script
from core.simulator.server import open_server
from tests.benchmarks.watchers import Watcher, open_api

JUDGE = "judge"
TARGET_S, JUDGE_S = 0.4, 0.1
RETRY_AFTER_S = 0.5
WARM_UP_HUNTS = 20
MAX_WAIT_S = 300
SEED = 1
HEADER = (
    "| schedule | time over the bound | fullest account's use while work waits | judge account's use while work waits "
    "| Jain's index of slowdowns | took | bound |"
)


@dataclass(frozen=True)
class Schedule:
    name: str
    sessions: tuple[int, ...]
    """Hunts of each session; all of them start together."""
    limits: Mapping[str, int]
    """Calls in flight by account: `judge`, and one target's model is at each of the others."""
    target_s: Mapping[str, float] = field(default_factory=dict)
    """Mean latency by account, where it is not TARGET_S."""
    criteria: int = 4
    sigma: float = 0.0
    """Of log-normal latencies; their mean stays the same."""
    refused: float = 0.0
    """Share of the calls that are refused with a Retry-After."""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(account for account in self.limits if account != JUDGE)


SCHEDULES = (
    Schedule("heavy tail (log-normal latencies, σ = 1)", (500,), {"target": 6, JUDGE: 8}, sigma=1.0),
    Schedule(
        "three targets on three accounts, one judge account",
        (600,),
        {"fast": 4, "medium": 4, "slow": 4, JUDGE: 8},
        {"fast": 0.2, "medium": 0.4, "slow": 0.6},
    ),
    Schedule(
        "one fifth refused, fixed limits (ADAPTIVE_LIMITS=false)", (400,), {"target": 6, JUDGE: 8}, refused=0.2,
        variables={"ADAPTIVE_LIMITS": "false", "MAX_CALL_ATTEMPTS": "20"},
    ),
    Schedule(
        "one fifth refused, adaptive limits", (400,), {"target": 6, JUDGE: 8}, refused=0.2,
        variables={"MAX_CALL_ATTEMPTS": "20"},
    ),
    Schedule(
        "fifty sessions of 8 to 600 hunts", tuple(round(8 * 75 ** ((n / 49) ** 3)) for n in range(50)),
        {"target": 24, JUDGE: 20}, criteria=3,
    ),
)  # fmt: skip


@dataclass(eq=False)
class Call:
    """One call as the provider saw it. Times are monotonic."""

    account: str
    session: str
    reply: int
    """Number of the target's reply that it writes or judges."""
    criterion: str
    """Empty for a target's call."""
    arrived_s: float
    work_s: float
    refused: bool
    ended_s: float = math.nan


class RecordedCalls(Calls):
    """Plans calls with latencies of the schedule, numbers the replies, and records when each call came and ended."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self.recorded: list[Call] = []
        self._schedule = schedule
        self._open: dict[int, Call] = {}
        self._random = random.Random(SEED)

    def plan(self, script: Script, conversation: Conversation, options: CallOptions = CallOptions()) -> Plan:  # noqa: B008
        plan, question = super().plan(script, conversation, options), conversation.question
        number = _reply_number(question.reply) if question else len(self.recorded)
        mean_s = JUDGE_S if question else self._schedule.target_s.get(conversation.model, TARGET_S)
        refused = plan.fault is not Fault.NONE
        sigma = self._schedule.sigma
        wait_s = plan.wait_s if refused else mean_s * math.exp(self._random.gauss(0, sigma) - sigma**2 / 2)
        plan = replace(plan, wait_s=wait_s, text=plan.text if question else f"[{number}] {plan.text}")
        self._open[id(plan)] = call = Call(
            account=conversation.model,
            session=question.prompt if question else conversation.prompt,
            reply=number,
            criterion=question.criterion_id if question else "",
            arrived_s=time.monotonic(),
            work_s=wait_s,
            refused=refused,
        )
        self.recorded.append(call)
        return plan

    def store_prompt(self, plan: Plan, conversation: Conversation) -> None:
        super().store_prompt(plan, conversation)
        self._open.pop(id(plan)).ended_s = time.monotonic()


def _reply_number(text: str) -> int:
    found = re.match(r"\[(\d+)\]", text)
    if found is None:
        raise ValueError(f"not a reply of this provider: {text[:80]!r}")
    return int(found[1])


@dataclass(frozen=True)
class MeasuredSchedule:
    schedule: Schedule
    took_s: float
    bound_s: float
    use: Mapping[str, float]
    """By account: calls in flight over those that its limit and the waiting work allowed, while work waited."""
    fullest: str
    fairness: float

    def row(self) -> str:
        fairness = f"{self.fairness:.3f}" if len(self.schedule.sessions) > 1 else ""
        return (
            f"| {self.schedule.name} | {self.took_s / self.bound_s - 1:+.1%} | {self.use[self.fullest]:.1%} ({self.fullest}) "
            f"| {self.use[JUDGE]:.1%} | {fairness} | {self.took_s:.1f} s | {self.bound_s:.1f} s |"
        )


def jain(values: Iterable[float]) -> float:
    """Jain's index of fairness: 1 if all values are equal, 1/n if one has everything."""
    numbers = list(values)
    return sum(numbers) ** 2 / (len(numbers) * sum(number**2 for number in numbers))


def work_by_account(calls: Iterable[Call], limits: Mapping[str, int]) -> dict[str, float]:
    """Seconds that each account needs for its calls at its limit."""
    work: dict[str, float] = dict.fromkeys(limits, 0.0)
    for call in calls:
        work[call.account] += call.work_s / limits[call.account]
    return work


def longest_chain_s(calls: Sequence[Call], attempts: Mapping[int, int], retry_s: Mapping[bool, float]) -> float:
    """Of one hunt: its target call and its slowest verdict. `attempts`: calls for each reply, by its number. `retry_s`:
    seconds of one refused call and its pause, by whether it is a judge's."""
    targets = {
        call.reply: call.work_s + (attempts.get(call.reply, 1) - 1) * retry_s[False]
        for call in calls
        if not call.criterion and not call.refused
    }
    verdicts: dict[tuple[int, str], float] = defaultdict(float)
    for call in calls:
        if call.criterion:
            verdicts[call.reply, call.criterion] += retry_s[True] if call.refused else call.work_s
    return max(targets[reply] + took for (reply, _), took in verdicts.items())


def use_while_work_waits(calls: Sequence[Call], account: str, schedule: Schedule, began_s: float) -> float:
    """Calls in flight over those that the account's limit and the work that was there allowed. Work is there from its
    beginning: of the run for a target's calls, of the reply's end for a judge's, of the pause's end for a retry's."""
    own = [call for call in calls if call.account == account]
    changes: list[tuple[float, int, int]] = []  # when, in flight, waiting
    for call in own:
        changes += [(call.arrived_s, 1, -1), (call.ended_s, -1, 0)]
        if call.refused:
            changes.append((call.ended_s + RETRY_AFTER_S, 0, 1))
    if account == JUDGE:
        replies = [call for call in calls if not call.criterion and not call.refused]
        changes += [(call.ended_s, 0, schedule.criteria) for call in replies]
    else:
        changes.append((began_s, 0, sum(not call.refused for call in own)))
    in_flight = waiting = 0
    used = possible = at = 0.0
    for when, more_in_flight, more_waiting in sorted(changes):
        if waiting > 0:
            used += in_flight * (when - at)
            possible += min(schedule.limits[account], in_flight + waiting) * (when - at)
        at, in_flight, waiting = when, in_flight + more_in_flight, waiting + more_waiting
    return used / possible


def slowdowns(calls: Sequence[Call], took_s: Mapping[str, float], limits: Mapping[str, int]) -> list[float]:
    """For each session, its time over the one that equal shares of every account would have given it."""
    work: dict[str, dict[str, float]] = {session: {} for session in took_s}
    for session in took_s:
        work[session] = work_by_account((call for call in calls if call.session == session), limits)
    fair_s = {
        session: max(sum(min(own[account], other[account]) for other in work.values()) for account in limits)
        for session, own in work.items()
    }
    return [took / fair_s[session] for session, took in took_s.items()]


async def measure_schedule(schedule: Schedule) -> MeasuredSchedule:
    script = {"break_rate": 0.25, "chunk_chars": 200, "answer_schema": "enforced", "retry_after_s": RETRY_AFTER_S}
    async with (
        open_server(Script({**script, "rate_limited": schedule.refused})) as provider,
        open_product(schedule, provider.port) as (api, port),
    ):
        provider.calls = RecordedCalls(schedule)
        await _run(api, schedule, await _open(api, port, schedule, "Warm up?"), WARM_UP_HUNTS)
        provider.calls = recorded = RecordedCalls(schedule)
        prompts = [f"Which atomic number has Krypton? ({n})" for n in range(len(schedule.sessions))]
        watchers = [await _open(api, port, schedule, prompt) for prompt in prompts]
        began_s = time.monotonic()
        ended = await asyncio.gather(
            *(_run(api, schedule, *one) for one in zip(watchers, schedule.sessions, strict=True))
        )
    calls, limits = recorded.recorded, schedule.limits
    attempts = {reply: count for run in ended for reply, count in run.attempts.items()}
    retry_s = {judge: RETRY_AFTER_S + 0.1 * (JUDGE_S if judge else TARGET_S) for judge in (False, True)}
    work = work_by_account(calls, limits)
    took_s = {prompt: run.ended_s - began_s for prompt, run in zip(prompts, ended, strict=True)}
    return MeasuredSchedule(
        schedule,
        max(took_s.values()),
        max(work.values()) + longest_chain_s(calls, attempts, retry_s),
        {account: use_while_work_waits(calls, account, schedule, began_s) for account in limits},
        max(work, key=work.__getitem__),
        jain(slowdowns(calls, took_s, limits)),
    )


@asynccontextmanager
async def open_product(schedule: Schedule, provider_port: int) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    """A client of an API process of its own, with the schedule's accounts at the provider, and its port."""
    url = f"http://127.0.0.1:{provider_port}/v1"
    accounts = [{"name": name, "base_url": url, "concurrency": limit} for name, limit in schedule.limits.items()]
    variables = {"OPENAI_COMPATIBLE": json.dumps(accounts), **schedule.variables}
    opened = open_api({}, **variables)
    port, _ = await asyncio.to_thread(opened.__enter__)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as api:
            yield api, port
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)


@dataclass(frozen=True)
class EndedRun:
    ended_s: float
    attempts: Mapping[int, int]
    """Calls for each reply, by its number."""


async def _open(api: httpx.AsyncClient, port: int, schedule: Schedule, prompt: str) -> Watcher:
    """The watcher of a new session."""
    criteria = [{"id": f"C{n}", "text": f"Explains point {n} well."} for n in range(1, schedule.criteria + 1)]
    task = {"prompt": prompt, "response": "36", "criteria": criteria}
    watcher = Watcher((await api.post("/api/sessions", json={"task": task})).raise_for_status().json()["session_id"])
    await watcher.connect(port)
    return watcher


async def _run(api: httpx.AsyncClient, schedule: Schedule, watcher: Watcher, hunts: int) -> EndedRun:
    """One run, from its POST until the event stream says that it is completed."""
    models = [f"{account}/{account}" for account in schedule.targets]
    order = {"models": models, "hunts": hunts, "judge_model": f"{JUDGE}/{JUDGE}"}
    (await api.post(f"/api/sessions/{watcher.sid}/runs", json=order)).raise_for_status()
    async with asyncio.timeout(MAX_WAIT_S):
        await watcher.over.wait()
    ended_s = time.monotonic()
    watcher.close()
    attempts: dict[int, int] = {}
    after: int | None = 0
    while schedule.refused and after is not None:
        page = (
            await api.get(f"/api/sessions/{watcher.sid}/hunts", params={"after": after, "limit": 200})
        ).raise_for_status()
        attempts |= {_reply_number(hunt["excerpt"]): hunt["attempts"] for hunt in page.json()["hunts"]}
        after = page.json()["next"]
    return EndedRun(ended_s, attempts)


def measure_schedules(names: Sequence[str] = ()) -> Iterator[str]:
    """Rows of a table, of the schedules whose name has one of the `names`, by default of all."""
    for schedule in SCHEDULES:
        if not names or any(name in schedule.name for name in names):
            yield uvloop.run(measure_schedule(schedule)).row()


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks schedules", description="Measure schedules.")
    parser.add_argument("names", nargs="*", help="parts of their names (default: all)")
    names = parser.parse_args(words).names
    load, _, _ = os.getloadavg()
    print(f"Load {load:.1f} before\n\n{HEADER}\n{'|---' * (HEADER.count('|') - 1)}|", flush=True)
    for row in measure_schedules(names):
        print(row, flush=True)
    return 0
