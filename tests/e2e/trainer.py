"""A trainer at work over real HTTP: a client that remembers every body, and a provider whose judge leaves a mark."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import httpx

from tests.e2e.api_process import open_api
from tests.e2e.over_http import scripted_server

REPLIES = (
    "Paris is the capital of France, and has been for a long time.",
    "London, if I remember well, though others may say something else.",
    "The capital is Lyon; it lies where two rivers meet in the south.",
    "Marseille is the one: a port with old walls and a market by the sea.",
)
MARK = "zebra"
"""Stands in every reason that the judge gives of a hunt's reply, and nowhere else."""
TASK = {
    "prompt": "What is the capital of France?",
    "response": "Paris.",
    "criteria": [{"id": f"C{n}", "text": f"The answer satisfies demand {n}."} for n in (1, 2, 3)],
}
JUDGE = "openai/judge"
WORDS = "The answer names another town and gives no source for it at all."


def provider_of(*replies: str):
    """`answer(body)` for scripted_server: targets get the replies in turn, the judge finds C1 and C2 failed but for Paris."""
    turns = count()

    def answer(body: dict) -> str:
        said = "\n".join(message["content"] for message in body["messages"])
        if "judge" not in body["model"]:
            return replies[next(turns) % len(replies)]
        judged = re.search(r"=== REPLY \w+ ===\n(.*?)\n=== END", said, re.DOTALL)
        text = judged[1] if judged else said
        criterion = re.findall(r"(C\d): The answer satisfies", said)[-1]
        reference = text.strip() == TASK["response"]
        passed = reference or criterion == "C3" or REPLIES[0] in text
        reason = "as it should be" if reference else f"{MARK} {criterion}"
        return json.dumps({"reason": reason, "evidence": "", "verdict": "PASS" if passed else "FAIL"})

    return answer


class Trainer:
    """Speaks to a session and keeps what it was told: (method, path, body)."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.heard: list[tuple[str, str, str]] = []
        self.sid = ""

    async def __call__(self, method: str, path: str, expected: int = 200, **request: object):
        answer = await self.client.request(method, f"/api/sessions{path}", **request)
        self.heard.append((method, path, answer.text + json.dumps(dict(answer.headers))))
        assert answer.status_code == expected, answer.text[:500]
        return answer.json() if answer.headers["content-type"] == "application/json" else answer.text

    async def here(self, method: str, path: str = "", expected: int = 200, **request: object):
        return await self(method, f"/{self.sid}{path}", expected, **request)

    async def open(self, **order: object):
        opened = await self("POST", "", 201, json=order)
        self.sid = opened["session_id"]
        return opened

    async def until(self, fits):
        """The first snapshot that fits; read again after each event, as a page does."""
        after = "0-0"
        async with asyncio.timeout(20):
            while not fits(snapshot := await self.here("GET")):
                page = await self.here("GET", f"/events?format=json&after={after}")
                after = page["last_event_id"]
                if not page["events"]:
                    await asyncio.sleep(0.02)
        return snapshot

    async def hunt(self, **order: object):
        """A run to its end; the snapshot then."""
        run = await self.here("POST", "/runs", 202, json={"models": ["openrouter/target"], "hunts": 8} | order)
        return await self.until(lambda s: all(r["finished_at"] for r in s["runs"] if r["run_id"] == run["run_id"]))

    async def stream(self, seconds: float = 0.6) -> str:
        """All events from the first on, as a stream of server-sent events gives them."""
        told = ""
        try:
            async with asyncio.timeout(seconds):
                async with self.client.stream("GET", f"/api/sessions/{self.sid}/events?after=0-0") as stream:
                    async for text in stream.aiter_text():
                        told += text
        except TimeoutError:
            self.heard.append(("GET", "/events (stream)", told))
        return told

    async def hunts(self, query: str = ""):
        return (await self.here("GET", f"/hunts?limit=1000{query}"))["hunts"]

    async def select(self, breaks: int = 3, held: int = 1):
        """Choose hunts by their outcome; the snapshot then."""
        hunts = await self.hunts()
        chosen = [h["hunt_id"] for h in hunts if h["outcome"] == "broke"][:breaks]
        chosen += [h["hunt_id"] for h in hunts if h["outcome"] == "held"][:held]
        return await self.here("PUT", "/selection", json={"hunt_ids": chosen})

    async def review_all(self, verdict: str = "FAIL"):
        for card in (await self.here("GET", "/desk"))["cards"]:
            verdicts = {c["id"]: verdict for c in card["criteria"]}
            await self.here("PUT", f"/reviews/{card['card_id']}", json={"verdicts": verdicts, "explanation": WORDS})


@asynccontextmanager
async def a_trainer(
    folder: Path, answer: Callable[[dict], str] | None = None, **variables: str
) -> AsyncIterator[Trainer]:
    """A trainer before a real API whose providers are one told server; `variables` are further settings."""
    async with scripted_server(answer or provider_of(*REPLIES)) as port:
        address = f"http://127.0.0.1:{port}/v1"
        providers = {
            "OPENROUTER_BASE_URL": address, "OPENROUTER_API_KEY": "k1", "OPENAI_BASE_URL": address,
            "OPENAI_API_KEY": "k2", "DEFAULT_JUDGE": JUDGE, "BLIND_OUTCOME_STEP": "0.05", **variables,
        }  # fmt: skip
        async with (
            open_api(folder, **providers) as api,
            httpx.AsyncClient(base_url=api.address, timeout=20) as client,
        ):
            yield Trainer(client)
