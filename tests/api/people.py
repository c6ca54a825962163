"""A session with two reviewers: alice owns it, bob is asked for a second review; root is an admin."""

import asyncio
import json

from tests.api.signing_in import bearer

TASK = {
    "prompt": "Name the capital of France.",
    "response": "Paris",
    "criteria": [
        {"id": "C1", "text": 'Mentions "Paris".'},
        {"id": "C2", "text": "Names the capital of France."},
        {"id": "C3", "text": 'Does not mention "London".'},
    ],
}
WORDS = "It gives the wrong answer and no source for it at all."


class People:
    def __init__(self, client, sid: str = "") -> None:
        self.client = client
        self.sid = sid

    async def ask(self, name: str, method: str, path: str = "", status: int = 200, **body):
        answer = await self.client.open(f"/api/sessions/{self.sid}{path}", method=method, headers=bearer(name), **body)
        raw = await answer.get_data()
        assert answer.status_code == status, raw
        return json.loads(raw) if raw else None

    async def api(self, name: str, path: str):
        return await (await self.client.get(f"/api{path}", headers=bearer(name))).get_json()

    async def hunted(self, visibility: str = "blind", slots: int = 2):
        """A session of alice's with hunts that have ended, and a complete selection."""
        order = {"task": TASK, "visibility": visibility}
        opened = await self.client.post("/api/sessions", json=order, headers=bearer("alice"))
        self.sid = (await opened.get_json())["session_id"]
        settings = {"version": 1, "slots": slots, "least_breaks": 0}
        await self.ask("alice", "PATCH", "/settings", json=settings)
        run = {"models": ["simulated/hasty", "simulated/careful"], "hunts": 12}
        await self.ask("alice", "POST", "/runs", 202, json=run)
        async with asyncio.timeout(20):
            while not all(run["finished_at"] for run in (await self.ask("alice", "GET"))["runs"]):
                await asyncio.sleep(0.02)
        hunts = (await self.ask("alice", "GET", "/hunts"))["hunts"]
        self.hunts = [hunt["hunt_id"] for hunt in hunts if hunt["outcome"] in ("broke", "held")]
        await self.ask("alice", "PUT", "/selection", json={"hunt_ids": self.hunts[:slots]})

    async def asked(self, reviewer: str = "bob", status: int = 200):
        return await self.ask("alice", "POST", "/second-review", status, json={"reviewer": reviewer})

    async def cards(self, name: str):
        return [card["card_id"] for card in (await self.ask(name, "GET", "/desk"))["cards"]]

    async def review(self, name: str, said: str = "FFF", words: str = WORDS):
        """Review every card: one letter for each criterion, P or F."""
        verdicts = {f"C{n}": {"P": "PASS", "F": "FAIL"}[one] for n, one in enumerate(said, 1)}
        for card in await self.cards(name):
            order = {"verdicts": verdicts, "explanation": words}
            await self.ask(name, "PUT", f"/reviews/{card}", json=order)

    async def both_done(self, alice: str = "FFF", bob: str = "FPF"):
        await self.asked()
        await self.review("alice", alice)
        await self.review("bob", bob)
        await self.ask("bob", "POST", "/second-review/done")
        await self.ask("alice", "POST", "/reveal")
