"""The export preview says how another reader sees the notebook; of a sealed session it says nothing of the judge."""

import json

import pytest

from core.notebooks.item_reader import read_rubric
from tests.api.asking import body, ended

REFERENCE = "More than half must pass.\n\nC1: Says krypton.\nC2: Says {36}.\nC3: Is short."


def notebook(reference=REFERENCE):
    parts = (
        "**[prompt]**\n\nName the element with atomic number 36.",
        "**[response]**\n\nKrypton.",
        f"**[response_reference]**\n\n{reference}",
    )
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in parts]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


@pytest.fixture
async def here(client):
    return await opened(client)


async def opened(client, **options):
    answer = await client.post("/api/sessions", json={"notebook": notebook(), "name": "7.ipynb", **options})
    return f"/api/sessions/{(await body(answer, 201))['session_id']}"


async def test_the_preview_names_what_is_lost_and_the_edit_for_it(client, here):
    found = (await body(await client.get(f"{here}/export/preview")))["conformance"]
    assert [(one["code"], one["severity"]) for one in found["findings"] if one["severity"] != "note"] == [
        ("no_criteria", "rejected")
    ]
    assert [one["edit"] for one in found["edits"]] == ["criteria"]
    assert (found["readable"], found["criteria"], found["rewards"], found["learning"]) == (False, [], [], [])


async def test_the_criteria_are_written_as_an_array_only_on_request(client, here):
    kept = json.loads(await (await client.get(f"{here}/export")).get_data())
    assert kept == notebook()
    preview = await body(await client.get(f"{here}/export/preview?criteria=array"))
    assert [cell["change"] for cell in preview["cells"]] == ["same", "same", "changed"]
    assert (preview["conformance"]["readable"], preview["conformance"]["edits"]) == (True, [])
    written = json.loads(await (await client.get(f"{here}/export?criteria=array")).get_data())
    reference = "".join(written["cells"][2]["source"])
    assert [(one.id, one.text) for one in read_rubric(reference)] == [
        ("C1", "Says krypton."), ("C2", "Says {36}."), ("C3", "Is short."),
    ]  # fmt: skip
    assert "More than half must pass." in reference
    again = await body(await client.post("/api/sessions", json={"notebook": written}), 201)
    assert again["task"]["hash"] == (await body(await client.get(here)))["task"]["hash"]
    assert (await client.get(f"{here}/export?criteria=lines")).status_code == 400


async def test_a_large_notebook_is_read_in_a_process_of_its_own(client):
    many = [{"id": f"C{n}", "criteria": f"Has {{{n}}}. {'word ' * 200}"} for n in range(1, 100)]
    order = {"notebook": notebook(f"Prose. {json.dumps(many)}"), "name": "7.ipynb"}
    sid = (await body(await client.post("/api/sessions", json=order), 201))["session_id"]
    found = (await body(await client.get(f"/api/sessions/{sid}/export/preview")))["conformance"]
    (edit,) = found["edits"]
    assert len(edit["before"]) == len(edit["after"]) == 4_000
    assert found["findings"][0]["code"] == "no_criteria"


@pytest.mark.parametrize("visibility", ["open", "blind"])
async def test_rewards_come_with_the_verdicts_and_rates_with_the_outcomes(client, runtime, visibility):
    here = await opened(client, visibility=visibility)
    await body(await client.post(f"{here}/runs", json={"models": ["simulated/hasty"], "hunts": 12}), 202)
    await ended(client, runtime, here)
    hunts = (await body(await client.get(f"{here}/hunts")))["hunts"]
    found = (await body(await client.get(f"{here}/export/preview?criteria=array")))["conformance"]
    (one,) = found["learning"]
    held = sum(hunt["outcome"] == "held" for hunt in hunts)
    assert (one["model"], one["hunts"], one["held"], one["samples"]) == ("simulated/hasty", 12, held, 8)
    assert one["all_alike"] == pytest.approx(one["pass_rate"] ** 8 + (1 - one["pass_rate"]) ** 8)
    assert len(found["rewards"]) == (0 if visibility == "blind" else 4)
    assert all(0 <= reward["reward_mean"] <= 1 for reward in found["rewards"])
