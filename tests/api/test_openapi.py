"""The OpenAPI description is whole, and real answers over real HTTP are what it says."""

import asyncio
import re
from io import BytesIO

import httpx
import pytest
from jsonschema import Draft202012Validator

from api.app import create_app
from tests.e2e.api_process import open_api

MAX_DESCRIPTION_BYTES = 300_000
ANSWERED_BY_HAND = {
    ("get", "/static/{filename}"),
    ("get", "/static/v/{version}/{filename}"),
    ("get", "/"),
    ("get", "/favicon.ico"),
}


def operations(described):
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


async def test_every_route_is_described_with_all_that_a_reader_needs(runtime, client):
    described = await (await client.get("/openapi.json")).get_json()
    rules = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in create_app(runtime).url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(method, path) for method, path, _ in operations(described)} == rules
    known_tags = {tag["name"] for tag in described["tags"]}
    for _, path, operation in operations(described):
        assert operation["summary"].endswith("."), path
        assert set(operation["tags"]) <= known_tags, path
        assert operation["tags"], path
        assert "500" in operation["responses"], path
        assert [n for n in re.findall(r"{(\w+)}", path) if n not in {p["name"] for p in operation["parameters"]}] == []
        assert all(response["description"] for response in operation["responses"].values()), path
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"], path
            assert {"400", "408", "413", "415"} <= set(operation["responses"]), path
        success = next(r for status, r in operation["responses"].items() if status.startswith("2"))
        assert "content" in success or "204" in operation["responses"], path
    for path in ("/api/sessions", "/api/sessions/{sid}/runs"):
        assert "Idempotency-Key" in {p["name"] for p in described["paths"][path]["post"]["parameters"]}


def references(node):
    if isinstance(node, dict):
        found = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return found + [ref for value in node.values() for ref in references(value)]
    return [ref for item in node for ref in references(item)] if isinstance(node, list) else []


async def test_every_named_shape_stands_once_and_is_referred_to(client):
    described = await (await client.get("/openapi.json")).get_json()
    shapes = described["components"]["schemas"]
    bodies = [
        body["schema"]
        for _, _, operation in operations(described)
        for message in (*operation["responses"].values(), operation.get("requestBody", {}))
        for body in message.get("content", {}).values()
    ]
    assert [body["title"] for body in bodies if "title" in body] == []
    assert {ref.removeprefix("#/components/schemas/") for ref in references(described)} <= set(shapes)
    for path in ("/api/health", "/api/health/ready"):
        answers = described["paths"][path]["get"]["responses"]
        assert answers["200"]["content"] == answers["503"]["content"]
        assert set(answers["200"]["content"]["application/json"]["schema"]) == {"$ref"}


async def test_fields_have_their_docstrings_and_are_required_unless_they_may_be_omitted(client):
    shapes = (await (await client.get("/openapi.json")).get_json())["components"]["schemas"]
    number = shapes["HuntDetails"]["properties"]["number"]
    assert number["description"] == shapes["HuntView"]["properties"]["number"]["description"] == "0 for a trial."
    assert shapes["RedisState"]["properties"]["since"]["description"] == "Start of the fallback to memory."
    assert set(shapes["Usage"]["required"]) == set(shapes["Usage"]["properties"])
    assert set(shapes["ReviewView"]["properties"]) - set(shapes["ReviewView"]["required"]) == {"hunt_id", "card_id"}


async def test_the_description_is_valid_and_small(client):
    answer = await client.get("/openapi.json")
    described = await answer.get_json()
    assert described["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(described["info"])
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for _, path, operation in operations(described):
        for body in (*operation["responses"].values(), operation.get("requestBody", {})):
            for content in body.get("content", {}).values():
                Draft202012Validator.check_schema(content["schema"])
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), path
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path"), path
    ids = [o["operationId"] for _, _, o in operations(described) if "operationId" in o]
    assert len(ids) == len(set(ids))
    assert len(await answer.get_data()) < MAX_DESCRIPTION_BYTES


class Checked:
    """A client that holds every answer against the description, and remembers which operations it has seen."""

    def __init__(self, client, described):
        self.client, self.described, self.seen = client, described, set()

    async def __call__(self, method, path, expected, url="", **request):
        sent = {**request, **({"headers": request["headers"]} if "headers" in request else {})}
        answer = await self.client.request(method, url or path, **sent)
        assert answer.status_code == expected, answer.text[:300]
        told = self.described["paths"][path][method.lower()]["responses"][str(expected)]
        self.seen.add((method.lower(), path))
        media = answer.headers.get("content-type", "").partition(";")[0]
        if "content" in told:
            assert media in told["content"], (path, media)
        if media == "application/json":
            schema = {**told["content"][media]["schema"], "components": self.described["components"]}
            problems = [
                f"{e.json_path}: {e.message[:200]}"
                for e in Draft202012Validator(closed(schema)).iter_errors(answer.json())
            ]
            assert problems == [], (method, path, expected)
            return answer.json()
        return answer


def closed(schema):
    """The same schema, with fields that it does not name refused: an answer must not hold what is not described."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        shut.setdefault("additionalProperties", False)
    return shut


async def ended_run(ask, sid, rid):
    after = "0-0"
    while True:
        path = "/api/sessions/{sid}/events"
        page = await ask("GET", path, 200, f"/api/sessions/{sid}/events?format=json&after={after}")
        after = page["last_event_id"]
        if any(
            e["data"].get("run", {}).get("finished_at")
            for e in page["events"]
            if e["data"].get("run", {}).get("run_id") == rid
        ):
            return
        await asyncio.sleep(0.02)


@pytest.mark.e2e
async def test_real_answers_of_every_route_are_what_the_description_says(tmp_path, task):
    script = '{"seed": 4, "target_latency_ms": 1, "judge_latency_ms": 1, "server_error": 0.1, "break_rate": 0.5}'
    library = {"LIBRARY_URL": f"sqlite:///{tmp_path}/library.sqlite", "JOURNAL_DIR": str(tmp_path / "journal")}
    async with (
        open_api(tmp_path, SIMULATED_SCRIPT=script, MAX_CALL_ATTEMPTS="1", MAX_SAME_FAILURES="1000", **library) as api,
        httpx.AsyncClient(base_url=api.address, timeout=20) as client,
    ):
        described = (await client.get("/openapi.json")).json()
        ask = Checked(client, described)
        await answers_that_succeed(ask, task)
        await answers_that_fail(ask, task)
        every = {(method, path) for method, path, _ in operations(described)}
        assert every - ask.seen - ANSWERED_BY_HAND == set()


async def answers_that_succeed(ask, task):
    for path in ("/api/health", "/api/health/live", "/api/health/ready", "/api/admin/status", "/metrics", "/api/models",
                 "/api/examples", "/openapi.json", "/docs", "/api/who", "/sign-in"):  # fmt: skip
        await ask("GET", path, 200)
    await ask("GET", "/api/judges", 200)
    await ask("GET", "/api/models/resolve", 200, "/api/models/resolve?model=simulated/hasty")
    await ask("GET", "/api/models/resolve", 400, "/api/models/resolve?model=nobody/x")
    await ask("POST", "/api/sign-out", 204)
    await ask("POST", "/api/markdown", 200, json={"text": "- one\n- **two**"})
    sid = (await ask("POST", "/api/sessions", 201, json={"task": task}))["session_id"]
    here = f"/api/sessions/{sid}"
    await ask("PATCH", "/api/sessions/{sid}/task", 200, f"{here}/task", json={"version": 1, "pass_rule": "majority"})
    await ask("POST", "/api/sessions/{sid}/reference-check", 202, f"{here}/reference-check", json={})
    parameters = {"seed": 7, "temperature": 0.5, "stop": ["END"], "provider": {"ignore": ["elsewhere"]}}
    order = {"models": ["simulated/hasty", {"model": "simulated/careful", "parameters": parameters}], "hunts": 40}
    rid = (await ask("POST", "/api/sessions/{sid}/runs", 202, f"{here}/runs", json=order))["run_id"]
    await ended_run(ask, sid, rid)
    await ask("GET", "/api/sessions/{sid}/runs/{rid}", 200, f"{here}/runs/{rid}")
    estimate = "/api/sessions/{sid}/estimate"
    await ask("GET", estimate, 200, f"{here}/estimate?models=simulated/hasty&hunts=4")
    await ask("POST", estimate, 200, f"{here}/estimate", json=order)
    await ask("POST", "/api/sessions/{sid}/runs/{rid}/cancel", 202, f"{here}/runs/{rid}/cancel")
    hunts = (await ask("GET", "/api/sessions/{sid}/hunts", 200, f"{here}/hunts"))["hunts"]
    assert {"broke", "error"} <= {hunt["outcome"] for hunt in hunts}
    for outcome in ("broke", "error"):
        hid = next(h["hunt_id"] for h in hunts if h["outcome"] == outcome)
        await ask("GET", "/api/sessions/{sid}/hunts/{hid}", 200, f"{here}/hunts/{hid}")
    await robustness_answers(ask, sid)
    broke = next(h["hunt_id"] for h in hunts if h["outcome"] == "broke")
    other = {"hunt_ids": [broke], "judges": [{"model": "simulated/fallible"}]}
    await ask("POST", "/api/sessions/{sid}/confirm", 202, f"{here}/confirm", json=other)
    await ask("GET", "/api/sessions/{sid}/hunts/{hid}/receipt", 200, f"{here}/hunts/{broke}/receipt")
    await ask("GET", "/api/sessions/{sid}", 200, here)
    notebook = (await ask("GET", "/api/sessions/{sid}/export", 200, f"{here}/export")).content
    again = await ask("POST", "/api/sessions", 201, files={"file": ("done.ipynb", BytesIO(notebook))})
    await ask("GET", "/api/sessions/{sid}", 200, f"/api/sessions/{again['session_id']}")
    for act in ("archive", "unarchive"):  # which also writes what waits for the library
        await ask("POST", f"/api/tasks/{{sid}}/{act}", 204, f"/api/tasks/{sid}/{act}")
    await ask("GET", "/api/waiting", 200)
    await sharing_answers(ask, sid)
    assert (await ask("GET", "/api/tasks", 200, "/api/tasks?q=capital"))["tasks"]
    similar = f"/api/sessions/{again['session_id']}/similar"
    assert (await ask("GET", "/api/sessions/{sid}/similar", 200, similar))["tasks"]
    await ask("DELETE", "/api/sessions/{sid}", 204, here)
    await trainers_answers(ask, task)


async def sharing_answers(ask, sid):
    """Without a sign-in nobody has a name to share with."""
    path, here = "/api/sessions/{sid}", f"/api/sessions/{sid}"
    order = {"criterion_id": "C1", "text": "Is it clear?"}
    comment = (await ask("POST", f"{path}/comments", 201, f"{here}/comments", json=order))["comment"]
    await ask("GET", f"{path}/comments", 200, f"{here}/comments")
    one = f"{here}/comments/{comment['comment_id']}"
    await ask("DELETE", f"{path}/comments/{{comment_id}}", 204, one)
    await ask("POST", f"{path}/transfer", 400, f"{here}/transfer", json={"to": "bob"})
    await ask("POST", f"{path}/accept", 204, f"{here}/accept")
    await ask("DELETE", f"{path}/readers/{{name}}", 204, f"{here}/readers/bob")
    second = f"{path}/second-review"
    await ask("POST", second, 400, f"{here}/second-review", json={"reviewer": "bob"})
    await ask("GET", second, 404, f"{here}/second-review")
    await ask("POST", f"{second}/done", 404, f"{here}/second-review/done")
    settled = f"{here}/second-review/settled/c_none/C1"
    await ask("PUT", f"{second}/settled/{{cid}}/{{criterion_id}}", 404, settled, json={"verdict": "PASS"})
    await ask("DELETE", second, 204, f"{here}/second-review")


async def trainers_answers(ask, task):
    """The trainer's day, in the shapes that are described: blind, then revealed, then a session of two turns."""
    path = "/api/sessions/{sid}"
    sid = (await ask("POST", "/api/sessions", 201, json={"task": task, "visibility": "blind"}))["session_id"]
    here = f"/api/sessions/{sid}"
    await ask("PATCH", f"{path}/settings", 200, f"{here}/settings", json={"version": 1, "slots": 2, "least_breaks": 1})
    await ask("POST", f"{path}/trials", 202, f"{here}/trials", json={"model": "simulated/hasty"})
    await two_sided_answers(ask, sid)
    order = {
        "models": ["simulated/hasty", "simulated/careful"],
        "hunts": 40,
        "stop": {"rule": "cost", "cost_usd": 99.0},
    }
    rid = (await ask("POST", f"{path}/runs", 202, f"{here}/runs", json=order))["run_id"]
    await ended_run(ask, sid, rid)
    await ask("GET", f"{path}/corrected-rates", 200, f"{here}/corrected-rates")
    await ask("GET", f"{path}/trials", 200, f"{here}/trials")
    proposal = await ask("GET", f"{path}/selection/proposal", 200, f"{here}/selection/proposal")
    await ask("PUT", f"{path}/selection", 200, f"{here}/selection", json={"hunt_ids": proposal["hunt_ids"]})
    again = f"{here}/hunts/{proposal['hunt_ids'][0]}/rejudge"
    await ask("POST", f"{path}/hunts/{{hid}}/rejudge", 202, again, json={})
    await ask("POST", f"{path}/hunts/{{hid}}/cancel", 202, f"{here}/hunts/{rid}.1/cancel")
    while (await ask("GET", path, 200, here))["counts"]["judging"]:
        await asyncio.sleep(0.02)
    for card in (await ask("GET", f"{path}/desk", 200, f"{here}/desk"))["cards"]:
        review = {"verdicts": {"C1": "PASS", "C2": "FAIL", "C3": "PASS"}, "explanation": "one two " * 5, "based_on": ""}
        await ask("PUT", f"{path}/reviews/{{cid}}", 200, f"{here}/reviews/{card['card_id']}", json=review)
    await ask("PUT", f"{path}/reviews/{{cid}}", 409, f"{here}/reviews/{card['card_id']}", json=review)
    await ask("GET", path, 200, here)
    await ask("POST", f"{path}/reveal", 200, f"{here}/reveal", json={})
    await ask("GET", f"{path}/desk", 200, f"{here}/desk")
    await ask("GET", f"{path}/hunts/{{hid}}", 200, f"{here}/hunts/{proposal['hunt_ids'][0]}")
    await ask("GET", f"{path}/insights", 200, f"{here}/insights")
    await ask("GET", f"{path}/export/preview", 200, f"{here}/export/preview")
    seen = {"session_ids": [sid, "s_gone"]}
    await ask("POST", "/api/sessions/summaries", 200, json=seen)

    sid = (await ask("POST", "/api/sessions", 201, json={"example": "word-budget"}))["session_id"]
    here = f"/api/sessions/{sid}"
    rid = (await ask("POST", f"{path}/runs", 202, f"{here}/runs", json=order))["run_id"]
    await ended_run(ask, sid, rid)
    hunts = (await ask("GET", f"{path}/hunts", 200, f"{here}/hunts"))["hunts"]
    held = next(hunt["hunt_id"] for hunt in hunts if hunt["outcome"] == "held")
    turn = {"hunt_id": held, "prompt": "And of Italy?", "response": "Rome", "criteria": task["criteria"]}
    await ask("POST", f"{path}/turns", 201, f"{here}/turns", json=turn)
    await ask("DELETE", f"{path}/turns/{{turn}}", 200, f"{here}/turns/2")
    await ask("POST", f"{path}/turns", 201, f"{here}/turns", json=turn)
    await ask("GET", f"{path}/turns/{{turn}}/hunts", 200, f"{here}/turns/1/hunts")


async def two_sided_answers(ask, sid):
    path, here = "/api/sessions/{sid}", f"/api/sessions/{sid}"
    edits, edit = f"{path}/two-sided-check/edits", {"text": "London"}
    await ask("POST", edits, 202, f"{here}/two-sided-check/edits", json={"model": "simulated/hasty"})
    while (await ask("GET", path, 200, here))["two_sided_check"]["proposals"]["running"]:
        await asyncio.sleep(0.02)
    await ask("PUT", f"{edits}/{{criterion_id}}", 200, f"{here}/two-sided-check/edits/C1", json=edit)
    await ask("POST", f"{path}/two-sided-check", 202, f"{here}/two-sided-check", json={})
    while (await ask("GET", path, 200, here))["two_sided_check"]["status"] == "running":
        await asyncio.sleep(0.02)


async def robustness_answers(ask, sid):
    path, here = "/api/sessions/{sid}/robustness", f"/api/sessions/{sid}/robustness"
    await ask("POST", f"{path}/estimate", 200, f"{here}/estimate", json={"replies": 1})
    await ask("POST", path, 202, here, json={"replies": 1, "families": ["forged"]})
    while (await ask("GET", path, 200, here))["robustness"]["status"] == "running":
        await asyncio.sleep(0.02)
    await ask("DELETE", path, 200, here)


async def answers_that_fail(ask, task):
    sid = (await ask("POST", "/api/sessions", 201, json={"task": task}))["session_id"]
    here = f"/api/sessions/{sid}"
    for path in ("", "/export", "/hunts", "/events"):
        await ask("GET", "/api/sessions/{sid}" + path, 404, "/api/sessions/s_none" + path)
    await ask("GET", "/api/sessions/{sid}/runs/{rid}", 404, f"{here}/runs/r_none")
    await ask("GET", "/api/sessions/{sid}/hunts/{hid}", 404, f"{here}/hunts/r_none.1")
    await ask("GET", "/api/sessions/{sid}/hunts/{hid}/receipt", 404, f"{here}/hunts/r_none.1/receipt")
    other = {"hunt_ids": ["r_none.1"], "judges": [{"model": "simulated/fallible"}]}
    await ask("POST", "/api/sessions/{sid}/confirm", 404, f"{here}/confirm", json=other)
    await ask("POST", "/api/sessions/{sid}/confirm", 400, f"{here}/confirm", json={"hunt_ids": []})
    await ask("POST", "/api/sessions", 400, json={})
    await ask("POST", "/api/sign-in", 400, json={"token": "mh_none"})
    await ask("POST", "/api/sessions", 415, content="x", headers={"Content-Type": "text/plain"})
    await ask("POST", "/api/sessions", 403, json={}, headers={"Origin": "https://evil.example"})
    await ask("GET", "/api/tasks", 400, "/api/tasks?state=lost")
    await ask("PATCH", "/api/sessions/{sid}/task", 409, f"{here}/task", json={"version": 7})
    await ask("GET", "/api/sessions/{sid}/events", 400, f"{here}/events?after=x&format=json")
    await ask("POST", "/api/sessions/{sid}/runs", 400, f"{here}/runs", json={"models": []})
