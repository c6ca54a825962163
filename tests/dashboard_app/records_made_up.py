"""Generates plausible telemetry from a seed: records with their times, and their log files."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from core.telemetry.file_names import file_name
from core.telemetry.records import (
    SCHEMA,
    TYPES,
    CallRecord,
    HuntRecord,
    ProcessRecord,
    Record,
    ReviewRecord,
    RunRecord,
    SessionRecord,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CRITERIA = 4
EXCERPT_CHARS = 200
JUDGE = "openai/gpt-5"


@dataclass(frozen=True)
class Model:
    name: str
    break_rate: float
    latency_ms: float
    usd_a_reply: float | None
    error_rate: float = 0.04

    @property
    def provider(self) -> str:
        return self.name.split("/", 1)[0]

    @property
    def simulated(self) -> bool:
        return self.provider == "simulated"


MODELS = (
    Model("openrouter/nvidia/nemotron-3-nano-30b-a3b", 0.41, 5200, 0.0011, 0.06),
    Model("openrouter/qwen/qwen3-235b-a22b-thinking-2507", 0.22, 21000, 0.0092),
    Model("fireworks/accounts/fireworks/models/deepseek-v3p1", 0.27, 8300, None, 0.09),
    Model("openai/gpt-5-mini", 0.12, 9800, 0.0051, 0.02),
    Model("simulated/careless", 0.5, 420, 0.0),
)
NOTEBOOKS = ("word-budget.ipynb", "train-timetable.ipynb", "three-constraints.ipynb", "tax-table.ipynb")
DOMAINS = {"word-budget.ipynb": "Writing", "train-timetable.ipynb": "Reasoning", "tax-table.ipynb": "Finance"}
TEXTS = {
    "C1": "Names every item of the list in the order that the prompt asks for.",
    "C2": "Stays under the limit of 120 words.",
    "C3": "Gives the total with two decimals.",
    "C4": "Does not mention anything that was not asked for.",
}
TRAINERS = ("", "ada", "grace", "alan")
ENDS = (
    "and so on in the same config until the last of them is named. All in all this is what was asked for, with every "
    "word of it counted and checked twice."
)
"""Text after the first 200 characters of every long reply."""
WORDS = [
    "the",
    "plan",
    "begins",
    "with",
    "a",
    "list",
    "then",
    "every",
    "sentence",
    "counts",
    "towards",
    "budget",
    "while",
    "trains",
    "leave",
    "at",
    "nine",
]
ERRORS = ("rate_limited", "timeout", "empty_reply", "overloaded", "cut_stream")
At = tuple[datetime, Record]


def team_at_work(
    *, seed: int = 7, hunts: int = 600, days: float = 9.0, now: datetime = NOW, models: tuple[Model, ...] = MODELS
) -> Iterator[At]:
    """`hunts` hunts of a small team in the `days` before `now`, with their calls, runs and sessions, by time."""
    chance = random.Random(seed)
    start = now - timedelta(days=days)
    made = 0
    yield start, ProcessRecord(action="started", instance="api-1", version="0.1.0")
    while made < hunts:
        size = min(chance.choice((4, 8, 8, 16)), hunts - made)
        begun = start + timedelta(days=days) * (made / hunts) + timedelta(seconds=chance.uniform(0, 60))
        yield from _run(chance, begun, made, size, models)
        made += size


def _run(chance: random.Random, begun: datetime, first: int, size: int, models: tuple[Model, ...]) -> Iterator[At]:
    session, run_id = f"{chance.getrandbits(32):08x}", f"r_{first:06d}"
    notebook, model = chance.choice(NOTEBOOKS), chance.choice(models)
    trainer = chance.choice(TRAINERS)
    yield begun, SessionRecord(session=session, action="created", notebook=notebook, criteria=CRITERIA, trainer=trainer)
    outcomes: dict[str, int] = {}
    for place in range(size):
        at = begun + timedelta(seconds=2 + place * 0.7)
        hunt = _hunt(chance, session, run_id, first + place, notebook, model)
        hunt = hunt.model_copy(update={"trainer": trainer})
        outcomes[hunt.outcome] = outcomes.get(hunt.outcome, 0) + 1
        yield from ((at, call) for call in _calls(chance, hunt))
        yield at, hunt
        if place < 2 and len(hunt.verdicts) == CRITERIA and hunt.outcome in {"broke", "held"}:
            yield begun + timedelta(seconds=3 + size), _review(chance, hunt)
    yield (
        begun + timedelta(seconds=3 + size),
        RunRecord(
            session=session,
            run_id=run_id,
            status="completed",
            models=(model.name,),
            judge_model=JUDGE,
            hunts=size,
            duration_s=3.0 + size,
            notebook=notebook,
            task=task_of(notebook),
            criterion_texts=TEXTS,
            **{name: outcomes.get(name, 0) for name in ("broke", "held", "undetermined", "error")},
        ),
    )


def _hunt(chance: random.Random, session: str, run_id: str, number: int, notebook: str, model: Model) -> HuntRecord:
    outcome = _outcome(chance, model)
    replied = outcome in {"broke", "held", "undetermined"}
    passed = {"broke": chance.randint(0, 2), "held": chance.randint(3, 4), "undetermined": 2}.get(outcome, 0)
    verdicts = {f"C{n + 1}": "PASS" if n < passed else "FAIL" for n in range(CRITERIA)} if replied else {}
    if outcome == "undetermined":
        verdicts["C4"] = "UNDETERMINED"
    begins = " ".join(chance.choices(WORDS, k=chance.choice((1, 20, 30)))).capitalize() if replied else ""
    reply = f"{begins} {ENDS}" if len(begins) > 40 else begins
    error = chance.choice(ERRORS) if outcome == "error" else None
    latency_ms = round(model.latency_ms * chance.lognormvariate(0, 0.45), 1) if replied else None
    return HuntRecord(
        session=session,
        run_id=run_id,
        hunt_id=f"h_{number:06d}",
        number=number,
        notebook=notebook,
        task_id=notebook.removesuffix(".ipynb"),
        domain=DOMAINS.get(notebook, ""),
        taxonomy="Instructions",
        model=model.name,
        provider=model.provider,
        judge_model=JUDGE,
        simulated=model.simulated,
        outcome=outcome,
        passed=passed,
        criteria=CRITERIA,
        verdicts=verdicts,
        error=error,
        error_message=f"{model.provider} said {error}" if error else None,
        cost_usd=round(model.usd_a_reply * chance.uniform(0.6, 1.7), 6)
        if replied and model.usd_a_reply is not None
        else None,
        judge_cost_usd=round(CRITERIA * 0.0007 * chance.uniform(0.7, 1.4), 6) if replied else None,
        input_tokens=chance.randint(90, 400) if replied else None,
        output_tokens=chance.randint(120, 2400) if replied else None,
        latency_ms=latency_ms,
        duration_ms=latency_ms + chance.uniform(800, 2600) if latency_ms else None,
        excerpt=reply[:EXCERPT_CHARS],
        task=task_of(notebook),
        reply_mark=hashlib.sha256(reply.encode()).hexdigest()[:12] if replied else "",
        blind=number % 2 == 0,
        reply=reply,
        reply_chars=len(reply),
        **_opinions(number, outcome, verdicts),
    )


def _opinions(number: int, outcome: str, verdicts: dict[str, str]) -> dict[str, Any]:
    """Two other judges confirm one break in three, and contest another one."""
    if outcome != "broke" or number % 3 == 0:
        return {}
    failed = [criterion for criterion, verdict in verdicts.items() if verdict == "FAIL"]
    contested = number % 3 == 1
    votes = {
        "lab/second": dict.fromkeys(failed, "FAIL"),
        "lab/third": dict.fromkeys(failed, "PASS" if contested else "FAIL"),
    }
    confirmation = "contested" if contested else "confirmed"
    return {"confirmation": confirmation, "votes": votes, "opinion_steps": 2 * len(failed) + 4}


def _review(chance: random.Random, hunt: HuntRecord) -> ReviewRecord:
    """The person agrees with the judge on about nine criteria of ten."""
    other = {"PASS": "FAIL", "FAIL": "PASS"}
    human = {c: v if chance.random() < 0.9 else other.get(v, "FAIL") for c, v in hunt.verdicts.items()}
    return ReviewRecord(
        session=hunt.session,
        run_id=hunt.run_id,
        hunt_id=hunt.hunt_id,
        notebook=hunt.notebook,
        task=hunt.task,
        model=hunt.model,
        judge_model=hunt.judge_model,
        simulated=hunt.simulated,
        blind=hunt.blind,
        human=human,
        judge=hunt.verdicts,
        human_outcome="held" if sum(v == "PASS" for v in human.values()) * 2 > len(human) else "broke",
        judge_outcome=hunt.outcome,
        trainer=hunt.trainer,
    )


def task_of(notebook: str) -> str:
    return hashlib.sha256(notebook.encode()).hexdigest()[:12]


def _outcome(chance: random.Random, model: Model) -> str:
    if chance.random() < model.error_rate:
        return "error"
    if chance.random() < 0.03:
        return chance.choice(("cancelled", "undetermined"))
    return "broke" if chance.random() < model.break_rate else "held"


def _calls(chance: random.Random, hunt: HuntRecord) -> Iterator[CallRecord]:
    if hunt.outcome == "cancelled":
        return
    common = {"session": hunt.session, "simulated": hunt.simulated, "wait_ms": round(chance.uniform(0, 900), 1)}
    yield CallRecord(
        **common,
        provider=hunt.provider,
        model=hunt.model,
        purpose="target",
        ok=hunt.error is None,
        error=hunt.error,
        status=200 if hunt.error is None else 503,
        latency_ms=hunt.latency_ms or 900.0,
        cost_usd=hunt.cost_usd,
    )
    for _ in hunt.verdicts:
        yield CallRecord(
            **common,
            provider="openai",
            model=JUDGE,
            purpose="judge",
            ok=True,
            status=200,
            latency_ms=round(chance.lognormvariate(6.8, 0.4), 1),
            cost_usd=(hunt.judge_cost_usd or 0) / CRITERIA,
        )


def line(at: datetime, record: Record) -> bytes:
    """The log line of `record`, built without the production writer."""
    envelope = {"ts": at, "type": TYPES[type(record)], "schema": SCHEMA, "data": record.model_dump()}
    return orjson.dumps(envelope, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def write_log(directory: Path, entries: Iterable[At], *, instance: str = "api-1") -> None:
    """Write `entries` to the log files of their days."""
    directory.mkdir(parents=True, exist_ok=True)
    by_day: dict[date, list[bytes]] = {}
    for at, record in entries:
        by_day.setdefault(at.astimezone(UTC).date(), []).append(line(at, record))
    for day, lines in by_day.items():
        with (directory / file_name(day, instance)).open("ab") as file:
            file.writelines(lines)
