"""The list of tasks, the archive, and tasks with similar prompts."""

import sqlite3

import pytest

from core.library.base import library_away
from tests.api.asking import body, ended
from tests.api.signing_in import bearer, holders


@pytest.fixture
def changes(tmp_path):
    return {"library__url": f"sqlite:///{tmp_path}/library.sqlite", "redis__journal_dir": str(tmp_path / "journal")}


async def opened(client, task, prompt="", **others):
    made = task | ({"prompt": prompt} if prompt else {})
    headers = others.pop("headers", None)
    answer = await client.post("/api/sessions", json={"task": made, **others}, headers=headers)
    return (await body(answer, 201))["session_id"]


async def listed(client, runtime, query="", **headers):
    await runtime.store.flush()
    return await body(await client.get(f"/api/tasks{query}", **headers))


def ids(answer):
    return [task["session_id"] for task in answer["tasks"]]


@pytest.mark.parametrize("visibility", ["open", "blind"])
async def test_a_task_is_listed_as_its_session_shows_it(client, runtime, task, visibility):
    sid = await opened(client, task, visibility=visibility, name="capital.ipynb")
    order = {"models": ["simulated/hasty"], "hunts": 3}
    await body(await client.post(f"/api/sessions/{sid}/runs", json=order), 202)
    snapshot = await ended(client, runtime, f"/api/sessions/{sid}")
    (row,) = (await listed(client, runtime))["tasks"]
    shown = snapshot["total_counts"]
    assert row["counts"] == {name: shown[name] for name in row["counts"]}
    assert row["cost_usd"] == pytest.approx(shown["cost_usd"])
    assert shown["judge_cost_usd"] is (None if visibility == "blind" else shown["judge_cost_usd"])
    rest = {name: row[name] for name in ("session_id", "name", "state", "owner", "archived", "excerpt")}
    assert rest == {
        "session_id": sid, "name": "capital.ipynb", "state": "hunting", "owner": "", "archived": False,
        "excerpt": task["prompt"],
    }  # fmt: skip


async def test_a_task_in_a_state_of_another_release_is_listed_beside_the_others(client, runtime, task, tmp_path):
    first, second = await opened(client, task), await opened(client, task)
    await runtime.store.flush()
    with sqlite3.connect(tmp_path / "library.sqlite") as other_release:
        other_release.execute("UPDATE sessions SET state = 'frozen' WHERE session_id = ?", [first])
    states = {one["session_id"]: one["state"] for one in (await listed(client, runtime))["tasks"]}
    assert states == {first: "unknown", second: "draft"}
    (similar,) = (await body(await client.get(f"/api/sessions/{second}/similar")))["tasks"]
    assert (similar["session_id"], similar["state"]) == (first, "unknown")


async def test_pages_and_a_place_that_is_none(client, runtime, task):
    made = [await opened(client, task) for _ in range(3)]
    first = await listed(client, runtime, "?limit=2")
    second = await listed(client, runtime, f"?limit=2&after={first['next']}")
    assert (sorted(ids(first) + ids(second)), second["next"]) == (sorted(made), None)
    for after in ("x", "-s_one", "1", "1-", "²-s", f"{10**16}-s"):
        refused = await client.get("/api/tasks", query_string={"after": after})
        assert (await body(refused, 400))["error"]["code"] == "bad_input", after


async def test_a_nul_character_finds_nothing_and_is_never_asked_for(client, runtime, task, sid, monkeypatch):
    """PostgreSQL takes no text that contains one."""
    await runtime.store.flush()
    monkeypatch.setattr(runtime.store.library, "progress", None)
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/similar"), ("GET", "/hunts")):
        refused = await client.open(f"/api/sessions/s_%00{path}", method=method)
        assert (await body(refused, 404))["error"]["code"] == "no_session", path
    for query in ("after=1-%00", "owner=%00"):
        assert (await body(await client.get(f"/api/tasks?{query}"), 400))["error"]["code"] == "bad_input", query


async def test_an_idempotency_key_whose_session_was_deleted_opens_another_one_that_stays(client, runtime, task):
    found = []
    for _ in range(3):
        pair = [await opened(client, task, headers={"Idempotency-Key": "mine"}) for _ in range(2)]
        assert pair[0] == pair[1]
        assert ids(await listed(client, runtime)) == [pair[0]]
        assert (await client.delete(f"/api/sessions/{pair[0]}")).status_code == 204
        found.append(pair[0])
    assert len(set(found)) == 3


async def test_a_task_that_cannot_be_read_is_listed_and_hides_no_similar_one(client, runtime, task, tmp_path):
    good, bad, mine = [await opened(client, task) for _ in range(3)]
    await runtime.store.flush()
    with sqlite3.connect(tmp_path / "library.sqlite") as database:
        database.execute("UPDATE sessions SET head = X'7B7D' WHERE session_id = ?", (bad,))
    database.close()
    found = await body(await client.get(f"/api/sessions/{mine}/similar"))
    assert ids(found) == [good]
    assert set(ids(await listed(client, runtime))) == {good, bad, mine}


async def test_states_and_words(client, runtime, task):
    sid = await opened(client, task, "Which lighthouse is the tallest?")
    await opened(client, task)
    assert ids(await listed(client, runtime, "?q=lightho&state=draft,checked")) == [sid]
    assert ids(await listed(client, runtime, "?q=lighthouse&state=delivered")) == []
    unknown = await body(await client.get("/api/tasks?state=lost"), 400)
    assert "to_review" in unknown["error"]["hint"]


async def test_an_archived_task_is_listed_on_request_and_a_deleted_one_never(client, runtime, task):
    sid = await opened(client, task)
    assert (await client.post(f"/api/tasks/{sid}/archive")).status_code == 204  # before it was written
    assert ids(await listed(client, runtime)) == []
    assert ids(await listed(client, runtime, "?archived=true")) == [sid]
    assert (await client.get(f"/api/sessions/{sid}")).status_code == 200
    assert (await client.post(f"/api/tasks/{sid}/unarchive")).status_code == 204
    assert ids(await listed(client, runtime)) == [sid]
    assert (await client.delete(f"/api/sessions/{sid}")).status_code == 204
    assert ids(await listed(client, runtime)) == []
    assert (await client.post(f"/api/tasks/{sid}/archive")).status_code == 404


async def test_tasks_that_resemble_one_are_named_with_their_similarity(client, runtime, task):
    prompt = "Write a letter of two hundred words to a lighthouse keeper in which every sentence names a colour."
    same = await opened(client, task, prompt.upper())
    near = await opened(client, task, prompt.replace("colour", "flavour"))
    await opened(client, task, "List the five longest rivers of Europe by their length in kilometres.")
    await runtime.store.flush()
    mine = await opened(client, task, prompt)
    found = (await body(await client.get(f"/api/sessions/{mine}/similar")))["tasks"]
    assert [one["session_id"] for one in found] == [same, near]
    assert (found[0]["similarity"], found[0]["state"]) == (1.0, "draft")
    assert 0.8 < found[1]["similarity"] < 1.0


async def test_an_empty_task_resembles_nothing(client, runtime):
    for _ in range(2):
        sid = (await body(await client.post("/api/sessions", json={"blank": True}), 201))["session_id"]
    await runtime.store.flush()
    assert await body(await client.get(f"/api/sessions/{sid}/similar")) == {"tasks": []}


async def test_while_the_database_is_away_the_answer_says_so(client, runtime, task, monkeypatch):
    sid = await opened(client, task)

    async def fail(*_):
        raise library_away("its database does not answer.")

    for name in ("tasks", "similar", "set_archived"):
        monkeypatch.setattr(runtime.store.library, name, fail)
    answers = [
        await client.get("/api/tasks"),
        await client.get(f"/api/sessions/{sid}/similar"),
        await client.post(f"/api/tasks/{sid}/archive"),
    ]
    assert {(await body(one, 503))["error"]["code"] for one in answers} == {"library_away"}
    assert (await client.get(f"/api/sessions/{sid}")).status_code == 200


class TestWithoutALibrary:
    @pytest.fixture
    def changes(self):
        return {}

    async def test_the_answer_says_what_to_do(self, client, sid):
        for answer in (
            await client.get("/api/tasks"),
            await client.get(f"/api/sessions/{sid}/similar"),
            await client.post(f"/api/tasks/{sid}/archive"),
        ):
            error = (await body(answer, 503))["error"]
            assert (error["code"], "LIBRARY_URL" in error["hint"]) == ("library_off", True)


class TestWithSignIn:
    @pytest.fixture
    def changes(self, changes):
        return changes | {"access__tokens": holders()}

    async def test_people_see_their_own_tasks_and_admins_those_that_they_name(self, client, runtime, task):
        own = {name: await opened(client, task, headers=bearer(name)) for name in ("alice", "bob", "root")}
        for name, sid in own.items():
            assert ids(await listed(client, runtime, headers=bearer(name))) == [sid]
            assert ids(await listed(client, runtime, f"?owner={name}&q=capital", headers=bearer(name))) == [sid]
        assert ids(await listed(client, runtime, "?owner=bob", headers=bearer("root"))) == [own["bob"]]
        assert set(ids(await listed(client, runtime, "?owner=*", headers=bearer("root")))) == set(own.values())
        for owner in ("bob", "*", "root"):
            refused = await client.get(f"/api/tasks?owner={owner}", headers=bearer("alice"))
            assert (await body(refused, 403))["error"]["code"] == "not_allowed"

    async def test_the_library_records_which_admin_changed_and_deleted_somebody_elses_task(self, client, runtime, task):
        sid = await opened(client, task, headers=bearer("alice"))
        edit = {"version": 1, "prompt": "Which lighthouse is the tallest?"}
        await body(await client.patch(f"/api/sessions/{sid}/task", json=edit, headers=bearer("root")))
        await client.get(f"/api/sessions/{sid}/export", headers=bearer("root"))
        assert (await client.delete(f"/api/sessions/{sid}", headers=bearer("root"))).status_code == 204
        events = await runtime.store.library.events(sid)
        found = {(event.action, event.actor) for event in events}
        assert found == {("created", "alice"), ("edited", "root"), ("exported", "root"), ("deleted", "root")}

    async def test_nobody_archives_or_compares_with_somebody_elses_task(self, client, runtime, task):
        sid = await opened(client, task, headers=bearer("alice"))
        await runtime.store.flush()
        bobs = await opened(client, task, headers=bearer("bob"))
        for method, path in (
            ("POST", "tasks/{}/archive"),
            ("POST", "tasks/{}/unarchive"),
            ("GET", "sessions/{}/similar"),
        ):
            refused = await client.open(f"/api/{path.format(sid)}", method=method, headers=bearer("bob"))
            assert (await body(refused, 404))["error"]["code"] == "no_session", path
        assert await body(await client.get(f"/api/sessions/{bobs}/similar", headers=bearer("bob"))) == {"tasks": []}
        await runtime.store.flush()
        roots = await opened(client, task, headers=bearer("root"))
        found = (await body(await client.get(f"/api/sessions/{roots}/similar", headers=bearer("root"))))["tasks"]
        assert {one["owner"] for one in found} == {"alice", "bob"}

    async def test_the_record_of_a_deletion_says_who_did_it(self, client, runtime, task):
        sid = await opened(client, task, headers=bearer("alice"))
        assert (await client.delete(f"/api/sessions/{sid}", headers=bearer("root"))).status_code == 204
        recorded = [(event.actor, event.action) for event in await runtime.store.library.events(sid)]
        assert recorded == [("alice", "created"), ("root", "deleted")]
