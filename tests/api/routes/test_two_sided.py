"""The two-sided check over HTTP: propose, write, judge, require, and what a sealed session does not show."""

import asyncio

import pytest


@pytest.fixture
async def path(sid):
    return f"/api/sessions/{sid}/two-sided-check"


async def json_of(response, status=200):
    assert response.status_code == status, await response.get_data()
    return await response.get_json()


async def error_code(response, status=400):
    return (await json_of(response, status))["error"]["code"]


async def until(client, sid, ended):
    async with asyncio.timeout(20):
        while not ended(check := (await json_of(await client.get(f"/api/sessions/{sid}")))["two_sided_check"]):
            await asyncio.sleep(0.01)
    return check


async def propose(client, sid, path, **body):
    await json_of(await client.post(f"{path}/edits", json={"model": "simulated/hasty", **body}), 202)
    return await until(client, sid, lambda check: not check["proposals"]["running"])


async def judge(client, sid, path, **body):
    await json_of(await client.post(path, json={"judge_model": "simulated/judge", **body}), 202)
    return await until(client, sid, lambda check: check["status"] != "running")


async def test_edits_are_proposed_judged_and_shown_with_what_they_say(client, sid, path):
    proposed = await propose(client, sid, path)
    assert [edit["criterion_id"] for edit in proposed["edits"]] == ["C1", "C2", "C3"]
    assert {edit["model"] for edit in proposed["edits"]} == {"simulated/hasty"}
    check = await judge(client, sid, path)
    assert [verdict["verdict"] for verdict in check["reference"]] == ["PASS"] * 3
    failed = {
        edit["criterion_id"]: [one["criterion_id"] for one in edit["verdicts"] if one["verdict"] == "FAIL"]
        for edit in check["edits"]
    }
    assert failed["C1"] == ["C1"]
    assert check["status"] == ("failed" if check["findings"] else "passed")


async def test_findings_are_in_words_and_name_their_criteria(client, sid, path):
    await json_of(await client.put(f"{path}/edits/c1", json={"text": "London"}))
    await json_of(await client.put(f"{path}/edits/C2", json={"text": "Paris Paris"}))
    check = await judge(client, sid, path)
    assert [(one["kind"], one["criterion_ids"]) for one in check["findings"]] == [
        ("also_failed", ["C3", "C1"]),
        ("untested", ["C3"]),
    ]
    assert check["findings"][0]["words"].startswith("C3 also failed when C1 was violated.")


async def test_an_edit_of_the_task_makes_everything_stale(client, sid, path):
    await propose(client, sid, path)
    await judge(client, sid, path)
    version = (await json_of(await client.get(f"/api/sessions/{sid}")))["version"]
    await json_of(await client.patch(f"/api/sessions/{sid}/task", json={"version": version, "prompt": "Another?"}))
    check = (await json_of(await client.get(f"/api/sessions/{sid}")))["two_sided_check"]
    assert (check["stale"], check["findings"], {edit["stale"] for edit in check["edits"]}) == (True, [], {True})
    assert await error_code(await client.post(path, json={})) == "no_edits"


@pytest.mark.parametrize(
    ("method", "where", "body", "code"),
    [
        ("POST", "", {}, "no_edits"),
        ("POST", "", {"judge_model": "nowhere/x"}, "unknown_model"),
        ("POST", "/edits", {}, "bad_input"),
        ("POST", "/edits", {"model": ""}, "bad_input"),
        ("POST", "/edits", {"model": "nowhere/x"}, "unknown_model"),
        ("POST", "/edits", {"model": "simulated/hasty", "parameters": {"system_prompt": "x"}}, "bad_input"),
        ("POST", "/edits", {"model": "simulated/hasty", "criterion_ids": ["C9"]}, "bad_input"),
        ("PUT", "/edits/C1", {"text": "Paris"}, "no_edit"),
        ("PUT", "/edits/C9", {"text": "London"}, "bad_input"),
        ("PUT", "/edits/C1", {}, "bad_input"),
    ],
)
async def test_a_bad_request_says_what_is_wrong(client, path, method, where, body, code):
    assert await error_code(await client.open(path + where, method=method, json=body)) == code


async def test_repeated_keys_ask_and_judge_once(client, sid, path):
    key = {"Idempotency-Key": "once"}
    body = {"model": "simulated/hasty"}
    await json_of(await client.post(f"{path}/edits", json=body, headers=key), 202)
    first = await until(client, sid, lambda check: not check["proposals"]["running"])
    again = await json_of(await client.post(f"{path}/edits", json=body, headers=key), 202)
    assert again["two_sided_check"]["proposals"] == first["proposals"]
    assert await error_code(await client.post(f"{path}/edits", json=body)) == "nothing_to_propose"
    await json_of(await client.post(path, json={}, headers=key), 202)
    judged = await until(client, sid, lambda check: check["status"] != "running")
    again = await json_of(await client.post(path, json={}, headers=key), 202)
    assert again["two_sided_check"]["started_at"] == judged["started_at"]


async def test_a_session_can_require_the_check_before_a_run(client, sid, path):
    session = f"/api/sessions/{sid}"
    version = (await json_of(await client.get(session)))["version"]
    changed = {"version": version, "require_two_sided_check": True}
    settings = (await json_of(await client.patch(f"{session}/settings", json=changed)))["settings"]
    assert settings["require_two_sided_check"] is True
    run = {"models": ["simulated/hasty"], "hunts": 1}
    assert await error_code(await client.post(f"{session}/runs", json=run)) == "two_sided_check_required"
    started = await json_of(await client.post(f"{session}/runs", json={**run, "override_check": True}), 202)
    assert started["run"]["check_overridden"] is True


async def test_progress_arrives_as_events_of_the_session(client, sid, path):
    await propose(client, sid, path)
    await judge(client, sid, path)
    events = (await json_of(await client.get(f"/api/sessions/{sid}/events?format=json&limit=5000")))["events"]
    assert {event["type"] for event in events} == {"session.changed"}
    versions = [event["data"]["version"] for event in events]
    assert versions == sorted(set(versions))
