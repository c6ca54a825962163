"""Starting, watching, cancelling runs through the API."""

import asyncio
import json

from tests.api.asking import body

RUN = {"models": ["simulated/hasty", "simulated/careful"], "hunts": 6}


async def ended(client, sid, rid):
    """Wait for the run's end by its events, as a client without SSE would."""
    after = "0-0"
    while True:
        page = await (await client.get(f"/api/sessions/{sid}/events?format=json&after={after}")).get_json()
        after = page["last_event_id"]
        for event in page["events"]:
            run = event["data"].get("run")
            if run and run["run_id"] == rid and run["finished_at"]:
                return run
        await asyncio.sleep(0.01)


async def start(client, sid, key="", **changes):
    response = await client.post(f"/api/sessions/{sid}/runs", json=RUN | changes, headers={"Idempotency-Key": key})
    return response.status_code, await response.get_json()


async def test_a_run_is_hunted_judged_and_counted(client, sid):
    status, body = await start(client, sid)
    assert status == 202
    run = await ended(client, sid, body["run_id"])
    assert (run["status"], run["simulated"]) == ("completed", True)
    counts = run["counts"]
    assert counts["done"] == counts["total"] == 6
    page = await (await client.get(f"/api/sessions/{sid}/hunts")).get_json()
    assert [h["number"] for h in page["hunts"]] == [1, 2, 3, 4, 5, 6]
    assert page["next"] is None
    assert {h["outcome"] for h in page["hunts"]} <= {"broke", "held"}
    assert all(len(h["verdicts"]) == 3 and h["response"] for h in page["hunts"])
    snapshot = await (await client.get(f"/api/sessions/{sid}")).get_json()
    assert snapshot["attempts_made"] == 6
    assert snapshot["counts"]["broke"] == counts["broke"]


async def test_a_double_click_starts_one_run(client, sid):
    bodies = await asyncio.gather(*(start(client, sid, key="click") for _ in range(3)))
    assert len({body["run_id"] for _, body in bodies}) == 1
    snapshot = await (await client.get(f"/api/sessions/{sid}")).get_json()
    assert len(snapshot["runs"]) == 1


async def test_a_cancelled_run_ends_all_its_hunts(client, sid):
    body = (await start(client, sid, hunts=400))[1]
    cancelled = await client.post(f"/api/sessions/{sid}/runs/{body['run_id']}/cancel")
    run = await cancelled.get_json()
    assert (cancelled.status_code, run["status"], run["counts"]["done"]) == (202, "cancelled", 400)
    again = await (await client.post(f"/api/sessions/{sid}/runs/{body['run_id']}/cancel")).get_json()
    assert again["counts"] == run["counts"]


async def test_an_export_during_a_run_is_an_ended_copy_that_cannot_end_the_original(client, sid):
    rid = (await start(client, sid, hunts=1000))[1]["run_id"]
    async with asyncio.timeout(20):
        while not (await (await client.get(f"/api/sessions/{sid}/selection/proposal")).get_json())["hunt_ids"]:
            await asyncio.sleep(0.01)
    export = await (await client.get(f"/api/sessions/{sid}/export")).get_data()
    assert (await (await client.get(f"/api/sessions/{sid}/runs/{rid}")).get_json())["finished_at"] is None
    opened = await client.post("/api/sessions", json={"notebook": json.loads(export)})
    copy = (await opened.get_json())["session_id"]
    cancelled = await (await client.post(f"/api/sessions/{copy}/runs/{rid}/cancel")).get_json()
    assert (cancelled["status"], cancelled["counts"]["done"]) == ("failed", 1000)
    assert cancelled["counts"]["interrupted"] > 0
    await client.delete(f"/api/sessions/{copy}")
    original = await ended(client, sid, rid)
    assert (original["status"], original["counts"]["interrupted"]) == ("completed", 0)


async def test_a_run_that_cannot_be_is_refused_with_the_reason(client, sid):
    for changes, code in [
        ({"models": []}, "bad_input"),
        ({"hunts": 0}, "bad_input"),
        ({"hunts": 1001}, "bad_input"),
        ({"hunts": "many"}, "bad_input"),
        ({"models": ["nobody/x"]}, "unknown_model"),
        ({"models": ["openrouter/x/y"]}, "model_not_usable"),
        ({"judge_model": "plain"}, "unknown_model"),
    ]:
        status, body = await start(client, sid, **changes)
        assert (status, body["error"]["code"]) == (400, code), changes
        assert body["error"]["hint"]


async def test_a_session_that_needs_the_check_asks_for_it_or_for_an_override(client, task):
    opened = await client.post("/api/sessions", json={"task": task, "require_check": True})
    sid = (await opened.get_json())["session_id"]
    status, body = await start(client, sid)
    assert (status, body["error"]["code"]) == (400, "check_required")
    overridden = (await start(client, sid, override_check=True))[1]
    assert overridden["run"]["check_overridden"] is True
    await ended(client, sid, overridden["run_id"])
    assert (await client.post(f"/api/sessions/{sid}/reference-check")).status_code == 202
    while (check := (await (await client.get(f"/api/sessions/{sid}")).get_json())["check"])["status"] == "running":
        await asyncio.sleep(0.01)
    assert (check["status"], check["stale"], len(check["verdicts"])) == ("passed", False, 3)
    status, body = await start(client, sid)
    assert (status, body["run"]["check_overridden"]) == (202, False)
    await ended(client, sid, body["run_id"])


async def test_the_export_holds_the_breaks_first_and_loads_back_whole(client, sid):
    run = await ended(client, sid, (await start(client, sid, hunts=12))[1]["run_id"])
    export = await client.get(f"/api/sessions/{sid}/export")
    notebook = json.loads(await export.get_data())
    opened = await client.post("/api/sessions", json={"notebook": notebook})
    again = await opened.get_json()
    snapshot = await (await client.get(f"/api/sessions/{again['session_id']}")).get_json()
    assert snapshot["counts"]["broke"] == run["counts"]["broke"]
    assert snapshot["attempts_made"] == 12
    assert len(snapshot["slots"]) == 4


async def test_unknown_hunts_in_an_export_are_named(client, sid):
    response = await client.get(f"/api/sessions/{sid}/export?hunt_ids=r_x.1,r_x.2")
    body = await response.get_json()
    assert (response.status_code, "r_x.1" in body["error"]["message"]) == (400, True)


async def test_an_estimate_is_of_models_and_judge_apart(client, sid):
    here = f"/api/sessions/{sid}/estimate"
    free = await body(await client.get(here, query_string={"models": "simulated/hasty,simulated/careful", "hunts": 8}))
    assert [(one["model"], one["hunts"], one["usd"]) for one in free["targets"]] == [
        ("simulated/hasty", 4, 0.0), ("simulated/careful", 4, 0.0),
    ]  # fmt: skip
    assert (free["judge"]["model"], free["words"]) == ("simulated/judge", "Simulated models cost nothing.")
    unknown = await client.get(here, query_string={"models": "nobody/knows"})
    assert (await body(unknown, 400))["error"]["code"] == "unknown_model"
    assert (await client.get(here, query_string={"models": ","})).status_code == 400
