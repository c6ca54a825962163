"""Settings of outcomes, and what a delivery says when reviews and judge do not agree."""

import pytest

WHY = "It does everything that this criterion asks for, as far as I can see."


async def body(answer, status=200):
    assert answer.status_code == status, await answer.get_data(as_text=True)
    return await answer.get_json()


async def ended(client, runtime, here):
    """The snapshot once every run has ended."""
    async for _ in runtime.events.watch(here.rpartition("/")[2], "0-0"):
        snapshot = await body(await client.get(here))
        if all(run["finished_at"] for run in snapshot["runs"]):
            return snapshot
    raise AssertionError("the events ended before the run")


async def test_judge_cut_replies_is_set_when_opened_or_later_and_fixed_with_the_first_run(client, runtime, task):
    opened = await body(await client.post("/api/sessions", json={"task": task, "judge_cut_replies": True}), 201)
    here = f"/api/sessions/{opened['session_id']}"
    snapshot = await body(await client.get(here))
    assert (snapshot["judge_cut_replies"], snapshot["settings"]["judge_cut_replies"]) == (True, True)
    order = {"version": snapshot["version"], "judge_cut_replies": False}
    assert (await body(await client.patch(f"{here}/settings", json=order)))["judge_cut_replies"] is False
    await body(await client.post(f"{here}/runs", json={"models": ["simulated/hasty"], "hunts": 1}), 202)
    version = (await ended(client, runtime, here))["version"]
    fixed = await client.patch(f"{here}/settings", json={"version": version, "judge_cut_replies": True})
    assert (await body(fixed, 400))["error"]["code"] == "settings_fixed"


async def reviewed(client, runtime, task, said, visibility):
    """A session whose hunts are all judged, selected and reviewed as `said`."""
    order = {"task": task, "visibility": visibility}
    sid = (await body(await client.post("/api/sessions", json=order), 201))["session_id"]
    here = f"/api/sessions/{sid}"
    await body(await client.post(f"{here}/runs", json={"models": ["simulated/hasty"], "hunts": 24}), 202)
    await ended(client, runtime, here)
    hunts = (await body(await client.get(f"{here}/hunts")))["hunts"]
    breaks = [hunt["hunt_id"] for hunt in hunts if hunt["outcome"] == "broke"][:4]
    await body(await client.put(f"{here}/selection", json={"hunt_ids": breaks}))
    for card in (await body(await client.get(f"{here}/desk")))["cards"]:
        review = {"verdicts": {one["id"]: said for one in task["criteria"]}, "explanation": WHY}
        await body(await client.put(f"{here}/reviews/{card['card_id']}", json=review))
    return here, len(breaks)


@pytest.mark.parametrize("visibility", ["open", "blind"])
@pytest.mark.parametrize(("said", "differ"), [("PASS", True), ("FAIL", False)])
async def test_snapshot_preview_export_and_summary_say_when_the_reviewer_saw_it_otherwise(
    client, runtime, task, said, differ, visibility
):
    here, breaks = await reviewed(client, runtime, task, said, visibility)
    words = f"Judge: {breaks} breaks, you: {0 if differ else breaks}."
    for path in ("", "/export/preview"):
        found = (await body(await client.get(here + path)))["comparison"]
        assert (found["differ"], found["words"], bool(found["question"])) == (differ, words, differ)
        assert len(found["differing"]) == (breaks if differ and visibility == "open" else 0)
    export = await client.get(f"{here}/export")
    assert (export.status_code, export.headers.get("X-Reviews-Differ")) == (200, words if differ else None)
    listed = await client.post("/api/sessions/summaries", json={"session_ids": [here.rpartition("/")[2]]})
    assert (await body(listed))["sessions"][0]["reviews_differ"] is differ


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
