"""Whatever shape an input has: nobody else waits for it. At least 60 shapes go through every parser, renderer and route
that takes texts, while a probe measures how late the event loop is."""

import json

import pytest

from api.app import create_app
from api.context import RENDERER
from core.runtime import open_runtime
from tests.api.conftest import QUICK
from tests.hostile_shapes import SHAPES
from tests.lateness import latest_s
from tests.settings import make_settings

LATEST_S = 0.1
"""How late the event loop may be, on the reference machine (`tests/lateness.py`)."""
OWN_S = {3_000_000: 0.1}
"""By size, what this test itself takes to write a body as JSON in the same event loop. The long form of
test_api_large_inputs asks a server in a process of its own."""
ROLES = ("prompt", "response", "judge_prompt_template", "judge_system_prompt", "model_1", "llm_judge_1",
         "human_judge_1", "reasoning_trace_1", "Turn 2 - prompt", "Turn 2 - criteria", "number_of_attempts_made")  # fmt: skip
HEADERS = ("Last-Event-ID", "Idempotency-Key", "Cookie", "Authorization", "Origin", "If-None-Match", "X-Forwarded-For",
           "Accept", "Content-Type")  # fmt: skip


def notebook(text: str, bare: bool = False) -> bytes:
    """A notebook with that text in the cell of the criteria, with pieces of it in all others, and as a heading."""
    piece = text[: max(1000, len(text) // 20)]
    sources = [f"**[response_reference]**\n\n{text}", *(f"**[{role}]**\n\n{piece}" for role in ROLES)]
    sources += [f"# Metadata\n{piece}", f"**[{piece[:150]}]**", piece]
    cells = [{"cell_type": "markdown", "metadata": {}, "source": source} for source in ([text] if bare else sources)]
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return json.dumps(made).encode()


async def send(client, text: str, *, everywhere: bool) -> None:
    """The text to the routes that take one. What an answer says is others' to test; that nothing failed in it is not."""
    answers = [await client.post("/api/markdown", json={"text": text})]
    for bare in (False, True) if everywhere else (False,):
        opened = await client.post("/api/sessions", json={"notebook": json.loads(notebook(text, bare=bare))})
        answers += [opened, *await used(client, opened, everywhere=everywhere)]
    if everywhere:
        criteria = [{"id": f"C{n}", "text": text[:500]} for n in range(1, 4)]
        task = {"prompt": text, "response": text, "criteria": criteria}
        typed = await client.post("/api/sessions", json={"task": task})
        answers += [typed, *await used(client, typed, everywhere=True)]
    raw = text.encode("utf-8", "surrogatepass")
    answers.append(await client.post("/api/sessions", data=raw, headers={"Content-Type": "application/json"}))
    header = "".join(c for c in text[:4000] if c.isprintable() and c.isascii())
    answers.append(await client.get("/api/who", headers=dict.fromkeys(HEADERS, header)))
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


async def used(client, opened, *, everywhere: bool) -> list:
    """What the session that was opened answers, if there is one."""
    if opened.status_code != 201:
        return []
    session = await opened.get_json()
    place, prompt = f"/api/sessions/{session['session_id']}", session["task"]["prompt"]
    changes = {"version": 1, "judge_prompt_template": prompt, "judge_system_prompt": prompt}
    answers = [await client.patch(f"{place}/task", json=changes), await client.get(f"{place}/export/preview")]
    if everywhere:
        for path in ("", "/export", "/insights", "/selection/proposal", "/desk"):
            answers.append(await client.get(place + path))
        answers.append(await client.put(f"{place}/reviews/c_0", json={"explanation": prompt}))
        query = {"after": prompt[:4000], "format": "json", "hunt_ids": prompt[:4000]}
        answers += [await client.get(f"{place}{path}", query_string=query) for path in ("/events", "/export", "/hunts")]
    answers.append(await client.delete(place))
    return answers


def test_there_are_many_shapes():
    assert len(SHAPES) >= 60


async def measured(folder, sizes: dict[str, int], *, everywhere: bool) -> dict[str, float]:
    """How late the loop was with each shape, where that was too late."""
    late, limit_s = {}, {name: LATEST_S + OWN_S.get(chars, 0) for name, chars in sizes.items()}
    async with open_runtime(
        make_settings(telemetry__directory=str(folder), providers__simulated_script=QUICK), seed=1
    ) as runtime:
        app = create_app(runtime)
        app.config[RENDERER].deadline_s = 0.3  # what takes long to render is tested in test_rendering
        client = app.test_client()
        for name, chars in sizes.items():
            text = SHAPES[name](chars)
            late[name] = await latest_s(lambda text=text: send(client, text, everywhere=everywhere), limit_s[name])
    return {name: round(seconds, 3) for name, seconds in late.items() if seconds >= limit_s[name]}


@pytest.mark.timeout(180)
async def test_no_shape_makes_the_event_loop_late(tmp_path):
    assert await measured(tmp_path, dict.fromkeys(SHAPES, 12_000), everywhere=False) == {}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("chars", [195_000, 900_000, 3_000_000])
async def test_no_shape_makes_the_event_loop_late_on_any_way_and_near_the_limits(tmp_path, chars):
    assert await measured(tmp_path, dict.fromkeys(SHAPES, chars), everywhere=True) == {}
