"""Notebooks hunted over real HTTP: load, hunt, export, validate, load again."""

import json

import nbformat
import pytest

from core.domain.run import RunStatus
from core.errors import BadTask
from core.hunting.orders import OpenOrder
from core.notebooks.examples import list_examples, read_example
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.e2e.over_http import hunt_to_the_end, runtime_at

QUICK = read_script('{"seed": 3, "target_latency_ms": 1, "judge_latency_ms": 1, "chunk_chars": 200}')
REAL = ("kryptonite.ipynb", "kryptonite-old-export.ipynb", "kryptonite-damaged-export.ipynb")


async def hunt_and_load_again(raw: bytes, tmp_path) -> None:
    async with open_server(QUICK) as server, runtime_at(server.port, tmp_path) as runtime:
        session = await runtime.service.open_notebook(raw, "task.ipynb", OpenOrder())
        unchanged = await runtime.service.deliver(session.session_id)
        assert unchanged.notebook == raw
        run, hunts = await hunt_to_the_end(runtime, session.session_id, 8)
        assert (run.status, len(hunts), {h.decided for h in hunts}) == (RunStatus.COMPLETED, 8, {True})
        delivery = await runtime.service.deliver(session.session_id)
        notebook = json.loads(delivery.notebook)
        nbformat.validate(notebook)
        again = await runtime.service.open_notebook(delivery.notebook, "task.ipynb", OpenOrder())
        assert await runtime.service.all_hunts(again.session_id) == tuple(hunts)
        assert (again.runs, again.attempts_before) == ((run,), session.attempts_before)
        by_id = {h.hunt_id: h for h in hunts}
        slots = [slot.response for slot in again.slots[: len(delivery.hunt_ids)]]
        assert slots == [by_id[i].reply.text for i in delivery.hunt_ids]
        once_more = json.loads((await runtime.service.deliver(again.session_id)).notebook)
        assert once_more["cells"] == notebook["cells"]
        sides = server.counters.as_json()["by_purpose"]
        assert (sides["target"]["calls"], sides["judge"]["calls"]) == (8, 8 * len(session.task.criteria))
        assert sides["target"]["in_flight_most"] <= 6
        assert sides["judge"]["in_flight_most"] <= 8


@pytest.mark.e2e
@pytest.mark.parametrize("name", REAL)
async def test_a_real_notebook_is_hunted_exported_and_loads_back_whole(shared_dir, tmp_path, name):
    await hunt_and_load_again((shared_dir / "notebooks" / name).read_bytes(), tmp_path)


@pytest.mark.e2e
@pytest.mark.parametrize("name", [example.name for example in list_examples()])
async def test_an_example_is_hunted_exported_and_loads_back_whole(tmp_path, name):
    await hunt_and_load_again(read_example(name), tmp_path)


async def test_a_blank_template_loads_with_clear_messages_and_is_not_hunted(shared_dir, tmp_path):
    raw = (shared_dir / "notebooks" / "blank-template.ipynb").read_bytes()
    async with open_server(QUICK) as server, runtime_at(server.port, tmp_path) as runtime:
        session = await runtime.service.open_notebook(raw, "blank.ipynb", OpenOrder())
        assert {w.code for w in session.warnings} >= {"missing_prompt", "missing_response", "missing_criteria"}
        with pytest.raises(BadTask, match="prompt is empty"):
            await hunt_to_the_end(runtime, session.session_id, 1)
        assert (await runtime.service.deliver(session.session_id)).notebook == raw
