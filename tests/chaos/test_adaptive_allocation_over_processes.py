"""An adaptive run over two API processes, of which one is killed with -9 and starts again: a hunt keeps the target that
was drawn for it, also if another process finishes it, and the target that breaks more gets more hunts.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from tests.browser.scripted_provider import scripted_provider
from tests.chaos.processes import JUDGE, TARGET, Trainer, ended, start_cluster, status

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(120)]
HUNTS, SLOTS = 40, 4
LABELS = {7: "weak", 8: "strong"}
"""The label of a target by its seed."""
ORDER = {
    "models": [{"model": TARGET, "label": label, "parameters": {"seed": seed}} for seed, label in LABELS.items()],
    "judge_model": JUDGE,
    "allocation": "adaptive",
}


@dataclass
class RecordingProvider:
    """Replies name the label of the target that was called; those of the weak one break. It may hold its replies."""

    calls: list[str] = field(default_factory=list)
    held: int = 0
    replies: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: dict) -> str:
        if body["model"] == "judge":
            broke = "Called: weak." in body["messages"][-1]["content"]
            return json.dumps({"reason": "So.", "evidence": "", "verdict": "FAIL" if broke else "PASS"})
        self.calls.append(LABELS[body["seed"]])
        time.sleep(0.1)  # long enough for both processes to share the run
        if not self.replies.is_set():
            self.held += 1
            self.replies.wait()
        return f"Called: {LABELS[body['seed']]}."


async def test_a_drawn_target_is_kept_after_a_kill_and_both_processes_move_to_the_weak_model():
    provider = RecordingProvider()
    provider.replies.set()
    limits = {"OPENROUTER_CONCURRENCY": SLOTS, "OPENAI_CONCURRENCY": SLOTS, "SHARD_HUNTS": 6, "SHARD_LEASE": 3}
    with scripted_provider(provider.answer) as port:
        try:
            with start_cluster(2, provider=f"http://127.0.0.1:{port}", **limits) as ours:
                before, run, hunts = await hunted_with_a_kill(provider, *ours.apis)
                bugs = [status(api)["bugs"] for api in ours.apis]
        finally:
            provider.replies.set()  # a test that fails leaves no thread waiting

    assert (run["status"], bugs) == ("completed", [0, 0])
    assert [hunt["number"] for hunt in hunts] == list(range(1, HUNTS + 1))
    assert [hunt["label"] for hunt in hunts[::5]] == ["weak", "strong"] * (HUNTS // 10)
    labels = {hunt["hunt_id"]: hunt["label"] for hunt in hunts}
    assert len(before) >= SLOTS
    assert {hunt_id: labels[hunt_id] for hunt_id in before} == before
    assert [hunt["response"] for hunt in hunts] == [f"Called: {hunt['label']}." for hunt in hunts]
    assert Counter(labels.values())["weak"] > 0.6 * HUNTS
    assert HUNTS <= len(provider.calls) <= HUNTS + SLOTS
    rated = [hunt for hunt in hunts if hunt["share"] == "uniform"]
    assert (run["counts"]["break_rate"], run["counts"]["rated_decided"]) == (0.5, len(rated))
    assert run["counts"]["broke"] == Counter(labels.values())["weak"]


async def hunted_with_a_kill(provider, first, second) -> tuple[dict[str, str], dict, list[dict]]:
    """The labels of the hunts that had a target and no result at the kill, the ended run, and its hunts."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        trainer = Trainer(client, second)
        await trainer.start(HUNTS, first, **ORDER)
        await trainer.until(lambda _run: all(status(api)["hunts"]["done"] >= 2 for api in (first, second)))
        provider.replies.clear()
        await trainer.until(lambda _run: provider.held == SLOTS)
        before = {h["hunt_id"]: h["label"] for h in await trainer.hunts() if h["model"] and h["status"] != "done"}
        first.kill()
        provider.replies.set()
        await asyncio.to_thread(first.start)
        run = await trainer.until(ended)
        hunts = [
            await trainer.ask("GET", f"sessions/{trainer.sid}/hunts/{hunt['hunt_id']}")
            for hunt in await trainer.hunts()
        ]
        return before, run, hunts
