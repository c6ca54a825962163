"""The desk and its reviews, and what a delivery says when reviews and judge do not agree."""

import pytest

from tests.api.asking import body, ended

WHY = "It does everything that this criterion asks for, as far as I can see."


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
