"""Settings and selection of a session."""

from tests.api.asking import body, ended


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
