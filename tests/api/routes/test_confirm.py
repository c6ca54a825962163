"""Second opinions on stored replies over HTTP: who is asked, what is left out and why, and what a sealed session shows."""

import asyncio
import json

import pytest

from tests.api.asking import body
from tests.api.routes.test_runs import ended, start

OTHER, CRITERIA = {"model": "simulated/fallible"}, 5


@pytest.fixture
def changes():
    return {"hunting__blind_outcome_step_s": 0.01}


@pytest.fixture
async def sid(client):
    return await opened(client)


async def opened(client, **how):
    """A session of an example whose replies both break and hold."""
    return (await body(await client.post("/api/sessions", json={"example": "word-budget", **how}), 201))["session_id"]


@pytest.fixture
async def hunts(client, sid):
    return await hunted(client, sid)


async def hunted(client, sid, **run):
    """The hunts of a finished run, by outcome: at least one break and one held reply."""
    _, answer = await start(client, sid, hunts=12, **run)
    await ended(client, sid, answer["run_id"])
    found = {}
    for hunt in (await body(await client.get(f"/api/sessions/{sid}/hunts")))["hunts"]:
        found.setdefault(hunt["outcome"], []).append(hunt["hunt_id"])
    return found


async def confirm(client, sid, hunt_ids, key="", **changes):
    asked = {"hunt_ids": hunt_ids, "judges": [OTHER]} | changes
    return await client.post(f"/api/sessions/{sid}/confirm", json=asked, headers={"Idempotency-Key": key})


async def error_code(response, status):
    return (await body(response, status))["error"]["code"]


async def confirmed(client, sid, hid):
    """The hunt once it is confirmed or contested."""
    async with asyncio.timeout(20):
        while (hunt := await body(await client.get(f"/api/sessions/{sid}/hunts/{hid}")))[
            "confirmation"
        ] == "unconfirmed":
            await asyncio.sleep(0.01)
    return hunt


async def test_another_judge_is_asked_about_a_break_and_its_votes_arrive(client, sid, hunts):
    hid = hunts["broke"][0]
    answer = await body(await confirm(client, sid, [hid, hid]), 202)
    hunt = await confirmed(client, sid, hid)
    failed = [verdict["criterion_id"] for verdict in hunt["verdicts"] if verdict["verdict"] == "FAIL"]
    assert answer == {"hunt_ids": [hid], "skipped": {}}
    assert (hunt["outcome"], [vote["criterion_id"] for vote in hunt["votes"]]) == ("broke", failed)
    assert {vote["judge_model"] for vote in hunt["votes"]} == {OTHER["model"]}
    events = (await body(await client.get(f"/api/sessions/{sid}/events?format=json&limit=5000")))["events"]
    told = [e["data"]["hunt"]["confirmation"] for e in events if e["data"].get("hunt", {}).get("hunt_id") == hid]
    assert told[-1] == hunt["confirmation"]


async def test_hunts_that_are_left_out_are_named_with_the_reason(client, sid, hunts):
    broke, held = hunts["broke"][0], hunts["held"][0]
    answer = await body(await confirm(client, sid, [broke, held], policy="breaks"), 202)
    assert (answer["hunt_ids"], list(answer["skipped"])) == ([broke], [held])
    assert "held" in answer["skipped"][held]
    await confirmed(client, sid, broke)
    answer = await body(await confirm(client, sid, [broke]), 202)
    assert answer == {"hunt_ids": [], "skipped": {broke: "These judges have answered."}}
    answer = await body(await confirm(client, sid, [held], max_extra_calls=1), 202)
    assert answer == {"hunt_ids": [], "skipped": {held: "It would exceed the 1 extra calls."}}


@pytest.mark.parametrize(
    ("changes_of_body", "status", "code"),
    [
        ({"hunt_ids": ["r_none.1"]}, 404, "no_run"),
        ({"judges": [{"model": "simulated/judge"}]}, 400, "same_judge"),
        ({"judges": [{"model": "nobody/x"}]}, 400, "unknown_model"),
        ({"judges": []}, 400, "bad_input"),
        ({"judges": [OTHER, OTHER]}, 400, "bad_input"),
        ({"policy": "none"}, 400, "bad_input"),
        ({"max_extra_calls": 0}, 400, "bad_input"),
    ],
)
async def test_a_request_that_cannot_be_asks_nobody(client, sid, hunts, changes_of_body, status, code):
    hid = hunts["broke"][0]
    assert await error_code(await confirm(client, sid, **({"hunt_ids": [hid]} | changes_of_body)), status) == code
    hunt = await body(await client.get(f"/api/sessions/{sid}/hunts/{hid}"))
    assert (hunt["confirmation"], hunt["votes"]) == ("unconfirmed", [])


async def test_an_unknown_session_is_not_found(client):
    assert await error_code(await confirm(client, "s_none", ["r_none.1"]), 404) == "no_session"


async def test_a_hunt_of_a_run_that_asks_for_second_opinions_itself_waits_for_its_end(client, sid):
    _, run = await start(client, sid, hunts=400, confirm={"policy": "breaks", "judges": [OTHER]})
    rid = run["run_id"]
    another = {"judges": [{"model": "simulated/strict"}]}
    assert await error_code(await confirm(client, sid, [f"{rid}.1"], **another), 409) == "run_active"
    await client.post(f"/api/sessions/{sid}/runs/{rid}/cancel")
    await ended(client, sid, rid)
    assert (await confirm(client, sid, [f"{rid}.1"], **another)).status_code == 202


async def test_a_repeated_request_asks_once(client, sid, hunts):
    hid = hunts["held"][0]
    await body(await confirm(client, sid, [hid], key="once"), 202)
    first = await confirmed(client, sid, hid)
    again = await body(await confirm(client, sid, [hid], key="once"), 202)
    assert again == {"hunt_ids": [], "skipped": {hid: "This request has been answered."}}
    hunt = await body(await client.get(f"/api/sessions/{sid}/hunts/{hid}"))
    assert (len(first["votes"]), hunt["votes"]) == (CRITERIA, first["votes"])


async def test_a_sealed_session_shows_the_confirmation_and_nothing_else(client):
    sid = await opened(client, visibility="blind")
    hunts = await hunted(client, sid)
    before = (await body(await client.get(f"/api/sessions/{sid}")))["counts"]
    hid = hunts["broke"][0]
    assert (await body(await confirm(client, sid, [hid]), 202))["hunt_ids"] == [hid]
    hunt = await confirmed(client, sid, hid)
    assert hunt["confirmation"] in {"confirmed", "contested"}
    assert (hunt["outcome"], hunt["verdicts"], hunt["votes"], hunt["judged"]) == ("broke", [], [], [])
    after = (await body(await client.get(f"/api/sessions/{sid}")))["counts"]
    differ = {name for name in after if after[name] != before[name]}
    assert differ <= {"confirmed", "contested"}
    events = await body(await client.get(f"/api/sessions/{sid}/events?format=json&limit=5000"))
    assert OTHER["model"] not in json.dumps(events["events"])
    calls_of_all = await body(await confirm(client, sid, hunts["broke"][1:2], max_extra_calls=CRITERIA - 1), 202)
    assert calls_of_all["hunt_ids"] == []  # each reply counts as if every criterion were asked about
    cutting = [{**OTHER, "parameters": {"max_output_tokens": 50}}]
    assert await error_code(await confirm(client, sid, [hid], judges=cutting), 400) == "sealed"
