import json

import pytest
from jsonschema import Draft202012Validator

from api.app import create_app
from core.runtime import open_runtime
from core.settings import read_settings
from tests.api.conftest import QUICK
from tests.api.people import WORDS, People
from tests.api.signing_in import ENTRIES, bearer
from tests.api.test_openapi import closed
from tests.settings import make_settings


@pytest.fixture(params=["memory", "redis"])
def settings(request, tmp_path):
    redis = {"redis__url": request.getfixturevalue("redis_server").url} if request.param == "redis" else {}
    return make_settings(
        read_settings({"HUNTER_TOKENS": ENTRIES}),
        telemetry__directory=str(tmp_path / "telemetry"),
        providers__simulated_script=QUICK,
        hunting__blind_outcome_step_s=0.01,
        library__url=f"sqlite:///{tmp_path}/library.sqlite",
        **redis,
    )


@pytest.fixture
async def opened(settings):
    async with open_runtime(settings, seed=1) as runtime:
        yield runtime


@pytest.fixture
async def people(opened):
    made = People(create_app(opened).test_client())
    await made.hunted()
    return made


async def waiting(opened, people, name):
    await opened.store.flush()
    return [(one["kind"], one["sender"]) for one in (await people.api(name, "/waiting"))["waiting"]]


async def assert_described(people, path, body):
    """`body` has the shape that /openapi.json describes for GET of that path, and nothing else."""
    described = await (await people.client.get("/openapi.json", headers=bearer("bob"))).get_json()
    content = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = closed({**content, "components": described["components"]})
    assert [error.message[:200] for error in Draft202012Validator(schema).iter_errors(body)] == []


async def test_two_people_review_apart_see_their_agreement_and_settle_where_they_differ(opened, people):
    asked = await people.asked()
    assert (asked["reviewer"], asked["asked_by"], asked["cards"], asked["done"]) == ("bob", "alice", 2, False)
    assert await waiting(opened, people, "bob") == [("review", "alice")]
    await assert_described(people, "/api/waiting", await people.api("bob", "/waiting"))
    await people.review("alice", "FFF")
    refused = await people.ask("alice", "POST", "/reveal", 400)
    assert refused["error"]["details"]["problems"] == ["The second review is not finished."]
    assert (await people.ask("bob", "POST", "/second-review/done", 400))["error"]["code"] == "reviews_incomplete"
    await people.review("bob", "FPF", "I read the second criterion as met, since the town is named there.")
    done = await people.ask("bob", "POST", "/second-review/done")
    assert (done["done"], done["both_done"], done["agreement"], done["differences"]) == (True, False, [], [])
    assert await waiting(opened, people, "alice") == [("reveal", "bob")]
    assert await waiting(opened, people, "bob") == []
    await people.ask("alice", "POST", "/reveal")

    seen = {name: await people.ask(name, "GET", "/second-review") for name in ("alice", "bob")}
    assert seen["alice"] == seen["bob"]
    await assert_described(people, "/api/sessions/{sid}/second-review", seen["bob"])
    await assert_described(people, "/api/sessions/{sid}", await people.ask("alice", "GET"))
    await assert_described(people, "/api/sessions/{sid}/desk", await people.ask("bob", "GET", "/desk"))
    rows = {row["criterion_id"]: (row["replies"], row["agree"], row["alpha"]) for row in seen["bob"]["agreement"]}
    assert rows["C1"] == rows["C3"] == (2, 2, None)
    assert rows["C2"] == (2, 0, pytest.approx(-0.5))
    assert rows[""] == (6, 4, pytest.approx(-0.1))
    assert seen["bob"]["unsettled"] == len(seen["bob"]["differences"]) == 2
    assert {one["second_explanation"][:6] for one in seen["bob"]["differences"]} == {"I read"}
    assert await waiting(opened, people, "alice") == [("settle", "bob")]
    assert await waiting(opened, people, "bob") == [("settle", "alice")]

    first, other = (one["card_id"] for one in seen["bob"]["differences"])
    order = {"verdict": "PASS", "note": "It is met."}
    await people.ask("bob", "PUT", f"/second-review/settled/{first}/c2", json=order)
    after = await people.ask("alice", "PUT", f"/second-review/settled/{other}/C2", json={"verdict": "FAIL"})
    assert after["unsettled"] == 0
    assert [one["settled"]["by"] for one in after["differences"]] == ["bob", "alice"]
    await people.ask("alice", "PUT", f"/second-review/settled/{first}/C1", 404, json=order)
    assert await waiting(opened, people, "bob") == []
    events = [(one.actor, one.action) for one in await opened.store.library.events(people.sid)]
    for expected in [("alice", "second_review_asked"), ("bob", "second_review_done"), ("bob", "settled"),
                     ("alice", "settled")]:  # fmt: skip
        assert expected in events


async def test_settled_verdicts_are_the_review_that_counts_and_are_exported_and_loaded_again(opened, people):
    await people.both_done("FFF", "PPP")
    before = await people.ask("alice", "GET")
    assert before["comparison"]["reviewer_breaks"] == 2
    for one in (await people.ask("bob", "GET", "/second-review"))["differences"]:
        path = f"/second-review/settled/{one['card_id']}/{one['criterion_id']}"
        await people.ask("bob", "PUT", path, json={"verdict": "PASS"})
    after = await people.ask("alice", "GET")
    assert (after["comparison"]["reviewer_breaks"], after["second_review"]["unsettled"]) == (0, 0)
    assert after["reviews"][0]["verdicts"] == {"C1": "FAIL", "C2": "FAIL", "C3": "FAIL"}

    answer = await people.client.get(f"/api/sessions/{people.sid}/export", headers=bearer("alice"))
    notebook = json.loads(await answer.get_data())
    record = notebook["metadata"]["model_hunter"]
    final = record["final_reviews"][people.hunts[0]]
    assert final["verdicts"] == {"C1": "PASS", "C2": "PASS", "C3": "PASS"}
    assert {(one["criterion_id"], one["by"]) for one in final["settled"]} == {
        ("C1", "bob"),
        ("C2", "bob"),
        ("C3", "bob"),
    }
    assert "reviewer" not in record["session"]["second_review"]
    cells = ["".join(cell["source"]) for cell in notebook["cells"]]
    (cell,) = [one for one in cells if "human_judge_1" in one.lower()]
    assert "Settled with a second reviewer: C1, C2, C3." in cell
    assert '"C1": "PASS"' in cell

    loaded = await people.client.post("/api/sessions", json={"notebook": notebook}, headers=bearer("alice"))
    again = People(people.client, (await loaded.get_json())["session_id"])
    assert (await again.ask("alice", "GET"))["comparison"]["reviewer_breaks"] == 0
    await again.ask("bob", "GET", "/desk", 404)


async def test_what_is_reviewed_stays_the_same_until_the_request_is_withdrawn(opened, people):
    await people.asked()
    await people.ask("alice", "POST", "/second-review", json={"reviewer": "bob"})
    version = (await people.ask("alice", "GET"))["version"]
    refused = [
        await people.ask("alice", "PUT", "/selection", 409, json={"hunt_ids": people.hunts[2:4]}),
        await people.ask("alice", "PATCH", "/settings", 409, json={"version": version, "audit_held": 3}),
        await people.ask("alice", "POST", "/second-review", 409, json={"reviewer": "root"}),
        await people.ask("alice", "POST", "/transfer", 409, json={"to": "root"}),
    ]
    assert {one["error"]["code"] for one in refused} == {"second_review_open"}
    await people.review("bob", "FFF")
    await people.ask("alice", "DELETE", "/second-review", 204)
    await people.ask("bob", "GET", "/desk", 404)
    await opened.store.flush()
    events = [(one.actor, one.action, one.detail) for one in await opened.store.library.events(people.sid)]
    assert ("alice", "second_review_withdrawn", "bob") in events
    await people.ask("alice", "PUT", "/selection", json={"hunt_ids": people.hunts[2:4]})
    assert (await people.ask("alice", "GET"))["second_review"] is None
    await people.asked()
    assert all(card["review"] is None for card in (await people.ask("bob", "GET", "/desk"))["cards"])


async def test_a_finished_second_review_is_locked_and_stays(people):
    await people.both_done()
    card = (await people.cards("bob"))[0]
    order = {"verdicts": {"C1": "PASS"}, "explanation": WORDS}
    assert (await people.ask("bob", "PUT", f"/reviews/{card}", 409, json=order))["error"]["code"] == "revealed"
    await people.ask("alice", "DELETE", "/second-review", 409)
    assert (await people.ask("bob", "POST", "/second-review/done"))["both_done"] is True


async def test_nobody_is_asked_who_could_not_review_independently(opened, people):
    await people.ask("alice", "PUT", "/selection", json={"hunt_ids": people.hunts[:1]})
    assert (await people.asked(status=400))["error"]["code"] == "selection_incomplete"
    await people.ask("alice", "PUT", "/selection", json={"hunt_ids": people.hunts[:2]})
    for name, code in (("carol", "unknown_person"), ("alice", "not_independent")):
        assert (await people.asked(name, 400))["error"]["code"] == code
    await people.ask("alice", "POST", "/transfer", 204, json={"to": "bob"})
    refused = await people.ask("bob", "POST", "/second-review", 400, json={"reviewer": "alice"})
    assert refused["error"]["code"] == "not_independent"
    shown = People(people.client)
    await shown.hunted("open")
    assert (await shown.asked("root", 400))["error"]["code"] == "not_independent"
    await shown.asked("bob")


async def test_an_edit_in_another_tab_is_a_conflict_without_the_hunt(people):
    await people.asked()
    card = (await people.cards("bob"))[0]
    order = {"verdicts": {"C1": "PASS"}, "explanation": "", "based_on": ""}
    saved = await people.ask("bob", "PUT", f"/reviews/{card}", json=order)
    conflict = await people.ask("bob", "PUT", f"/reviews/{card}", 409, json=order)
    assert conflict["error"]["details"]["review"] == saved["review"]
    assert "hunt_id" not in saved["review"]
    await people.ask("bob", "PUT", f"/reviews/{people.hunts[0]}", 404, json=order)
    await people.ask("bob", "PUT", f"/reviews/{card}", 400, json={"verdicts": {"C9": "PASS"}})


async def test_a_second_review_is_asked_for_in_one_process_and_given_in_another(settings, tmp_path):
    if not settings.redis.url:
        pytest.skip("without Redis there is one process")
    async with open_runtime(settings, seed=1) as one, open_runtime(settings, seed=2) as two:
        here, there = (People(create_app(runtime).test_client()) for runtime in (one, two))
        await here.hunted()
        there.sid = here.sid
        await there.ask("bob", "GET", "/desk", 404)
        await here.asked()
        await there.review("bob", "FPF")
        await there.ask("bob", "POST", "/second-review/done")
        await here.review("alice", "FFF")
        await here.ask("alice", "POST", "/reveal")
        assert (await there.ask("bob", "GET", "/second-review"))["unsettled"] == 2


async def test_a_second_review_continues_after_a_restart_from_the_library(settings):
    if settings.redis.url:
        pytest.skip("Redis keeps the session")
    async with open_runtime(settings, seed=1) as before:
        people = People(create_app(before).test_client())
        await people.hunted()
        await people.asked()
        await people.review("bob", "FPF")
    async with open_runtime(settings, seed=2) as after:
        again = People(create_app(after).test_client(), people.sid)
        desk = await again.ask("bob", "GET", "/desk")
        assert [card["review"]["complete"] for card in desk["cards"]] == [True, True]
        assert [one["kind"] for one in (await again.api("bob", "/waiting"))["waiting"]] == ["review"]
        await again.ask("bob", "GET", "", 403)
