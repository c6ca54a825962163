"""Turns: the next one, undone, and the hunts of an earlier one."""

from core.domain.verdict import Outcome
from core.notebooks.write_cells import blank_notebook
from tests.api.asking import body
from tests.api.test_api_criteria_limit import ENDED, LIMIT, criteria, refused
from tests.builders import a_finished_hunt, a_run, a_session, a_task


async def test_a_turn_with_too_many_is_refused(client, runtime):
    await runtime.store.create(a_session(runs=(a_run(1, **ENDED),)), blank_notebook(a_task()))
    await runtime.store.save_hunt("s_one", a_finished_hunt(1, Outcome.HELD))
    turn = {"hunt_id": "r_one.1", "prompt": "And now?", "response": "So.", "criteria": criteria(LIMIT + 1)}
    await refused(await client.post("/api/sessions/s_one/turns", json=turn))
    assert (await client.post("/api/sessions/s_one/turns", json=turn | {"criteria": criteria(3)})).status_code == 201


async def test_a_turn_is_added_listed_and_undone(client, runtime):
    await runtime.store.create(a_session(runs=(a_run(1, **ENDED),)), blank_notebook(a_task()))
    await runtime.store.save_hunt("s_one", a_finished_hunt(1, Outcome.HELD))
    turn = {"hunt_id": "r_one.1", "prompt": "And now?", "response": "So.", "criteria": criteria(3)}
    added = await client.post("/api/sessions/s_one/turns", json=turn)
    after = await body(added, 201)
    assert (added.headers["Location"], after["turn"], after["task"]["prompt"]) == ("/api/sessions/s_one", 2, "And now?")

    async def numbers(turn):
        return [
            hunt["number"]
            for hunt in (await body(await client.get(f"/api/sessions/s_one/turns/{turn}/hunts")))["hunts"]
        ]

    assert (await numbers(1), await numbers(2)) == ([1], [])
    unknown = await body(await client.get("/api/sessions/s_one/turns/3/hunts"), 404)
    assert unknown["error"]["code"] == "no_turn"
    undone = await body(await client.delete("/api/sessions/s_one/turns/2"))
    assert (undone["turn"], undone["task"]["prompt"]) == (1, a_task().prompt)
    assert (await client.delete("/api/sessions/s_one/turns/1")).status_code == 404
