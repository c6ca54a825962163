"""Before reveal nothing of the judge but outcomes leaves the server, whatever is asked for and however."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.e2e.trainer import MARK, TASK, WORDS, Trainer, a_trainer

A_VERDICT = re.compile(r'\\*"(?:PASS|FAIL|UNDETERMINED)\\*"|\((?:PASS|FAIL|UNDETERMINED)\)')
A_COUNT = re.compile(r"pass rate|\bpassed\b.{0,4}[0-9]|[0-9]/3\b", re.IGNORECASE)


def hunts_in(value: object) -> Iterator[dict]:
    """Every object about a hunt, at any depth."""
    if isinstance(value, dict):
        if "hunt_id" in value and "outcome" in value and "number" in value and "verdicts" in value:
            yield value
        for inner in value.values():
            yield from hunts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from hunts_in(inner)


def objects_with(name: str, value: object) -> Iterator[dict]:
    """Every object that has that field, however deep it stands."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and name in value:
        yield value
    for one in inner:
        yield from objects_with(name, one)


def assert_silent_about_the_judge(heard, *, reviewed: bool) -> None:
    for method, path, body in heard:
        assert MARK not in body, (method, path)
        if not reviewed:
            assert not A_VERDICT.search(body), (method, path, A_VERDICT.search(body))
            assert not A_COUNT.search(body), (method, path, A_COUNT.search(body))
        text = body[: body.rindex("{")] if body.startswith("{") else "{}"
        for hunt in hunts_in(json.loads(text)):
            told = {name: hunt[name] for name in ("verdicts", "passed", "criteria", "judge_cost_usd")}
            assert told == {"verdicts": [], "passed": None, "criteria": None, "judge_cost_usd": None}, path
            assert not hunt["usage"] or hunt["finished_at"] is None, path
        for counts in objects_with("judge_cost_usd", json.loads(text)):
            assert counts["judge_cost_usd"] is None, path
        for card in objects_with("card_id", json.loads(text)):
            assert not {"hunt_id", "number", "outcome", "model"} & set(card), path


async def look_everywhere(me: Trainer) -> None:
    """Every answer that a session gives, errors and exports too."""
    hunts = await me.hunts()
    run = hunts[0]["run_id"]
    for path in ("", "/hunts", "/hunts?texts=false", "/turns/1/hunts", f"/runs/{run}", f"/hunts?run_id={run}", "/insights",
                 "/selection/proposal", "/desk", "/export", "/export/preview", "/trials",
                 "/events?format=json&limit=5000"):  # fmt: skip
        await me.here("GET", path)
    for hunt in hunts:
        await me.here("GET", f"/hunts/{hunt['hunt_id']}")
    ids = ",".join(hunt["hunt_id"] for hunt in hunts[:4])
    await me.here("GET", f"/export?hunt_ids={ids}")
    await me.here("GET", f"/export/preview?hunt_ids={ids}")
    await me("POST", "/summaries", json={"session_ids": [me.sid]})
    await me.here("POST", f"/hunts/{hunts[0]['hunt_id']}/rejudge", 409, json={"criterion_ids": ["C99"]})
    partly = await me.here("POST", f"/hunts/{hunts[0]['hunt_id']}/rejudge", 409, json={"criterion_ids": ["C2"]})
    assert partly["error"]["code"] == "sealed"
    await me.here("PUT", "/selection", 400, json={"hunt_ids": ["r_x.1"]})
    await me.here("PATCH", "/task", 409, json={"version": 0, "prompt": "x"})
    await me.here("POST", "/reveal", 400)
    await me.stream()


@pytest.mark.e2e
async def test_before_reveal_no_body_and_no_event_holds_anything_of_the_judge_but_outcomes(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK, visibility="blind")
        snapshot = await me.hunt(hunts=8)
        assert (snapshot["sealed"], snapshot["counts"]["broke"], snapshot["counts"]["held"]) == (True, 6, 2)
        again = (await me.hunts())[1]["hunt_id"]
        await me.here("POST", f"/hunts/{again}/rejudge", 202, json={})
        await me.until(lambda s: s["counts"]["done"] == 8)
        await me.select()
        await look_everywhere(me)
        assert_silent_about_the_judge(me.heard, reviewed=False)

        await me.review_all()
        await look_everywhere_but_errors(me)
        assert_silent_about_the_judge(me.heard, reviewed=True)
        revealed = await me.here("POST", "/reveal")
        assert (revealed["sealed"], revealed["revealed"]) == (False, True)
        assert MARK in json.dumps(await me.hunts())
        assert MARK in await me.here("GET", "/export")
        assert revealed["agreement"]["disagree"] > 0


async def look_everywhere_but_errors(me: Trainer) -> None:
    for path in ("", "/hunts", "/desk", "/export", "/export/preview", "/insights", "/events?format=json&limit=5000"):
        await me.here("GET", path)
    await me.stream()


@pytest.mark.e2e
async def test_the_desk_of_a_blind_session_shows_no_number_model_or_outcome(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK, visibility="blind")
        await me.hunt(hunts=8)
        chosen = (await me.select())["selection"]["hunt_ids"]
        await me.review_all()
        desk = await me.here("GET", "/desk")
        assert set(desk["cards"][0]) == {"card_id", "response", "response_html", "cut_off", "criteria", "review"}
        kept = await me.here("PUT", f"/reviews/{desk['cards'][0]['card_id']}", json={"explanation": WORDS})
        by_hunt = await me.here("PUT", f"/reviews/{chosen[0]}", 404, json={"explanation": WORDS})
        assert by_hunt["error"]["code"] == "no_card"
        reviews = (await me.here("GET"))["reviews"]
        assert [r["card_id"] for r in reviews] == [card["card_id"] for card in desk["cards"]], "in the desk's order"
        answers = [await me.here("PUT", "/selection", json={"hunt_ids": chosen[:n]}) for n in (4, 3, 1)]
        answers.append(await me.here("GET"))
        assert [len(one["reviews"]) for one in answers] == [4, 3, 1, 1]
        assert not any(card["card_id"] in json.dumps(answers) for card in desk["cards"])
        for text in (json.dumps(desk), json.dumps(kept), json.dumps(reviews)):
            assert not [i for i in chosen if i in text]
            assert not [
                word for word in ("openrouter", "target", "broke", "held", "number", "cost", "latency") if word in text
            ]


@pytest.mark.e2e
async def test_reference_check_and_trials_show_everything_in_a_blind_session(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK, visibility="blind")
        await me.here("POST", "/reference-check", 202, json={})
        checked = await me.until(lambda s: s["check"]["status"] == "passed")
        assert {v["reason"] for v in checked["check"]["verdicts"]} == {"as it should be"}
        trial = (await me.here("POST", "/trials", 202, json={"model": "openrouter/target"}))["hunt_id"]
        await me.until(lambda s: s["trials"]["done"] == 1)
        shown = await me.here("GET", f"/hunts/{trial}")
        assert (shown["kind"], shown["number"], shown["trial_number"], len(shown["verdicts"])) == ("trial", 0, 1, 3)
        assert MARK in json.dumps(shown["verdicts"])
        assert MARK in await me.stream()
        snapshot = await me.here("GET")
        assert (snapshot["attempts_made"], snapshot["runs"], snapshot["settings"]["fixed"]) == (0, [], False)
        assert await me.hunts() == []
        await me.here("PUT", "/selection", 400, json={"hunt_ids": [trial]})
