"""Tests whether a blind session's verdicts can be predicted from anything the API returns besides the outcome.

200 sessions with a judge whose answers cost more, take longer and are longer when it fails a criterion. Every number,
time, length and position in every response and event is a feature. Each feature is compared with each verdict among
the hunts of the same outcome (a rank test, pooled over outcomes). In open sessions the same features reveal the
verdicts.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from math import sqrt
from typing import Any

import pytest

import core.simulator.provider
from api.app import create_app
from core.domain.chat import Reply, Usage
from core.runtime import open_runtime
from core.simulator.provider import SimulatedProvider
from tests.settings import make_settings
from tests.virtual_time import VirtualClock, VirtualLoop

BLIND, OPEN = (1,) * 140 + (2,) * 60, (1,) * 90
"""Sessions, by their hunts: sums tell most when there is one, orders need two."""
CHANCE_Z = 4.7
"""The largest of some 2,600 standard normal values lies below this 99 times in 100. Counts with the judge's costs give
11.3 here, an event for each verdict 7.7, an outcome as soon as it is known 5.5."""
TASK = {
    "prompt": "Name a river.",
    "response": "The Rhine.",
    "criteria": [{"id": f"C{n}", "text": f"The answer satisfies demand {n}."} for n in (1, 2, 3)],
}


class TellingJudge(SimulatedProvider):
    """Its targets do not know what its judge will say; its judge's costs, times and lengths do."""

    def __init__(self, *_: object, **__: object) -> None:
        self.chance = random.Random(12)

    def answer_form(self, _request):
        return "words"

    async def complete(self, request, context):
        await context.on_slot()
        if request.purpose == "target":
            wait_s = self.chance.uniform(1, 9)
            await asyncio.sleep(wait_s)
            words = " ".join(self.chance.choices(("Rhine", "Elbe", "Oder", "Isar"), k=self.chance.randint(9, 40)))
            return self._reply(words, wait_s, self.chance.uniform(0.001, 0.01))
        failed = self.chance.random() < 0.5
        wait_s = self.chance.uniform(0.9, 1.1) + 0.6 * failed
        await asyncio.sleep(wait_s)
        said = {
            "reason": "It does not. " * (9 if failed else 1),
            "evidence": "",
            "verdict": "FAIL" if failed else "PASS",
        }
        return self._reply(json.dumps(said), wait_s, 0.01 + 0.02 * failed)

    def _reply(self, text: str, wait_s: float, cost_usd: float) -> Reply:
        usage = Usage(input_tokens=50, output_tokens=len(text))
        return Reply(text=text, usage=usage, cost_usd=cost_usd, cost_source="provider", latency_ms=wait_s * 1000)


def test_nothing_a_blind_session_returns_predicts_its_verdicts_better_than_chance(tmp_path, monkeypatch):
    monkeypatch.setattr(core.simulator.provider, "SimulatedProvider", TellingJudge)
    blind = _samples(tmp_path, "blind", BLIND)
    assert {group for group, _, _ in blind} == {"1 broke", "1 held", "2 broke", "2 held"}
    telling = _predictors(blind)
    assert max(telling.values()) < CHANCE_Z, sorted(telling.items(), key=lambda found: -found[1])[:9]

    opened = _predictors(_samples(tmp_path, "open", OPEN))
    for feature, least in (("hunt.judge_cost_usd", CHANCE_Z), ("run.counts.cost_usd", CHANCE_Z), ("hunt.judging", 3)):
        assert max(z for (name, _), z in opened.items() if name == feature) > least, feature


def _samples(folder, visibility: str, sessions: tuple[int, ...]) -> list[tuple[str, list[str], dict[str, float]]]:
    """For every hunt: the number of hunts of its session and its outcome, its verdicts, and all available numbers."""

    async def look() -> list[tuple[str, list[str], dict[str, float]]]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        settings = make_settings(
            telemetry__directory=str(folder),
            providers__default_judge="simulated/judge",
            providers__simulated_concurrency=4,
        )
        async with open_runtime(settings, clock=VirtualClock(loop), seed=1) as runtime:
            client = create_app(runtime).test_client()
            return [sample for n in sessions for sample in await _session(client, runtime, visibility, n)]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(look())


async def _session(
    client: Any, runtime: Any, visibility: str, hunts_wanted: int
) -> list[tuple[str, list[str], dict[str, float]]]:
    sizes: dict[str, float] = {}

    async def ask(method: str, path: str, name: str = "", **body: Any) -> Any:
        answer = await client.open(f"/api/sessions{path}", method=method, **body)
        told = await answer.get_data()
        assert answer.status_code < 300, told
        if name:
            sizes[f"{name}.bytes"] = len(told)
        return json.loads(told)

    sid = (await ask("POST", "", json={"task": TASK, "visibility": visibility}))["session_id"]
    await ask("POST", f"/{sid}/runs", json={"models": ["simulated/careful"], "hunts": hunts_wanted})
    while not (snapshot := await ask("GET", f"/{sid}", "snapshot"))["runs"][0]["finished_at"]:
        await asyncio.sleep(1)  # of the virtual clock
    hunts = (await ask("GET", f"/{sid}/hunts", "hunts"))["hunts"]
    events = (await ask("GET", f"/{sid}/events?format=json&after=0-0", "events"))["events"]
    summary = await ask("POST", "/summaries", "summary", json={"session_ids": [sid]})
    await ask("GET", f"/{sid}/export", "export")
    began = datetime.fromisoformat(snapshot["created_at"])
    shared = sizes | _numbers("run", snapshot["runs"][0], began) | _numbers("summary", summary, began)
    samples = []
    for place, hunt in enumerate(hunts):
        mine = [(at, e) for at, e in enumerate(events) if e["data"].get("hunt", {}).get("hunt_id") == hunt["hunt_id"]]
        features = shared | _numbers("hunt", hunt, began) | {"place": place, "own events": len(mine)}
        for nth, (at, event) in enumerate(mine):
            features |= _numbers(f"event {nth}", event["data"], began) | {
                f"event {nth} place": at,
                f"event {nth} bytes": len(json.dumps(event["data"])),
                f"event {nth} after the one before": _at(event) - _at(mine[nth - 1][1]),
                f"event {nth} after the reply": _at(event) - (hunt["latency_ms"] or 0) - _at(mine[0][1]),
            }
        stored = await runtime.store.hunt(sid, hunt["hunt_id"])
        samples.append((f"{hunts_wanted} {stored.outcome}", [v.verdict.value for v in stored.verdicts], features))
    await client.delete(f"/api/sessions/{sid}")
    return samples


def _at(event: Any) -> float:
    return float(event["id"].partition("-")[0])


def _numbers(path: str, value: Any, began: datetime) -> dict[str, float]:
    """Every number in a JSON value: those in it, times since `began`, lengths."""
    found = dict(_walk(path, value, began))
    if isinstance(value, dict) and value.get("finished_at") and value.get("latency_ms"):  # what a curious person does
        found[f"{path}.judging"] = (
            found[f"{path}.finished_at"] - found[f"{path}.started_at"] - value["latency_ms"] / 1000
        )
    return found


def _walk(path: str, value: Any, began: datetime) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(f"{path}.{name}", inner, began)
    elif isinstance(value, list):
        yield path + ".length", len(value)
        for at, inner in enumerate(value):
            yield from _walk(f"{path}.{at}", inner, began)
    elif isinstance(value, str):
        yield path + ".length", len(value)
        if path.endswith("_at"):
            yield path, (datetime.fromisoformat(value) - began).total_seconds()
    elif value is not None:
        yield path, float(value)


def _predictors(samples: list[tuple[str, list[str], dict[str, float]]]) -> dict[tuple[str, int | str], float]:
    """|z| by feature and question: how far the feature's ranks differ among hunts of the same outcome between those of
    which the answer is yes and the others. Questions: did it fail this criterion; as many as the outcome allows?"""
    found = {}
    for name in sorted({name for _, _, features in samples for name in features}):
        for question in (0, 1, 2, "many"):
            groups: defaultdict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
            for group, verdicts, features in samples:
                many = verdicts.count("FAIL") in (1, 3)
                yes = many if question == "many" else verdicts[question] == "FAIL"
                groups[group][yes].append(features.get(name, -1.0))
            found[name, question] = _pooled_z(groups.values())
    return found


def _pooled_z(groups: Any) -> float:
    """Wilcoxon's rank sum with ties, pooled over the groups."""
    over, variance = 0.0, 0.0
    for passed, failed in groups:
        n, values = len(passed) + len(failed), sorted([*passed, *failed])
        if not passed or not failed or values[0] == values[-1]:
            continue
        first = {value: at for at, value in reversed(list(enumerate(values)))}
        count: defaultdict[float, int] = defaultdict(int)
        for value in values:
            count[value] += 1
        ranks = {value: at + (count[value] + 1) / 2 for value, at in first.items()}
        over += sum(ranks[value] for value in failed) - len(failed) * (n + 1) / 2
        ties = sum(times**3 - times for times in count.values()) / (n * (n - 1))
        variance += len(passed) * len(failed) / 12 * (n + 1 - ties)
    return abs(over) / sqrt(variance) if variance else 0.0


@pytest.mark.parametrize(("leak", "found"), [(0.0, False), (1.0, True)])
def test_the_rank_test_itself_finds_what_is_there_and_nothing_else(leak, found):
    chance = random.Random(3)
    samples = []
    for _ in range(300):
        verdicts = [chance.choice(("PASS", "FAIL")) for _ in range(3)]
        outcome = "broke" if verdicts.count("FAIL") > 1 else "held"
        cost = chance.uniform(0, 3) + leak * verdicts.count("FAIL")
        samples.append((outcome, verdicts, {"cost": cost, "same": 1.0, "noise": chance.random()}))
    assert (max(_predictors(samples).values()) > CHANCE_Z) is found
