"""One model with two settings and without any, over two API processes, of which one is killed with -9 and starts again:
every request has the parameters of its hunt, whichever process sent it, and no target loses a hunt.
"""

import asyncio
import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from tests.browser.scripted_provider import scripted_provider
from tests.chaos.processes import JUDGE, TARGET, TASK, Trainer, ended, start_cluster, status

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]
HUNTS, SLOTS, CRITERIA = 36, 4, len(TASK["criteria"])
LOW = {"reasoning": {"effort": "low"}, "seed": 7}
HOT = {"system_prompt": "Be brief.", "temperature": 1.5, "max_output_tokens": 700, "provider": {"only": ["azure"]}}
ORDER = {
    "models": [
        {"model": TARGET, "label": "low", "parameters": LOW},
        {"model": TARGET, "label": "hot", "parameters": HOT},
        TARGET,
    ],
    "judge_model": JUDGE,
    "judge": {"model": JUDGE, "parameters": {"seed": 11, "max_output_tokens": 900}},
}
ASKED = {"role": "user", "content": TASK["prompt"]}
ALWAYS = {
    "model": "simulated-target",
    "stream": True,
    "stream_options": {"include_usage": True},
    "usage": {"include": True},
}
BODIES = {
    "low": {**ALWAYS, "messages": [ASKED], "seed": 7, "reasoning": {"effort": "low"}},
    "hot": {
        **ALWAYS, "messages": [{"role": "system", "content": "Be brief."}, ASKED],
        "temperature": 1.5, "max_tokens": 700, "provider": {"only": ["azure"]},
    },
    TARGET: {**ALWAYS, "messages": [ASKED]},
}  # fmt: skip
"""What the provider must receive for a hunt, by the label of its target."""
REPLY = re.compile(r"Reply number [0-9]+\.")


@dataclass
class RecordingProvider:
    """Keeps every body. A reply names the request that got it, and a verdict's reason is the reply that was judged.

    Targets that are called while it holds get no reply before it replies again.
    """

    targets: list[dict] = field(default_factory=list)
    judges: list[dict] = field(default_factory=list)
    held: int = 0
    replies: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: dict) -> str:
        if body["model"] == "judge":
            self.judges.append(body)
            judged = REPLY.search(body["messages"][-1]["content"])
            return json.dumps({"reason": judged and judged[0], "evidence": "", "verdict": "PASS"})
        with self.lock:
            text = f"Reply number {len(self.targets)}."
            self.targets.append(body)
        time.sleep(0.1)  # long enough for both processes to share the run
        if not self.replies.is_set():
            with self.lock:
                self.held += 1
            self.replies.wait()
        return text


@pytest.mark.long
async def test_every_request_has_the_parameters_of_its_hunt_after_a_kill_too():
    provider = RecordingProvider()
    provider.replies.set()
    limits = {"OPENROUTER_CONCURRENCY": SLOTS, "OPENAI_CONCURRENCY": SLOTS, "SHARD_HUNTS": 6}
    with scripted_provider(provider.answer) as port:
        try:
            with start_cluster(2, provider=f"http://127.0.0.1:{port}", **limits) as ours:
                run, hunts, sent_before_kill = await hunted_with_a_kill(provider, *ours.apis)
                bugs = [status(api)["bugs"] for api in ours.apis]
        finally:
            provider.replies.set()  # a test that fails leaves no thread waiting

    assert (run["status"], bugs) == ("completed", [0, 0])
    assert [hunt["number"] for hunt in hunts] == list(range(1, HUNTS + 1))
    assert Counter((hunt["label"], hunt["outcome"]) for hunt in hunts) == {
        (label, "held"): HUNTS // 3 for label in BODIES
    }
    replies = [hunt["response"] for hunt in hunts]
    assert len(set(replies)) == HUNTS
    for hunt in hunts:
        request = provider.targets[int(REPLY.fullmatch(hunt["response"])[0].split()[-1][:-1])]
        assert request == json.loads(hunt["raw_request"] or "null") == BODIES[hunt["label"]]
        assert [v["reason"] for v in hunt["verdicts"]] == [hunt["response"]] * CRITERIA
    assert sent_before_kill < HUNTS <= len(provider.targets) <= HUNTS + SLOTS
    assert all(body in BODIES.values() for body in provider.targets)  # those whose reply was lost too
    assert HUNTS * CRITERIA <= len(provider.judges) <= HUNTS * CRITERIA + SLOTS
    assert {(body["seed"], body["max_completion_tokens"]) for body in provider.judges} == {(11, 900)}


async def hunted_with_a_kill(provider, first, second) -> tuple[dict, list[dict], int]:
    """The ended run, its hunts, and the number of target calls before the kill. Both processes worked on it by then,
    and calls of targets were open."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        trainer = Trainer(client, second)
        await trainer.start(HUNTS, first, **ORDER)
        await trainer.until(lambda _run: all(status(api)["hunts"]["done"] >= 2 for api in (first, second)))
        provider.replies.clear()
        await trainer.until(lambda _run: provider.held == SLOTS)
        sent = len(provider.targets)
        first.kill()
        provider.replies.set()
        await asyncio.to_thread(first.start)
        run = await trainer.until(ended)
        hunts = [
            await trainer.ask("GET", f"sessions/{trainer.sid}/hunts/{hunt['hunt_id']}")
            for hunt in await trainer.hunts()
        ]
        return run, hunts, sent
