"""How many criteria a task may have, at every place where a task comes in."""

import json

import pytest

from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.hunting.reviews.delivery import deliver
from core.notebooks.write_cells import blank_notebook, template_notebook
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task, a_verdict

LIMIT = 100
ENDED = {"status": RunStatus.COMPLETED, "finished_at": NOW}


def criteria(number: int) -> list[dict[str, str]]:
    return [{"id": f"C{n}", "text": f"Says thing {n}."} for n in range(1, number + 1)]


def as_lines(number: int) -> bytes:
    """A notebook whose criteria stand as plain lines."""
    lines = "\n".join(f"C{n}: Says thing {n}." for n in range(1, number + 1))
    return with_reference(lines)


def with_reference(body: str) -> bytes:
    cells = [("prompt", "Say it."), ("response", "It."), ("response_reference", body)]
    return json.dumps({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": f"**[{name}]**\n\n{text}"} for name, text in cells
        ],
    }).encode()  # fmt: skip


def exported(number: int) -> bytes:
    """An export of a session that hunted with so many; its task has been replaced since."""
    run = a_run(1, task=a_task(number), **ENDED)
    verdicts = tuple(a_verdict(f"C{n}") for n in range(1, number + 1))
    hunt = a_finished_hunt(1, Outcome.HELD, verdicts=verdicts)
    return deliver(a_session(runs=(run,), hunts_issued=1), template_notebook(), None, "kept", (hunt,)).notebook


FORMS = {
    "JSON": lambda number: blank_notebook(a_task(number)),
    "lines": as_lines,
    "a table": lambda number: with_reference(
        "| id | criterion |\n|-|-|\n" + "\n".join(f"| C{n} | Says {n}. |" for n in range(1, number + 1))
    ),
    "bullets": lambda number: with_reference("Criteria:\n" + "\n".join(f"- Says {n}." for n in range(1, number + 1))),
    "broken JSON": lambda number: with_reference(
        "[" + ",".join(f'{{"id": "C{n}", "criteria{n}": "Says {n}."}}' for n in range(1, number + 1)) + ",,]"
    ),
    "one id again and again": lambda number: with_reference("C1: Says it.\n" * number),
    "an export with it in an earlier run": exported,
}


async def refused(answer) -> dict:
    assert answer.status_code == 400
    error = (await answer.get_json())["error"]
    assert (error["code"], error["details"]["max_criteria"]) == ("too_many_criteria", LIMIT)
    assert "MAX_CRITERIA" in error["message"] + error["hint"]
    return error["details"]


@pytest.mark.parametrize("form", FORMS)
async def test_a_notebook_with_too_many_is_refused_and_one_at_the_limit_is_read(client, form):
    def upload(number):
        return client.post("/api/sessions", json={"notebook": json.loads(FORMS[form](number))})

    assert await refused(await upload(LIMIT + 1)) == {"criteria": LIMIT + 1, "max_criteria": LIMIT}
    assert (await upload(LIMIT)).status_code == 201


async def test_a_task_that_is_typed_in_or_edited_is_refused_beyond_the_limit(client, sid, task):
    await refused(await client.post("/api/sessions", json={"task": task | {"criteria": criteria(LIMIT + 1)}}))
    assert (await client.post("/api/sessions", json={"task": task | {"criteria": criteria(LIMIT)}})).status_code == 201
    edit = f"/api/sessions/{sid}/task"
    await refused(await client.patch(edit, json={"version": 1, "criteria": criteria(5000)}))
    assert (await client.patch(edit, json={"version": 1, "criteria": criteria(LIMIT)})).status_code == 200


async def test_a_session_that_was_stored_with_more_is_shown_and_exported_and_can_be_shortened(client, runtime):
    task = a_task(300)
    await runtime.store.create(a_session(task=task), blank_notebook(task))
    shown = await (await client.get("/api/sessions/s_one")).get_json()
    assert len(shown["task"]["criteria"]) == 300
    assert (await client.get("/api/sessions/s_one/export")).status_code == 200
    await refused(await client.post("/api/sessions/s_one/reference-check", json={}))
    await refused(await client.post("/api/sessions/s_one/runs", json={"models": ["simulated/hasty"]}))
    await refused(await client.post("/api/sessions/s_one/trials", json={"model": "simulated/hasty"}))
    edit = {"version": 1, "prompt": "Another one."}
    assert (await client.patch("/api/sessions/s_one/task", json=edit)).status_code == 200
    shorter = {"version": 2, "criteria": criteria(LIMIT)}
    assert (await client.patch("/api/sessions/s_one/task", json=shorter)).status_code == 200


async def test_texts_of_a_task_are_bounded_where_they_come_in(client, sid, task):
    async def code(answer):
        return answer.status_code, (await answer.get_json())["error"]["code"]

    large = task | {"prompt": "long " * 900_000}
    notebook = json.loads(blank_notebook(a_task(response="long " * 900_000)))
    for body in ({"task": large}, {"notebook": notebook}):
        assert await code(await client.post("/api/sessions", json=body)) == (413, "task_too_large")
    edit = {"version": 1, "judge_prompt_template": large["prompt"]}
    assert await code(await client.patch(f"/api/sessions/{sid}/task", json=edit)) == (413, "task_too_large")


async def test_texts_of_a_session_are_bounded(runtime, client):
    runs = tuple(a_run(1, run_id=f"r_{n}", task=a_task(prompt="long " * 800_000), **ENDED) for n in range(13))
    await runtime.store.create(a_session(runs=runs), blank_notebook(a_task()))
    answer = await client.post("/api/sessions/s_one/runs", json={"models": ["simulated/hasty"]})
    assert (answer.status_code, (await answer.get_json())["error"]["code"]) == (413, "session_too_large")
    for path, longer in (
        ("task", {"version": 1, "prompt": "x" * 1000}),
        ("two-sided-check/edits/C1", {"text": "x" * 1000}),
    ):
        method = client.patch if path == "task" else client.put
        answer = await method(f"/api/sessions/s_one/{path}", json=longer)
        assert (answer.status_code, (await answer.get_json())["error"]["code"]) == (413, "session_too_large"), path
    shorter = await client.patch("/api/sessions/s_one/task", json={"version": 1, "prompt": "x"})
    assert shorter.status_code == 200
