import asyncio
import json

import pytest

from api.identity import KEY
from tests.api.people import WORDS, People
from tests.api.signing_in import bearer, holders


@pytest.fixture
def changes(tmp_path):
    return {"access__tokens": holders(), "library__url": f"sqlite:///{tmp_path}/library.sqlite"}


@pytest.fixture
async def people(client, task):
    opened = await client.post("/api/sessions", json={"task": task}, headers=bearer("alice"))
    return People(client, (await opened.get_json())["session_id"])


async def test_a_session_that_was_given_waits_for_its_new_owner_and_leaves_the_list_of_the_old_one(people, runtime):
    await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob", "note": "Slots are open."})
    await runtime.store.flush()
    assert (await people.api("alice", "/tasks"))["tasks"] == []
    (waiting,) = (await people.api("bob", "/waiting"))["waiting"]
    assert (waiting["kind"], waiting["sender"], waiting["session_id"]) == ("given", "alice", people.sid)
    shown = await people.ask("bob", "GET")
    assert (shown["owner"], shown["transfer"]["note"], shown["readers"]) == ("bob", "Slots are open.", [])
    await people.ask("bob", "POST", "/accept", 204)
    await runtime.store.flush()
    assert (await people.api("bob", "/waiting"))["waiting"] == []
    assert [task["session_id"] for task in (await people.api("bob", "/tasks"))["tasks"]] == [people.sid]
    events = [(one.actor, one.action, one.detail) for one in await runtime.store.library.events(people.sid)]
    assert ("alice", "given", "bob") in events


async def test_an_admin_gives_away_what_somebody_left_and_is_recorded_as_who_did(people, runtime):
    await people.ask("root", "POST", "/transfer", 204, json={"to": "bob"})
    await runtime.store.flush()
    assert ("root", "given", "bob") in [
        (one.actor, one.action, one.detail) for one in await runtime.store.library.events(people.sid)
    ]
    await people.ask("alice", "GET", "", 404)


async def test_a_reader_comments_and_gives_up_their_access_but_not_that_of_others(people):
    await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob", "keep_access": True})
    await people.ask("bob", "POST", "/transfer", 204, json={"to": "root", "keep_access": True})
    made = await people.ask("alice", "POST", "/comments", 201, json={"criterion_id": "C1", "text": "Unclear."})
    assert (await people.ask("root", "GET", "/comments"))["comments"] == [made["comment"]]
    assert (await people.ask("bob", "GET"))["comments"] == 1
    path = f"/comments/{made['comment']['comment_id']}"
    assert (await people.ask("bob", "DELETE", path, 403))["error"]["code"] == "not_allowed"
    await people.ask("alice", "DELETE", path, 204)
    await people.ask("alice", "DELETE", "/readers/bob", 403)
    await people.ask("alice", "DELETE", "/readers/alice", 204)
    await people.ask("alice", "GET", "", 404)
    await people.ask("root", "DELETE", "/readers/bob", 204)
    await people.ask("bob", "GET", "", 404)


async def test_an_open_event_stream_ends_when_the_session_is_given_away(people):
    path = f"/api/sessions/{people.sid}/events?after=0-0"
    headers = bearer("alice") | {"Accept": "text/event-stream"}
    async with people.client.request(path, headers=headers) as connection, asyncio.timeout(5):
        await connection.send_complete()
        await connection.receive()
        await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob"})
        await people.ask("bob", "PATCH", "/task", json={"version": 2, "prompt": "SECRET words"})
        told = b""
        while b"reconnect" not in told:
            told += await connection.receive()
        await connection.disconnect()
    assert b"session.changed" not in told.partition(b"event: reconnect")[0]


async def slowly(people, name, method, path, body, meanwhile):
    """The answer to a request whose body arrives after `meanwhile` has happened."""
    sent, guard = json.dumps(body).encode(), people.client.app.config[KEY]
    headers = bearer(name) | {"Content-Type": "application/json", "Content-Length": str(len(sent))}
    guard.forget(people.sid)
    address = f"/api/sessions/{people.sid}{path}"
    async with people.client.request(address, method=method, headers=headers) as connection, asyncio.timeout(5):
        while people.sid not in guard._people:  # the request was let in
            await asyncio.sleep(0)
        await meanwhile()
        await connection.send(sent)
        await connection.send_complete()
        await connection.receive()
    return connection.status_code


async def test_a_request_that_began_before_the_session_was_given_away_changes_nothing(people):
    async def give():
        await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob"})

    edit = {"version": 2, "prompt": "too late"}
    assert await slowly(people, "alice", "PATCH", "/task", edit, give) == 404
    assert (await people.ask("bob", "GET"))["task"]["prompt"] != "too late"


async def test_a_review_that_began_before_somebody_else_was_asked_is_not_theirs(people, runtime):
    await people.hunted()
    await people.asked("bob")
    card, _ = await people.cards("bob")

    async def ask_another():
        await people.ask("alice", "DELETE", "/second-review", 204)
        await people.asked("root")

    review = {"verdicts": {"C1": "FAIL"}, "explanation": WORDS}
    assert await slowly(people, "bob", "PUT", f"/reviews/{card}", review, ask_another) == 404
    assert (await runtime.store.read(people.sid)).second_review.reviews == ()


async def test_the_key_of_a_request_does_not_open_a_session_that_was_given_away(client, task):
    async def opened():
        headers = bearer("alice") | {"Idempotency-Key": "k"}
        answer = await client.post("/api/sessions", json={"task": task}, headers=headers)
        return (await answer.get_json())["session_id"]

    people = People(client, await opened())
    assert await opened() == people.sid
    await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob"})
    another = await opened()
    assert another != people.sid
    assert await opened() == another


async def test_a_copy_for_a_reader_does_not_deliver_the_task(people, runtime):
    await people.hunted()
    await people.review("alice")
    await people.ask("alice", "POST", "/reveal")
    await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob", "keep_access": True})

    async def state_after(name):
        assert (await people.client.get(f"/api/sessions/{people.sid}/export", headers=bearer(name))).status_code == 200
        await runtime.store.flush()
        return (await people.api("bob", "/tasks"))["tasks"][0]["state"]

    assert [await state_after("alice"), await state_after("bob")] == ["revealed", "delivered"]
    events = [(one.actor, one.action) for one in await runtime.store.library.events(people.sid)]
    assert ("alice", "copied") in events


async def test_nobody_unknown_gets_a_session(people):
    refused = await people.ask("alice", "POST", "/transfer", 400, json={"to": "eve"})
    assert refused["error"]["code"] == "unknown_person"
    assert (await people.ask("alice", "GET"))["owner"] == "alice"
