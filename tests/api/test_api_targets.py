"""One model with two settings is two entries of a run, everywhere: answers, events, retries, exports, telemetry."""

from __future__ import annotations

import json

import pytest

from tests.api.routes.test_runs import ended

LOW = {"model": "simulated/thinker", "label": "brief", "parameters": {"reasoning": {"effort": "low"}, "seed": 7}}
OFF = {
    "model": "simulated/thinker",
    "parameters": {"reasoning": {"enabled": False}, "system_prompt": "Be brief. " * 50, "provider": {"only": ["simulated-south"]}},
}  # fmt: skip


async def post(client, path, body):
    response = await client.post(path, json=body)
    return response.status_code, await response.get_json()


async def get(client, path):
    return await (await client.get(path)).get_json()


async def hunted(client, sid, *models, hunts=4):
    status, body = await post(client, f"/api/sessions/{sid}/runs", {"models": models, "hunts": hunts})
    assert status == 202, body
    return await ended(client, sid, body["run_id"])


async def test_two_settings_of_a_model_are_two_targets_in_run_and_hunts(client, sid):
    run = await hunted(client, sid, LOW, OFF, "simulated/thinker", hunts=6)
    page = await get(client, f"/api/sessions/{sid}/hunts")
    targets = {one["target"]: one for one in run["targets"]}
    assert [one["label"] for one in run["targets"]] == [
        "brief",
        "thinker · no reasoning, system prompt, simulated-south",
        "simulated/thinker",
    ]
    assert run["models"] == ["simulated/thinker"]
    assert len(targets) == 3
    assert [hunt["target"] for hunt in page["hunts"]] == [*targets, *targets]
    for hunt in page["hunts"]:
        assert (hunt["label"], hunt["model"]) == (targets[hunt["target"]]["label"], "simulated/thinker")
    brief, silent, plain = page["hunts"][:3]
    assert brief["parameters"] == LOW["parameters"]
    assert plain["parameters"] == {}
    assert silent["parameters"] == OFF["parameters"]
    assert brief["reasoning"]
    assert silent["reasoning"] == ""
    assert (silent["upstream"], silent["system_fingerprint"]) == ("Simulated South", "simulated-south")
    assert silent["model_version"] == "simulated/thinker"
    assert page["hunts"][0]["response"] == page["hunts"][3]["response"]  # one seed


async def test_a_verdict_names_the_model_and_the_upstream_that_gave_it(client, sid):
    await hunted(client, sid, LOW, hunts=1)
    (hunt,) = (await get(client, f"/api/sessions/{sid}/hunts"))["hunts"]
    answered = {(one["model_version"], one["upstream"], one["system_fingerprint"]) for one in hunt["verdicts"]}
    assert answered == {("simulated/judge", "Simulated", "simulated")}


async def test_an_export_keeps_the_targets_and_resumes_with_them(client, sid):
    await hunted(client, sid, LOW, OFF)
    before = await get(client, f"/api/sessions/{sid}/hunts")
    notebook = await (await client.get(f"/api/sessions/{sid}/export")).get_data()
    status, opened = await post(client, "/api/sessions", {"notebook": json.loads(notebook)})
    assert status == 201, opened
    resumed = opened["session_id"]
    after = await get(client, f"/api/sessions/{resumed}/hunts")
    fields = ("target", "label", "parameters", "upstream", "model", "outcome")
    assert [[h[f] for f in fields] for h in after["hunts"]] == [[h[f] for f in fields] for h in before["hunts"]]
    runs = (await get(client, f"/api/sessions/{resumed}"))["runs"]
    assert [one["label"] for one in runs[0]["targets"]] == [
        "brief",
        "thinker · no reasoning, system prompt, simulated-south",
    ]


async def test_failed_hunts_are_retried_with_their_parameters(client, sid):
    limited = {"model": "simulated/thinker", "parameters": {"max_output_tokens": 1}}
    run = await hunted(client, sid, limited, "simulated/hasty")
    assert run["counts"]["error"] == 2
    status, body = await post(client, f"/api/sessions/{sid}/runs", {"retry_errors_of": run["run_id"]})
    assert status == 202, body
    again = await ended(client, sid, body["run_id"])
    assert (again["hunts"], [one["target"] for one in again["targets"]]) == (2, [run["targets"][0]["target"]])
    assert again["targets"][0]["parameters"] == limited["parameters"]


async def test_notes_say_what_a_provider_ignores(client, sid):
    run = await hunted(client, sid, {"model": "simulated/hasty", "parameters": {"temperature": 0.5}}, hunts=1)
    assert run["notes"] == ["simulated/hasty: The simulated provider ignores temperature."]


@pytest.mark.parametrize(
    ("models", "code", "says"),
    [
        ([{"model": "simulated/hasty", "parameters": {"reasoning": {"effort": "low"}}}], "unsupported_parameter", "reasoning must be left out"),
        ([{"model": "simulated/hasty", "parameters": {"extra_body": {"top_k": 3}}}], "extra_body_key", "must not set top_k"),
        ([{"model": "simulated/hasty", "parameters": {"temperature": 3}}], "bad_input", "temperature"),
        ([{"model": "simulated/hasty", "parameters": {"temprature": 1}}], "bad_input", "temprature"),
        ([{"model": "nobody/hasty", "parameters": {"seed": 1}}], "unknown_model", "nobody/hasty"),
        ([LOW, {**LOW, "label": "other"}], "label_conflict", "two labels"),
        ([LOW, {"model": "simulated/hasty", "label": "brief"}], "label_conflict", "the label “brief”"),
    ],
)  # fmt: skip
async def test_what_cannot_be_run_is_rejected_before_any_call(client, sid, models, code, says):
    for path in ("runs", "estimate"):
        status, body = await post(client, f"/api/sessions/{sid}/{path}", {"models": models, "hunts": 2})
        assert (status, body["error"]["code"]) == (400, code)
        assert says in json.dumps(body["error"], ensure_ascii=False)
    assert (await get(client, f"/api/sessions/{sid}"))["runs"] == []


@pytest.mark.parametrize("path", ["runs", "estimate"])
async def test_an_error_in_an_entry_is_about_the_form_that_was_sent(client, sid, path):
    entries = ["simulated/hasty", {"model": "simulated/hasty", "parameters": {"seed": "7"}}, 5]
    status, body = await post(client, f"/api/sessions/{sid}/{path}", {"models": entries})
    assert status == 400
    assert body["error"]["details"]["problems"] == [
        {"field": "models.1.parameters.seed", "problem": "Input should be a valid integer"},
        {"field": "models.2", "problem": "Input should be a valid string"},
    ]


HOT = {"model": "simulated/hasty", "parameters": {"temperature": 9}}
REJECTED = "cannot be called with these parameters: temperature: Input should be less than or equal to 2."


@pytest.mark.parametrize(
    ("path", "body", "who", "field"),
    [
        ("runs", {"models": ["simulated/thinker", HOT]}, "simulated/hasty", "models.1."),
        ("estimate", {"models": [HOT]}, "simulated/hasty", "models.0."),
        ("trials", HOT, "simulated/hasty", ""),
        ("reference-check", {"judge": HOT}, "simulated/hasty", "judge."),
        ("reference-check", {"judge": {"parameters": HOT["parameters"]}}, "The judge", "judge."),
    ],
)
async def test_a_wrong_parameter_is_named_as_on_the_command_line(client, sid, path, body, who, field):
    status, answer = await post(client, f"/api/sessions/{sid}/{path}", body)
    assert (status, answer["error"]["code"], answer["error"]["message"]) == (400, "bad_input", f"{who} {REJECTED}")
    assert answer["error"]["details"]["problems"] == [
        {"field": f"{field}parameters.temperature", "problem": "Input should be less than or equal to 2"}
    ]


async def test_wrong_parameters_of_two_models_are_listed_by_their_places(client, sid):
    wrong = {"model": "simulated/hasty", "parameters": {"temperature": 9, "temprature": 1}}
    status, answer = await post(
        client, f"/api/sessions/{sid}/estimate", {"models": [wrong, wrong | {"parameters": {"seed": "x"}}]}
    )
    assert status == 400
    assert [one["field"] for one in answer["error"]["details"]["problems"]] == [
        "models.0.parameters.temperature", "models.0.parameters.temprature", "models.1.parameters.seed",
    ]  # fmt: skip
    assert answer["error"]["message"].startswith("Invalid request: models.0.parameters.temperature: ")


async def test_an_estimate_counts_each_target(client, sid):
    status, found = await post(
        client, f"/api/sessions/{sid}/estimate", {"models": [LOW, "simulated/hasty"], "hunts": 3}
    )
    assert status == 200
    assert [(one["label"], one["hunts"], one["usd"]) for one in found["targets"]] == [
        ("brief", 2, 0.0),
        ("simulated/hasty", 1, 0.0),
    ]


async def test_an_estimate_takes_the_judge_with_parameters(client, sid):
    path, judge = f"/api/sessions/{sid}/estimate", {"model": "simulated/judge", "parameters": {"temperature": 0.5}}
    status, found = await post(client, path, {"models": ["simulated/hasty"], "judge": judge})
    assert status == 200
    assert (found["judge"]["model"], found["judge"]["label"]) == ("simulated/judge", "judge · t 0.5")
    assert found["notes"] == ["simulated/judge: The simulated provider ignores temperature."]
    for wrong in ({"parameters": {"system_prompt": "x"}}, {"model": "nobody/knows"}):
        assert (await post(client, path, {"models": ["simulated/hasty"], "judge": wrong}))[0] == 400


async def test_the_same_break_on_two_upstreams_is_said(client, sid):
    await hunted(client, sid, "simulated/thinker", hunts=60)
    page = await get(client, f"/api/sessions/{sid}/hunts?texts=false")
    breaks = {}
    for hunt in page["hunts"]:
        if hunt["outcome"] == "broke":
            failed = tuple(one["criterion_id"] for one in hunt["verdicts"] if one["verdict"] == "FAIL")
            breaks.setdefault(failed, []).append(hunt)
    several = next(group for group in breaks.values() if len({hunt["upstream"] for hunt in group}) == 2)
    found = (await get(client, f"/api/sessions/{sid}/insights"))["same_breaks"]
    one = next(one for one in found if several[0]["hunt_id"] in one["hunt_ids"])
    assert one == {
        "hunt_ids": [hunt["hunt_id"] for hunt in several],
        "upstreams": ["Simulated North", "Simulated South"],
    }


async def test_a_sealed_session_shows_targets_and_upstreams_but_not_what_broke_where(client, task):
    _, opened = await post(client, "/api/sessions", {"task": task, "visibility": "blind"})
    sid = opened["session_id"]
    await hunted(client, sid, LOW, "simulated/thinker", hunts=30)
    page = await get(client, f"/api/sessions/{sid}/hunts?texts=false")
    assert {hunt["label"] for hunt in page["hunts"]} == {"brief", "simulated/thinker"}
    assert {hunt["upstream"] for hunt in page["hunts"]} == {"Simulated North", "Simulated South"}
    assert (await get(client, f"/api/sessions/{sid}/insights"))["same_breaks"] == []


async def test_telemetry_distinguishes_targets(client, sid, runtime, tmp_path):
    await hunted(client, sid, LOW, "simulated/thinker", hunts=2)
    await runtime.telemetry.flush()
    lines = [json.loads(line) for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    brief, plain = sorted((line["data"] for line in lines if line["type"] == "hunt"), key=lambda one: one["number"])
    assert (brief["label"], json.loads(brief["parameters"])) == ("brief", LOW["parameters"])
    assert brief["target"].startswith("t_")
    assert (plain["label"], plain["target"], plain["parameters"]) == ("", "", "")
    assert brief["upstream"].startswith("Simulated ")
    runs = [line["data"] for line in lines if line["type"] == "run"]
    assert runs[-1]["labels"] == ["brief", "simulated/thinker"]
