"""Trials: single hunts that are not counted."""

from __future__ import annotations

from tests.api.test_api_targets import get, post


async def test_a_trial_takes_parameters(client, sid):
    body = {"model": "simulated/thinker", "parameters": {"seed": 3}}
    status, _ = await post(client, f"/api/sessions/{sid}/trials", body)
    assert status == 202
    (trial,) = (await get(client, f"/api/sessions/{sid}/trials"))["hunts"]
    assert trial["parameters"] == {"seed": 3}


async def test_a_trial_is_no_attempt_and_an_unknown_model_is_refused(client, sid):
    here = f"/api/sessions/{sid}"
    assert (await post(client, f"{here}/trials", {"model": "simulated/hasty"}))[0] == 202
    assert len((await get(client, f"{here}/trials"))["hunts"]) == 1
    assert ((await get(client, here))["attempts_made"], (await get(client, f"{here}/hunts"))["hunts"]) == (0, [])
    status, refused = await post(client, f"{here}/trials", {"model": "nobody/x"})
    assert (status, refused["error"]["code"]) == (400, "unknown_model")
