"""Adaptive allocation over the API: its runs, hunts, estimates, errors, exports, retries and telemetry."""

from __future__ import annotations

import json

from tests.api.routes.test_runs import ended
from tests.api.test_api_targets import get, post

MODELS = ["simulated/hasty", "simulated/thinker"]
ADAPTIVE = {"models": MODELS, "hunts": 10, "allocation": "adaptive"}


async def hunted(client, sid, **changes):
    status, body = await post(client, f"/api/sessions/{sid}/runs", ADAPTIVE | changes)
    assert status == 202, body
    return await ended(client, sid, body["run_id"])


async def test_a_run_says_how_it_allocates_and_what_its_rate_counts(client, sid):
    run = await hunted(client, sid)
    page = await get(client, f"/api/sessions/{sid}/hunts")
    assert (run["allocation"], run["rate_note"][:11]) == ("adaptive", "Break rates")
    assert [hunt["share"] for hunt in page["hunts"]] == (["uniform"] + ["adaptive"] * 4) * 2
    assert [page["hunts"][place]["model"] for place in (0, 5)] == MODELS
    assert {hunt["model"] for hunt in page["hunts"]} <= set(MODELS)
    uniform = [hunt["outcome"] for hunt in page["hunts"] if hunt["share"] == "uniform"]
    counts = run["counts"]
    assert (counts["rated_broke"], counts["rated_decided"]) == (uniform.count("broke"), len(uniform))
    assert counts["break_rate"] == uniform.count("broke") / len(uniform)
    assert counts["broke"] + counts["held"] == 10


async def test_an_even_run_counts_every_hunt(client, sid):
    run = await hunted(client, sid, allocation="even", hunts=4)
    assert (run["allocation"], run["rate_note"]) == ("even", "")
    assert run["counts"]["rated_decided"] == run["counts"]["broke"] + run["counts"]["held"] == 4
    assert {hunt["share"] for hunt in (await get(client, f"/api/sessions/{sid}/hunts"))["hunts"]} == {""}


async def test_an_adaptive_run_and_its_estimate_need_two_models(client, sid):
    for path, only in (("runs", MODELS[:1]), ("estimate", [MODELS[0]] * 2)):
        status, body = await post(client, f"/api/sessions/{sid}/{path}", ADAPTIVE | {"models": only})
        assert (status, body["error"]["code"]) == (400, "one_target")
    status, body = await post(client, f"/api/sessions/{sid}/estimate", ADAPTIVE)
    assert (status, [one["hunts"] for one in body["targets"]]) == (200, [5, 5])


async def test_a_retry_takes_no_allocation(client, sid):
    run = await hunted(client, sid)
    order = {"retry_errors_of": run["run_id"], "allocation": "adaptive"}
    status, body = await post(client, f"/api/sessions/{sid}/runs", order)
    assert status == 400
    assert "keeps the model of each hunt" in json.dumps(body)


async def test_an_export_keeps_allocation_shares_and_models(client, sid):
    run = await hunted(client, sid)
    before = (await get(client, f"/api/sessions/{sid}/hunts"))["hunts"]
    notebook = json.loads(await (await client.get(f"/api/sessions/{sid}/export")).get_data())
    status, opened = await post(client, "/api/sessions", {"notebook": notebook})
    assert status == 201, opened
    (again,) = (await get(client, f"/api/sessions/{opened['session_id']}"))["runs"]
    assert (again["allocation"], again["counts"]) == ("adaptive", run["counts"])
    after = (await get(client, f"/api/sessions/{opened['session_id']}/hunts"))["hunts"]
    assert [(h["model"], h["share"]) for h in after] == [(h["model"], h["share"]) for h in before]
    record = json.dumps(notebook["metadata"])
    assert '"share": "uniform"' in record


async def test_a_record_with_a_share_that_does_not_fit_is_not_resumed(client, sid):
    await hunted(client, sid)
    raw = (await (await client.get(f"/api/sessions/{sid}/export")).get_data()).decode()
    forged = json.loads(raw.replace('"share": "adaptive"', '"share": "uniform"'))
    _, opened = await post(client, "/api/sessions", {"notebook": forged})
    assert (await get(client, f"/api/sessions/{opened['session_id']}"))["runs"] == []
