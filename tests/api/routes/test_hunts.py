"""Hunts of a session: pages of them, one of them whole."""

import json

from tests.api.routes.test_runs import ended, start
from tests.api.test_api_targets import OFF, get, hunted


async def test_numbers_count_on_over_runs(client, sid):
    first = (await start(client, sid))[1]["run_id"]
    await ended(client, sid, first)
    second = (await start(client, sid, hunts=2))[1]
    assert second["run"]["first_number"] == 7
    await ended(client, sid, second["run_id"])
    page = await (await client.get(f"/api/sessions/{sid}/hunts?after=6&texts=false")).get_json()
    assert [(h["number"], h["response"]) for h in page["hunts"]] == [(7, None), (8, None)]


async def test_one_hunt_shows_everything_about_it(client, sid):
    await ended(client, sid, (await start(client, sid, hunts=1))[1]["run_id"])
    hid = (await (await client.get(f"/api/sessions/{sid}/hunts")).get_json())["hunts"][0]["hunt_id"]
    hunt = await (await client.get(f"/api/sessions/{sid}/hunts/{hid}")).get_json()
    assert hunt["response_html"].startswith("<")
    assert json.loads(hunt["raw_request"])["messages"][0]["content"].startswith("In exactly one word")
    assert json.loads(hunt["raw_reply"])["content"] == hunt["response"]


async def test_long_system_prompts_are_shortened_where_texts_are_left_out(client, sid):
    run = await hunted(client, sid, OFF)
    whole = await get(client, f"/api/sessions/{sid}/runs/{run['run_id']}")
    page = await get(client, f"/api/sessions/{sid}/hunts?texts=false")
    short = run["targets"][0]["parameters"]["system_prompt"]
    assert (len(short), short[-1]) == (161, "…")
    assert whole["targets"][0]["parameters"] == OFF["parameters"]
    assert page["hunts"][0]["parameters"]["system_prompt"] == short


async def test_a_hunt_shows_the_request_as_it_was_sent(client, sid):
    run = await hunted(client, sid, OFF, hunts=1)
    hunt = await get(client, f"/api/sessions/{sid}/hunts/{run['run_id']}.1")
    sent = json.loads(hunt["raw_request"])
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert sent["messages"][0]["content"] == OFF["parameters"]["system_prompt"]
    assert sent["provider"] == {"only": ["simulated-south"]}
