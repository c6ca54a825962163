"""Opening, showing, editing, deleting sessions; every bad input has a clear answer."""

import json
import sqlite3
from io import BytesIO
from pathlib import Path

import pytest
from quart.datastructures import FileStorage

from core.redis.keys import session_keys
from tests.api.asking import body
from tests.api.signing_in import bearer, holders
from tests.builders import a_finished_hunt


async def error_of(response):
    body = await response.get_json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "hint", "details"}
    return response.status_code, body["error"]["code"]


async def test_a_typed_in_task_becomes_a_session(client, task):
    response = await client.post("/api/sessions", json={"task": task})
    body = await response.get_json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"/api/sessions/{body['session_id']}"
    assert body["task"]["criteria"] == task["criteria"]
    snapshot = await (await client.get(f"/api/sessions/{body['session_id']}")).get_json()
    assert (snapshot["version"], snapshot["runs"], snapshot["check"]["status"]) == (1, [], "none")
    assert snapshot["task"]["huntable"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_input"),
        ({"task": {"prompt": "x"}, "example": "y"}, "bad_input"),
        ({"exampel": "y"}, "bad_input"),
        ({"example": "../../etc/passwd"}, "not_found"),
        ({"url": "http://169.254.169.254/latest"}, "host_not_allowed"),
        ({"url": "https://localhost/x.ipynb"}, "host_not_allowed"),
        ({"notebook": {"cells": 3}}, "bad_notebook"),
        ({"task": {"criteria": [{"id": "C1", "text": ""}]}}, "bad_input"),
        ({"task": {}, "visibility": "hidden"}, "bad_input"),
        ({"blank": False}, "bad_input"),
        ({"blank": True, "task": {}}, "bad_input"),
    ],
)
async def test_a_bad_body_says_what_is_wrong(client, body, code):
    response = await client.post("/api/sessions", json=body)
    assert (await error_of(response))[1] == code
    assert response.status_code in {400, 404}


async def test_what_is_neither_json_nor_a_form_is_refused(client):
    response = await client.post("/api/sessions", data="x", headers={"Content-Type": "text/plain"})
    assert await error_of(response) == (415, "unsupported_media_type")
    response = await client.post("/api/sessions", data="{", headers={"Content-Type": "application/json"})
    assert await error_of(response) == (400, "bad_input")


async def test_an_upload_is_read_and_comes_back_byte_identical(client):
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["**[prompt]**\n", "\n", "Say “hi”."]},
        {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "**[response]**\n\nhi"},
    ]
    raw = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=3).encode()
    upload = FileStorage(BytesIO(raw), filename="tâche, № 1.ipynb")
    response = await client.post("/api/sessions", files={"file": upload}, form={"require_check": "true"})
    body = await response.get_json()
    assert response.status_code == 201, body
    assert body["task"]["prompt"] == "Say “hi”."
    export = await client.get(f"/api/sessions/{body['session_id']}/export")
    assert await export.get_data() == raw
    assert "filename*=UTF-8''t%C3%A2che%2C%20%E2%84%96%201-hunted.ipynb" in export.headers["Content-Disposition"]


async def test_a_file_that_is_no_notebook_names_the_trouble(client):
    upload = FileStorage(BytesIO(b"not a notebook"), filename="x.ipynb")
    assert await error_of(await client.post("/api/sessions", files={"file": upload})) == (400, "bad_notebook")
    assert await error_of(await client.post("/api/sessions", form={"x": "y"}, files={})) != (500, "internal_error")


async def test_the_same_idempotency_key_is_the_same_session(client, task):
    key = {"Idempotency-Key": "intent-1"}
    ids = {
        (await (await client.post("/api/sessions", json={"task": task}, headers=key)).get_json())["session_id"]
        for _ in range(3)
    }
    assert len(ids) == 1


async def test_an_edit_raises_the_version_and_an_old_version_conflicts(client, sid):
    edited = await client.patch(f"/api/sessions/{sid}/task", json={"version": 1, "pass_rule": "all"})
    assert (await edited.get_json())["task"]["pass_rule"] == "all"
    stale = await client.patch(f"/api/sessions/{sid}/task", json={"version": 1, "prompt": "x"})
    assert await error_of(stale) == (409, "conflict")


async def test_a_removed_criterion_is_missing_and_stops_hunting(client, sid, task):
    await client.patch(f"/api/sessions/{sid}/task", json={"version": 1, "criteria": task["criteria"][:2]})
    snapshot = await (await client.get(f"/api/sessions/{sid}")).get_json()
    assert snapshot["task"]["missing_criteria"] == ["C3"]
    response = await client.post(f"/api/sessions/{sid}/runs", json={"models": ["simulated/hasty"], "hunts": 1})
    assert await error_of(response) == (400, "task_incomplete")


async def test_a_deleted_session_is_gone(client, sid):
    assert (await client.delete(f"/api/sessions/{sid}")).status_code == 204
    for path in ("", "/hunts", "/events", "/export", "/runs/r_x"):
        assert await error_of(await client.get(f"/api/sessions/{sid}{path}")) == (404, "no_session")


async def test_another_sites_page_can_change_nothing(client, task):
    response = await client.post("/api/sessions", json={"task": task}, headers={"Origin": "https://evil.example"})
    assert await error_of(response) == (403, "foreign_origin")


async def test_a_body_over_the_limit_is_refused_clearly(client, runtime):
    body = b'{"name": "' + b"x" * runtime.settings.server.max_body_bytes + b'"}'
    response = await client.post("/api/sessions", data=body, headers={"Content-Type": "application/json"})
    assert await error_of(response) == (413, "too_large")


@pytest.mark.parametrize("rule", ["majority", "all"])
async def test_a_pass_rule_that_is_not_understood_is_asked_for_until_one_is_chosen(client, task, rule):
    criteria = json.dumps([{"id": c["id"], "criteria": c["text"]} for c in task["criteria"]])
    texts = {
        "prompt": task["prompt"],
        "response": task["response"],
        "response_reference": f"At least 2 of 3 criteria must pass.\n\n{criteria}",
    }
    cells = [
        {"cell_type": "markdown", "id": name, "metadata": {}, "source": f"**[{name}]**\n\n{text}"}
        for name, text in texts.items()
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    opened = await (await client.post("/api/sessions", json={"notebook": notebook})).get_json()
    address = f"/api/sessions/{opened['session_id']}"
    asked = [warning for warning in opened["warnings"] if warning["code"] == "pass_rule_unclear"]
    assert [warning["cell"] for warning in asked] == [2]
    assert "At least 2 of 3 criteria must pass" in asked[0]["message"]

    async def edited(**change):
        version = (await (await client.get(address)).get_json())["version"]
        response = await client.patch(f"{address}/task", json={"version": version, **change})
        assert response.status_code == 200
        after = await (await client.get(address)).get_json()
        return after["task"]["pass_rule"], [w["code"] for w in after["warnings"]].count("pass_rule_unclear")

    assert await edited(prompt="Other words.") == ("majority", 1)
    assert await edited(pass_rule=rule) == (rule, 0)


@pytest.mark.parametrize("damage", ["session in the library", "hunt in the library", "live session"])
class TestASessionThatCannotBeRead:
    @pytest.fixture
    def changes(self, tmp_path, damage, request):
        made = {
            "library__url": f"sqlite:///{tmp_path}/library.sqlite",
            "redis__journal_dir": str(tmp_path / "journal"),
            "access__tokens": holders(),
        }
        if damage == "live session":
            made["redis__url"] = request.getfixturevalue("redis_server").url
        return made

    @pytest.fixture
    async def unreadable(self, client, runtime, task, tmp_path, damage):
        answer = await client.post("/api/sessions", json={"task": task}, headers=bearer("alice"))
        sid = (await body(answer, 201))["session_id"]
        await runtime.store.save_hunt(sid, a_finished_hunt())
        await runtime.store.flush()
        if damage == "live session":
            live = runtime.store._live.redis
            await live._redis.hset(session_keys(sid).head, "j", b"{}")
            live.clear_caches()
            return sid
        await runtime.store._live.delete(sid)
        table, column = ("sessions", "head") if damage.startswith("session") else ("hunts", "state")
        with sqlite3.connect(tmp_path / "library.sqlite") as other_release:
            other_release.execute(f"UPDATE {table} SET {column} = ? WHERE session_id = ?", [b"{}", sid])
        return sid

    @pytest.mark.parametrize("name", ["alice", "root"])
    async def test_its_owner_and_an_admin_can_delete_it(self, client, runtime, unreadable, name):
        path = f"/api/sessions/{unreadable}"
        for somebody in ("alice", "bob", "root"):
            answer = await client.get(path, headers=bearer(somebody))
            assert (await body(answer, 503))["error"]["code"] == "stored_unreadable"
        assert (await client.delete(path, headers=bearer("bob"))).status_code == 503
        assert (await client.delete(path, headers=bearer(name))).status_code == 204
        assert (await client.get(path, headers=bearer(name))).status_code == 404
        assert await runtime.store.library.read(unreadable) is None
        assert (await runtime.store.library.events(unreadable))[-1].actor == name
        await runtime.telemetry.flush()
        deleted = [line for path in Path(runtime.settings.telemetry.directory).glob("telemetry-*.jsonl")
                   for line in path.read_text().splitlines() if '"action":"deleted"' in line]  # fmt: skip
        assert len(deleted) == 1
