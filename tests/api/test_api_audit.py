"""Drawn held hunts on the review desk: the same in every process and after a resume, and indistinguishable while sealed."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from api.app import create_app
from core.review.audit import draw_order
from core.runtime import open_runtime
from tests.api.conftest import QUICK
from tests.settings import make_settings

TASK = {
    "prompt": "Name the capital of France.",
    "response": "Paris",
    "criteria": [
        {"id": "C1", "text": 'Mentions "Paris".'},
        {"id": "C2", "text": "Names the capital of France."},
        {"id": "C3", "text": 'Does not mention "London".'},
    ],
}
"""Both models break and hold it."""
WORDS = "It gives the wrong answer and no source for it at all."
PASSED, FAILED = ({c["id"]: verdict for c in TASK["criteria"]} for verdict in ("PASS", "FAIL"))


class Desk:
    """A session at one process."""

    def __init__(self, runtime, sid: str = "") -> None:
        self.client = create_app(runtime).test_client()
        self.sid = sid

    async def ask(self, method: str, path: str = "", status: int = 200, **body):
        at = f"/api/sessions/{self.sid}{path}" if self.sid else "/api/sessions"
        answer = await self.client.open(at, method=method, **body)
        told = json.loads(await answer.get_data())
        assert answer.status_code == status, told
        return told

    async def hunted(self, visibility: str = "blind", audit_held: int = 2, slots: int = 2, hunts: int = 24):
        """A session with hunts of two models, all ended, and `slots` breaks selected."""
        order = {"task": TASK, "visibility": visibility, "audit_held": audit_held}
        self.sid = (await self.ask("POST", status=201, json=order))["session_id"]
        await self.ask("PATCH", "/settings", json={"version": 1, "slots": slots, "least_breaks": 0})
        await self.ask("POST", "/runs", 202, json={"models": ["simulated/hasty", "simulated/careful"], "hunts": hunts})
        await self.ended()
        self.breaks, self.held = [
            [hunt["hunt_id"] for hunt in (await self.ask("GET", "/hunts"))["hunts"] if hunt["outcome"] == outcome]
            for outcome in ("broke", "held")
        ]
        await self.select(self.breaks[:slots])

    async def ended(self):
        async with asyncio.timeout(20):
            while not all(run["finished_at"] for run in (await self.ask("GET"))["runs"]):
                await asyncio.sleep(0.02)

    async def select(self, hunt_ids):
        return await self.ask("PUT", "/selection", json={"hunt_ids": hunt_ids})

    async def cards(self):
        return (await self.ask("GET", "/desk"))["cards"]

    async def review(self, card, verdicts=FAILED):
        return await self.ask("PUT", f"/reviews/{card['card_id']}", json={"verdicts": verdicts, "explanation": WORDS})

    async def exported(self):
        return json.loads(await (await self.client.get(f"/api/sessions/{self.sid}/export")).get_data())


@pytest.fixture(params=["memory", "redis"])
def backend(request, tmp_path):
    """Settings of processes that share a backend."""
    redis = {"redis__url": request.getfixturevalue("redis_server").url} if request.param == "redis" else {}
    return make_settings(
        telemetry__directory=str(tmp_path),
        providers__simulated_script=QUICK,
        hunting__blind_outcome_step_s=0.01,
        **redis,
    )


@pytest.fixture
async def desk(backend):
    async with open_runtime(backend, seed=1) as runtime:
        yield Desk(runtime)


async def test_the_desk_has_drawn_held_hunts_that_fill_no_slot_and_are_not_delivered(desk):
    await desk.hunted("open")
    cards = await desk.cards()
    drawn = [card["hunt_id"] for card in cards if card["audit"]]
    snapshot = await desk.ask("GET")
    assert drawn == [i for i in (card["hunt_id"] for card in cards) if i in snapshot["audit"]["hunt_ids"]]
    assert (len(cards), len(drawn), snapshot["selection"]["hunt_ids"]) == (4, 2, desk.breaks[:2])
    assert list(snapshot["audit"]["hunt_ids"]) == list(draw_order(snapshot["audit"]["seed"], desk.held))[:2]
    assert (snapshot["audit"]["cards"], snapshot["settings"]["audit_held"]) == (2, 2)
    for card in cards:
        await desk.review(card)
    record = (await desk.exported())["metadata"]["model_hunter"]
    assert [slot["hunt_id"] for slot in record["delivered"]] == desk.breaks[:2]
    assert len((await desk.ask("GET"))["reviews"]) == 4


async def test_opening_the_desk_again_draws_nothing_new_and_changes_nothing(desk):
    await desk.hunted()
    before = await desk.cards()
    await desk.ask("POST", "/runs", 202, json={"models": ["simulated/careful"], "hunts": 8})
    await desk.ended()
    version = (await desk.ask("GET"))["version"]
    assert await desk.cards() == before
    assert (await desk.ask("GET"))["version"] == version


async def test_before_reveal_a_drawn_card_looks_like_a_selected_one(desk):
    """Whichever card is reviewed, the snapshot, the summary and the preview say the same; only the reveal names them."""
    await desk.hunted()
    cards = await desk.cards()
    assert {tuple(card) for card in cards} == {
        ("card_id", "response", "cut_off", "criteria", "review", "response_html")
    }
    told = []
    for card in cards:
        before = await said_by(desk)
        review = (await desk.review(card))["review"]
        told.append((await said_by(desk), set(review)))
        draft = {"verdicts": {}, "explanation": ""}
        await desk.ask("PUT", f"/reviews/{card['card_id']}", json=draft)
    assert all(one == told[0] for one in told)
    assert told[0][0] != before
    assert told[0][0]["reveal_problems"] == ["3 of 4 reviews are unfinished."]
    assert told[0][0]["audit"] == {"cards": 2}
    assert (await desk.ask("GET", "/corrected-rates"))["groups"] == []
    assert "corrected_rates" not in (await desk.exported())["metadata"]["model_hunter"]
    everything = [json.dumps(await desk.ask("GET", path)) for path in ("", "/desk", "/insights", "/hunts")]
    assert not any("seed" in one for one in everything[:3])
    assert not any(hunt_id in everything[1] for hunt_id in (*desk.breaks, *desk.held))


async def said_by(desk):
    """All that a sealed session says about its reviews, but their cards and times."""
    snapshot = await desk.ask("GET")
    reviews = [{k: v for k, v in one.items() if k not in ("card_id", "saved_at")} for one in snapshot["reviews"]]
    complete = sorted(json.dumps(one) for one in reviews if one["complete"])
    summary = await desk.client.post("/api/sessions/summaries", json={"session_ids": [desk.sid]})
    preview = await desk.ask("GET", "/export/preview")
    return {
        **{name: snapshot[name] for name in ("can_reveal", "reveal_problems", "comparison", "audit", "agreement")},
        "reviews": complete,
        "summary": {k: v for k, v in (await summary.get_json())["sessions"][0].items() if k != "version"},
        "preview": preview["comparison"],
    }


async def test_every_card_is_reviewed_before_the_reveal_which_then_names_the_drawn_ones(desk):
    await desk.hunted()
    cards = await desk.cards()
    for card in cards:
        refused = await desk.ask("POST", "/reveal", 400)
        assert refused["error"]["code"] == "reviews_incomplete"
        await desk.review(card)
    revealed = await desk.ask("POST", "/reveal")
    audit = revealed["audit"]
    assert list(audit["hunt_ids"]) == list(draw_order(audit["seed"], desk.held))[:2]
    assert {card["hunt_id"] for card in await desk.cards() if card["audit"]} == set(audit["hunt_ids"])
    assert len(revealed["agreement"]["hunts"]) == 4
    rates = await desk.ask("GET", "/corrected-rates")
    rows = [row for group in rates["groups"] for row in group["rows"]]
    assert (rows[0]["broke"], rows[0]["held"]) == (len(desk.breaks), len(desk.held))
    assert (rows[0]["reviewed_breaks"], rows[0]["true_breaks"], rows[0]["audited_held"], rows[0]["true_held"]) == (
        2, 2, 2, 0,
    )  # fmt: skip
    assert [row["label"] for row in rows] == ["", "simulated/careful", "simulated/hasty"]
    assert (await desk.exported())["metadata"]["model_hunter"]["corrected_rates"] == rates["groups"]
    version = revealed["version"]
    fixed = await desk.ask("PATCH", "/settings", 400, json={"version": version, "audit_held": 0})
    assert fixed["error"]["code"] == "settings_fixed"


async def test_the_number_can_change_until_the_reveal_and_nothing_is_drawn_without_it(desk):
    await desk.hunted(audit_held=0)
    assert len(await desk.cards()) == 2
    for held, cards in ((1, 3), (3, 5), (0, 2), (3, 5)):
        version = (await desk.ask("GET"))["version"]
        await desk.ask("PATCH", "/settings", json={"version": version, "audit_held": held})
        assert len(await desk.cards()) == cards
    assert (await desk.ask("PATCH", "/settings", 400, json={"version": 0, "audit_held": 101}))["error"]["hint"]


async def test_the_draw_is_in_the_export_and_comes_back_with_its_reviews(desk, backend, tmp_path):
    await desk.hunted("open")
    for card in await desk.cards():
        await desk.review(card)
    before = await desk.ask("GET")
    notebook = await desk.exported()
    async with open_runtime(make_settings(backend, telemetry__directory=str(tmp_path / "other")), seed=5) as elsewhere:
        resumed = Desk(elsewhere)
        resumed.sid = (await resumed.ask("POST", status=201, json={"notebook": notebook}))["session_id"]
        after = await resumed.ask("GET")
        assert (after["audit"], after["settings"]) == (before["audit"], before["settings"])
        assert sorted(r["hunt_id"] for r in after["reviews"]) == sorted(r["hunt_id"] for r in before["reviews"])
        assert {c["hunt_id"] for c in await resumed.cards() if c["audit"]} == set(before["audit"]["hunt_ids"])


async def test_two_processes_that_open_the_desk_at_once_draw_the_same_hunts(request, tmp_path):
    settings = make_settings(
        redis__url=request.getfixturevalue("redis_server").url,
        telemetry__directory=str(tmp_path),
        providers__simulated_script=QUICK,
        hunting__blind_outcome_step_s=0.01,
    )
    async with AsyncExitStack() as opened:
        one, two = [Desk(await opened.enter_async_context(open_runtime(settings, seed=n))) for n in (1, 2)]
        await one.hunted()
        two.sid = one.sid
        here, there = await asyncio.gather(one.cards(), two.cards())
        assert here == there == await two.cards()
        assert len(here) == 4
        for card, process in zip(here, (one, two, one, two), strict=True):
            await process.review(card, PASSED)
        revealed = await two.ask("POST", "/reveal")
        assert len(revealed["audit"]["hunt_ids"]) == 2
        assert (await one.ask("GET"))["audit"] == revealed["audit"]
