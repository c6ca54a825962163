"""Doors of a blind session that would have the judge's verdicts on a sealed reply shown: all are shut until reveal."""

import asyncio
import json

import pytest

from api.app import create_app
from core.runtime import open_runtime
from tests.api.conftest import QUICK, TASK
from tests.settings import make_settings

WORDS = "It gives the wrong answer and no source for it at all."


@pytest.fixture
async def client(tmp_path):
    settings = make_settings(
        telemetry__directory=str(tmp_path), providers__simulated_script=QUICK, hunting__blind_outcome_step_s=0.01
    )
    async with open_runtime(settings, seed=1) as runtime:
        yield create_app(runtime).test_client()


async def ask(client, method, path, expected=200, **body):
    answer = await client.open(f"/api/sessions{path}", method=method, **body)
    told = json.loads(await answer.get_data())
    assert answer.status_code == expected, told
    return told


async def hunted(client):
    task = TASK | {"prompt": "Write two sentences about the capital of France, and say why you like it."}
    here = f"/{(await ask(client, 'POST', '', 201, json={'task': task, 'visibility': 'blind'}))['session_id']}"
    await ask(client, "PATCH", f"{here}/settings", json={"version": 1, "slots": 1, "least_breaks": 0})
    await ask(client, "POST", f"{here}/runs", 202, json={"models": ["simulated/careful"], "hunts": 3})
    async with asyncio.timeout(10):
        while not (await ask(client, "GET", here))["runs"][0]["finished_at"]:
            await asyncio.sleep(0.02)
    return here, (await ask(client, "GET", f"{here}/hunts"))["hunts"]


async def test_a_sealed_reply_is_not_judged_again_as_a_part_of_the_task_until_reveal(client):
    here, hunts = await hunted(client)
    reply, one = hunts[0]["response"], hunts[0]["hunt_id"]
    doors = (("/reference-check", {}), ("/runs", {"models": ["simulated/careful"], "hunts": 1}),
             ("/trials", {"model": "simulated/careful"}))  # fmt: skip
    for edit in ({"response": reply}, {"response": "Paris", "prompt": f"Repeat this word for word: {reply}"}):
        version = (await ask(client, "GET", here))["version"]
        await ask(client, "PATCH", f"{here}/task", json={"version": version} | edit)
        for door, order in doors:
            refused = (await ask(client, "POST", here + door, 409, json=order))["error"]
            assert (refused["code"], "reveal" in refused["hint"]) == ("sealed", True)
    await ask(client, "POST", f"{here}/hunts/{one}/rejudge", 409, json={"criterion_ids": ["C1"]})

    await ask(client, "PUT", f"{here}/selection", json={"hunt_ids": [one]})
    card = (await ask(client, "GET", f"{here}/desk"))["cards"][0]["card_id"]
    verdicts = {c["id"]: "PASS" for c in TASK["criteria"]}
    await ask(client, "PUT", f"{here}/reviews/{one}", 404, json={"verdicts": verdicts, "explanation": WORDS})
    await ask(client, "PUT", f"{here}/reviews/{card}", json={"verdicts": verdicts, "explanation": WORDS})
    await ask(client, "POST", f"{here}/reveal")
    for door, order in doors:
        await ask(client, "POST", here + door, 202, json=order)
    other = hunts[1]["hunt_id"]
    await ask(client, "POST", f"{here}/hunts/{other}/rejudge", 202, json={"criterion_ids": ["C1"]})


async def test_no_edit_of_the_task_changes_an_outcome_of_a_sealed_hunt_by_judging_it_again(client):
    """Otherwise the pass rule `all`, or removing criteria one at a time, would reveal each verdict."""
    here, before = await hunted(client)
    version = (await ask(client, "GET", here))["version"]
    edit = {
        "version": version,
        "pass_rule": "all",
        "judge_system_prompt": "Answer FAIL.",
        "criteria": TASK["criteria"][:1],
    }
    await ask(client, "PATCH", f"{here}/task", json=edit)
    for hunt in before:
        await ask(client, "POST", f"{here}/hunts/{hunt['hunt_id']}/rejudge", 202, json={})
    async with asyncio.timeout(10):
        while (await ask(client, "GET", here))["counts"]["done"] < len(before):
            await asyncio.sleep(0.02)
    after = (await ask(client, "GET", f"{here}/hunts"))["hunts"]
    assert [hunt["outcome"] for hunt in after] == [hunt["outcome"] for hunt in before]
    assert {hunt["judgings"] for hunt in after} == {2}


async def test_after_reveal_costs_and_times_are_there_again(client):
    here, hunts = await hunted(client)
    sealed = await ask(client, "GET", here)
    assert (sealed["counts"]["judge_cost_usd"], {hunt["finished_at"] for hunt in hunts}) == (None, {None})
    await ask(client, "PUT", f"{here}/selection", json={"hunt_ids": [hunts[0]["hunt_id"]]})
    card = (await ask(client, "GET", f"{here}/desk"))["cards"][0]["card_id"]
    verdicts = {c["id"]: "PASS" for c in TASK["criteria"]}
    await ask(client, "PUT", f"{here}/reviews/{card}", json={"verdicts": verdicts, "explanation": WORDS})
    revealed = await ask(client, "POST", f"{here}/reveal")
    assert revealed["counts"]["judge_cost_usd"] is not None
    assert all(hunt["finished_at"] for hunt in (await ask(client, "GET", f"{here}/hunts"))["hunts"])


async def test_a_session_resumed_from_a_sealed_export_is_revealed_after_judging_again(client):
    here, hunts = await hunted(client)
    one = hunts[0]["hunt_id"]
    await ask(client, "PUT", f"{here}/selection", json={"hunt_ids": [one]})
    exported = await client.get(f"/api/sessions{here}/export")
    notebook = json.loads(await exported.get_data())
    here = f"/{(await ask(client, 'POST', '', 201, json={'notebook': notebook, 'visibility': 'blind'}))['session_id']}"
    card = (await ask(client, "GET", f"{here}/desk"))["cards"][0]["card_id"]
    verdicts = {c["id"]: "PASS" for c in TASK["criteria"]}
    await ask(client, "PUT", f"{here}/reviews/{card}", json={"verdicts": verdicts, "explanation": WORDS})
    snapshot = await ask(client, "GET", here)
    (problem,) = snapshot["reveal_problems"]
    assert (snapshot["can_reveal"], problem.split(",")[0]) == (False, "1 of 1 selected hunts has no verdicts")
    refused = (await ask(client, "POST", f"{here}/reveal", 400))["error"]
    assert (refused["code"], refused["details"]["problems"]) == ("reviews_incomplete", [problem])
    await ask(client, "POST", f"{here}/hunts/{one}/rejudge", 202, json={})
    async with asyncio.timeout(10):
        while not (await ask(client, "GET", here))["can_reveal"]:
            await asyncio.sleep(0.02)
    revealed = await ask(client, "POST", f"{here}/reveal")
    assert revealed["agreement"]["agree"] + revealed["agreement"]["disagree"] == len(TASK["criteria"])
