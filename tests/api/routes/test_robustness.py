"""The robustness report over HTTP: estimate, start, progress, and what a sealed session rejects."""

import asyncio

import pytest


@pytest.fixture
async def path(sid):
    return f"/api/sessions/{sid}/robustness"


async def json_of(response, status=200):
    assert response.status_code == status, await response.get_data()
    return await response.get_json()


async def snapshot(client, sid):
    return await json_of(await client.get(f"/api/sessions/{sid}"))


async def hunt(client, sid, hunts=2):
    body = {"models": ["simulated/hasty"], "hunts": hunts, "judge_model": "simulated/judge"}
    await json_of(await client.post(f"/api/sessions/{sid}/runs", json=body), 202)
    async with asyncio.timeout(20):
        while (await snapshot(client, sid))["runs"][0]["status"] != "completed":
            await asyncio.sleep(0.02)


async def ended(client, path):
    async with asyncio.timeout(30):
        while (report := (await json_of(await client.get(path)))["robustness"])["status"] == "running":
            await asyncio.sleep(0.02)
    return report


async def test_a_report_is_estimated_started_once_and_shown(client, sid, path):
    await hunt(client, sid)
    wanted = {"replies": 1, "families": ["forged"]}
    estimate = await json_of(await client.post(f"{path}/estimate", json=wanted))
    assert (estimate["calls"], estimate["usd"]) == ((estimate["attacks"] + 1) * 3, 0.0)
    key = {"Idempotency-Key": "one"}
    started = await json_of(await client.post(path, json=wanted, headers=key), 202)
    assert started["robustness"]["total"] == estimate["calls"]
    report = await ended(client, path)
    assert (report["status"], report["judged"]) == ("done", estimate["calls"])
    assert {row["family"] for row in report["families"]} == {"forged", "benign"}
    again = await json_of(await client.post(path, json=wanted, headers=key), 202)
    assert again["robustness"]["started_at"] == report["started_at"]
    assert (await snapshot(client, sid))["robustness"] == report


async def test_without_a_decided_hunt_there_is_nothing_to_attack(client, path):
    for where in (path, f"{path}/estimate"):
        error = (await json_of(await client.post(where, json={}), 400))["error"]
        assert (error["code"], error["hint"]) == ("no_replies", "Hunt first.")


async def test_a_sealed_session_rejects_it(client, task):
    opened = await client.post("/api/sessions", json={"task": task, "visibility": "blind"})
    sid = (await json_of(opened, 201))["session_id"]
    await hunt(client, sid)
    error = (await json_of(await client.post(f"/api/sessions/{sid}/robustness", json={}), 409))["error"]
    assert error["code"] == "sealed"


@pytest.mark.parametrize(
    "body", [{"replies": 0}, {"replies": 9}, {"families": ["nonsense"]}, {"hunt_ids": ["r_none.1"]}, {"attack": "x"}]
)
async def test_a_bad_request_says_what_is_wrong(client, sid, path, body):
    await hunt(client, sid, hunts=1)
    assert (await json_of(await client.post(path, json=body), 400))["error"]["message"]
