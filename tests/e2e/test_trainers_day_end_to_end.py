"""The trainer's day over real HTTP, from an empty template to a delivered notebook and back."""

import asyncio
import json

import pytest

from tests.e2e.trainer import REPLIES, TASK, WORDS, a_trainer, provider_of

SAME = ("selection", "reviews", "revealed", "visibility", "attempts_made", "turn", "turns", "trials", "settings")


def without_names(snapshot):
    """What comes back with an export: all but the names of cards, which belong to a session."""
    told = {name: snapshot[name] for name in SAME}
    told["reviews"] = sorted(
        ({k: v for k, v in review.items() if k != "card_id"} for review in told["reviews"]), key=str
    )
    return told


@pytest.mark.e2e
@pytest.mark.parametrize("backend", ["memory", "redis"])
async def test_the_whole_day_and_everything_comes_back_from_the_export_alone(tmp_path, backend, request):
    redis = {"REDIS_URL": request.getfixturevalue("redis_server").url} if backend == "redis" else {}
    async with a_trainer(tmp_path, **redis) as me:
        opened = await me.open(blank=True, name="new task.ipynb", visibility="blind")
        assert (opened["also_open"], opened["task"]["criteria"]) == (False, [])
        await me.here("PATCH", "/task", json={"version": 1} | TASK)
        await me.here("POST", "/reference-check", 202, json={})
        await me.until(lambda s: s["check"]["status"] == "passed")
        await me.here("POST", "/trials", 202, json={"model": "openrouter/target"})
        await me.until(lambda s: s["trials"]["done"] == 1)
        first = await me.hunt(hunts=4)
        await me.here("POST", f"/hunts/{(await me.hunts())[0]['hunt_id']}/rejudge", 202, json={})
        await me.until(lambda s: s["counts"]["done"] == 4)
        snapshot = await me.hunt(hunts=4)
        assert [h["number"] for h in await me.hunts()] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert (snapshot["attempts_made"], len(snapshot["runs"]), first["settings"]["fixed"]) == (8, 2, True)

        snapshot = await me.select(breaks=2, held=2)
        assert snapshot["selection"]["problems"] == ["At least 3 of the 4 must be breaks; 2 are."]
        await me.select()
        await me.review_all()
        kept = (await me.here("GET"))["reviews"]
        await me.select(breaks=4, held=0)
        assert (await me.here("GET"))["can_reveal"] is False
        assert len((await me.here("GET"))["reviews"]) == 3
        await me.select()
        snapshot = await me.here("GET")
        assert (snapshot["reviews"], snapshot["can_reveal"], snapshot["reveal_problems"]) == (kept, True, [])

        revealed = await me.here("POST", "/reveal", json={})
        assert (await me.here("POST", "/reveal", json={}))["version"] == revealed["version"]
        assert revealed["agreement"]["hunts"][0]["disagreements"] != []
        chosen = revealed["selection"]["hunt_ids"]
        for method, path, body in (
            ("PUT", "/selection", {"hunt_ids": chosen[:1]}), ("PUT", f"/reviews/{chosen[0]}", {"explanation": "x"}),
            ("POST", f"/hunts/{chosen[0]}/rejudge", {}),
        ):  # fmt: skip
            assert (await me.here(method, path, 409, json=body))["error"]["code"] == "revealed"

        preview = await me.here("GET", "/export/preview")
        assert preview["attempts"] == 8
        changed = {c["heading"]: (c["change"], c["after"]) for c in preview["cells"]}
        assert changed["human_judge_1"][0] == "changed"
        assert WORDS in changed["human_judge_1"][1]
        notebook = json.loads(await me.here("GET", "/export"))
        cells = ["".join(c["source"]) for c in notebook["cells"]]
        assert [c["after"] for c in preview["cells"] if c["change"] != "removed"] == [text[:4000] for text in cells]
        before = await me.here("GET")
        await me.here("DELETE", "", 204)

        await me.open(notebook=notebook, name="new task.ipynb")
        after = await me.here("GET")
        assert without_names(after) == without_names(before)
        assert len(await me.hunts()) == 8
        assert (await me.here("GET", "/trials"))["hunts"][0]["trial_number"] == 1
        assert json.loads(await me.here("GET", "/export"))["cells"] == notebook["cells"]
        written = await reviews_written(tmp_path / "telemetry", 4)
        assert sorted(record["hunt_id"] for record in written) == sorted(
            chosen
        )  # once, though the reveal was asked for twice
        assert {(record["blind"], record["human_outcome"]) for record in written} == {(True, "broke")}
        assert [record["judge_outcome"] for record in written].count("broke") == 3


async def reviews_written(folder, wanted):
    """The reviews in the telemetry, once there are that many."""
    while True:
        lines = [line for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
        found = [record["data"] for record in map(json.loads, lines) if record["type"] == "review"]
        if len(found) >= wanted:
            return found
        await asyncio.sleep(0.05)


@pytest.mark.e2e
async def test_a_sealed_export_comes_back_sealed_with_its_selection_and_reviews(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK, visibility="blind")
        await me.hunt(hunts=8)
        await me.select()
        await me.review_all()
        before = await me.here("GET")
        notebook = json.loads(await me.here("GET", "/export"))
        assert "[Grading Basis]" in json.dumps([c for c in notebook["cells"] if "human_judge_1" in c["source"][0]])
        opened = await me.open(notebook=notebook, visibility="open")
        assert opened["also_open"] is True
        after = await me.here("GET")
        assert (after["sealed"], before["can_reveal"], after["can_reveal"]) == (True, True, False)
        assert "4 selected hunts have no verdicts" in after["reveal_problems"][0]
        assert without_names(after) == without_names(before)
        assert {c["card_id"] for c in before["reviews"]}.isdisjoint(c["card_id"] for c in after["reviews"])


@pytest.mark.e2e
async def test_a_review_that_was_edited_in_another_tab_is_not_overwritten(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK)
        await me.hunt(hunts=8)
        chosen = (await me.select())["selection"]["hunt_ids"]
        draft = {"verdicts": {"C2": "FAIL"}, "explanation": "Not yet", "based_on": ""}
        one = (await me.here("PUT", f"/reviews/{chosen[0]}", json=draft))["review"]
        assert (one["problems"], one["score"], one["words"]) == (
            ["C1 and C3 have no verdict.", "The explanation has 2 of at least 10 words."], None, 2,
        )  # fmt: skip
        other = await me.here("PUT", f"/reviews/{chosen[0]}", 409, json=draft | {"explanation": "lost?"})
        assert (other["error"]["code"], other["error"]["details"]["review"]["explanation"]) == ("conflict", "Not yet")
        newer = draft | {"explanation": "Newer", "based_on": one["saved_at"]}
        assert (await me.here("PUT", f"/reviews/{chosen[0]}", json=newer))["review"]["explanation"] == "Newer"
        await me.here("PUT", f"/reviews/{chosen[0]}", 409, json=newer)
        await me.here("PUT", f"/reviews/{chosen[0]}", 400, json={"verdicts": {"C9": "PASS"}})
        await me.here("PUT", f"/reviews/{chosen[0]}", 400, json={"verdicts": {"C1": "UNDETERMINED"}})
        await me.here("PUT", "/reviews/r_x.1", 404, json=draft)
        reviews = (await me.here("GET"))["reviews"]
        assert [(r["hunt_id"], r["explanation"]) for r in reviews] == [(chosen[0], "Newer")]
        incomplete = await me.here("POST", "/reveal", 400)
        assert incomplete["error"]["code"] == "reviews_incomplete"
        assert "4 of 4 reviews are unfinished." in incomplete["error"]["details"]["problems"]


@pytest.mark.e2e
async def test_settings_are_fixed_by_the_first_run_and_by_reveal(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK)
        changed = await me.here("PATCH", "/settings", json={"version": 1, "visibility": "blind", "slots": 1})
        assert changed["settings"] == {
            "visibility": "blind", "require_check": False, "slots": 1, "least_breaks": 1, "fixed": False, "audit_held": 0,
            "judge_cut_replies": False, "require_two_sided_check": False,
        }  # fmt: skip
        await me.here("PATCH", "/settings", 409, json={"version": 1, "slots": 2})
        await me.here("PATCH", "/settings", 400, json={"version": 2, "slots": 99})
        version = (await me.hunt(hunts=4))["version"]
        refused = await me.here("PATCH", "/settings", 400, json={"version": version, "visibility": "open"})
        assert refused["error"]["code"] == "settings_fixed"
        await me.select(breaks=1, held=0)
        await me.review_all()
        version = (await me.here("POST", "/reveal"))["version"]
        refused = await me.here("PATCH", "/settings", 400, json={"version": version, "slots": 2})
        assert refused["error"]["code"] == "settings_fixed"


@pytest.mark.e2e
async def test_a_conflict_shows_the_current_state(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK)
        await me.here("PATCH", "/task", json={"version": 1, "prompt": "What is the capital of Italy?"})
        conflict = (await me.here("PATCH", "/task", 409, json={"version": 1, "prompt": "mine"}))["error"]["details"]
        assert (conflict["version"], conflict["task"]["prompt"]) == (2, "What is the capital of Italy?")


@pytest.mark.e2e
async def test_several_turns_continue_with_their_history_and_are_restored_from_the_export(tmp_path):
    asked = []

    def noted(body):
        asked.append(body)
        return provider(body)

    provider = provider_of(*REPLIES)
    second = TASK | {"prompt": "And is it a port?", "response": "No."}
    async with a_trainer(tmp_path, noted) as me:
        await me.open(task=TASK)
        await me.hunt(hunts=4)
        held = next(h for h in await me.hunts() if h["outcome"] == "held")
        broke = next(h for h in await me.hunts() if h["outcome"] == "broke")
        order = {key: second[key] for key in ("prompt", "response", "criteria")}
        assert (await me.here("POST", "/turns", 400, json=order | {"hunt_id": broke["hunt_id"]}))["error"][
            "code"
        ] == "not_held"
        key = {"Idempotency-Key": "once"}
        for _ in range(2):
            snapshot = await me.here("POST", "/turns", 201, json=order | {"hunt_id": held["hunt_id"]}, headers=key)
        assert (snapshot["turn"], snapshot["task"]["prompt"], snapshot["task"]["huntable"]) == (
            2,
            second["prompt"],
            True,
        )
        undone = await me.here("DELETE", "/turns/2")
        assert (undone["turn"], undone["turns"], undone["task"]["prompt"]) == (1, [], TASK["prompt"])
        snapshot = await me.here("POST", "/turns", 201, json=order | {"hunt_id": held["hunt_id"]})
        assert snapshot["turns"][0]["selected_response"] == held["response"]
        assert (snapshot["turns"][0]["counts"]["total"], snapshot["counts"]["total"]) == (4, 0)

        asked.clear()
        snapshot = await me.hunt(hunts=4)
        history = [TASK["prompt"], held["response"]]
        targets = [b for b in asked if "judge" not in b["model"]]
        assert [m["content"] for m in targets[0]["messages"]] == [*history, second["prompt"]]
        judged = next(b for b in asked if "judge" in b["model"])["messages"][-1]["content"]
        assert all(text in judged for text in (*history, second["prompt"]))
        assert (snapshot["attempts_made"], snapshot["counts"]["total"], snapshot["total_counts"]["total"]) == (8, 4, 8)
        assert [h["number"] for h in (await me.here("GET", "/turns/1/hunts"))["hunts"]] == [1, 2, 3, 4]
        assert [h["number"] for h in await me.hunts("&turn=2")] == [5, 6, 7, 8]
        await me.here("GET", "/turns/3/hunts", 404)
        assert (await me.here("DELETE", "/turns/2", 409))["error"]["code"] == "turn_used"
        assert (await me.here("DELETE", "/turns/1", 404))["error"]["code"] == "no_turn"
        await me.here("PUT", "/selection", 400, json={"hunt_ids": [broke["hunt_id"]]})
        await me.here("POST", f"/hunts/{broke['hunt_id']}/rejudge", 409, json={})
        late = [h["hunt_id"] for h in await me.hunts("&turn=2")]
        await me.here("PUT", "/selection", json={"hunt_ids": late})

        before = await me.here("GET")
        notebook = json.loads(await me.here("GET", "/export"))
        cells = {c["source"][0].strip("*[]:\n"): "".join(c["source"][1:]).strip() for c in notebook["cells"]}
        assert (cells["prompt_1"], cells["prompt_2"], cells["prompt"]) == (
            TASK["prompt"],
            second["prompt"],
            second["prompt"],
        )
        assert (cells["selected_response_1"], cells["number_of_turns"], cells["breaking_turn"]) == (
            held["response"],
            "2",
            "2",
        )
        assert "The pass rate is 3/3" in cells["selected_judge_1"]
        assert [m["content"] for m in json.loads(cells["conversation_history"])] == history
        order = [c["source"][0].strip("*[]:\n") for c in notebook["cells"]]
        assert order.index("judge_system_prompt") < order.index("prompt_1") < order.index("prompt_2")
        assert order.index("breaking_turn") < order.index("target_1")
        assert order[-1] == "number_of_attempts_made"

        await me.open(notebook=notebook)
        after = await me.here("GET")
        assert without_names(after) == without_names(before)
        assert json.loads(await me.here("GET", "/export"))["cells"] == notebook["cells"]
        asked.clear()
        await me.hunt(hunts=1)
        assert [m["content"] for m in asked[0]["messages"]] == [*history, second["prompt"]]


@pytest.mark.e2e
async def test_a_run_stops_at_its_breaks_and_errors_are_tried_again_on_their_models(tmp_path):
    failing = {"left": 3}

    def answer(body):
        if "judge" not in body["model"] and failing["left"]:
            failing["left"] -= 1
            return ""
        return provider(body)

    provider = provider_of(REPLIES[1])
    async with a_trainer(tmp_path, answer) as me:
        await me.open(task=TASK)
        snapshot = await me.hunt(hunts=3, models=["openrouter/a/target", "openrouter/b/target"])
        while failing["left"]:  # retried calls may have used the failures up
            snapshot = await me.hunt(hunts=3, models=["openrouter/a/target", "openrouter/b/target"])
        failed = [h for h in await me.hunts() if h["outcome"] == "error"]
        if failed:
            run = await me.here("POST", "/runs", 202, json={"retry_errors_of": failed[0]["run_id"]})
            await me.until(lambda s: all(r["finished_at"] for r in s["runs"]))
            again = await me.hunts(f"&run_id={run['run_id']}")
            wanted = [h["model"] for h in failed if h["run_id"] == failed[0]["run_id"]]
            assert [(h["model"], h["outcome"]) for h in again] == [(model, "broke") for model in wanted]
        refused = await me.here("POST", "/runs", 400, json={"retry_errors_of": snapshot["runs"][-1]["run_id"]})
        assert refused["error"]["code"] == "no_errors"
        order = {"hunts": 200, "stop": {"rule": "breaks", "breaks": 3}}
        run = (await me.hunt(**order))["runs"][-1]
        assert (run["status"], run["stop"]) == ("completed", {"rule": "breaks", "breaks": 3})
        assert run["counts"]["broke"] >= 3
        assert run["counts"]["cancelled"] > 100
        assert "goal of 3 breaks" in run["stop_reason"]


@pytest.mark.e2e
async def test_summaries_show_the_next_step_and_do_not_renew_a_session(tmp_path):
    async with a_trainer(tmp_path) as me:
        await me.open(task=TASK, visibility="blind")
        await me.hunt(hunts=8)
        await me.select()
        await me.review_all()
        (mine, gone) = (await me("POST", "/summaries", json={"session_ids": [me.sid, "s_none"]}))["sessions"]
        assert gone == {"session_id": "s_none", "gone": True}
        told = {
            k: mine[k] for k in ("name", "turn", "active_runs", "selection_complete", "reviews_complete", "revealed")
        }
        assert told == {
            "name": "task.ipynb", "turn": 1, "active_runs": 0, "selection_complete": True, "reviews_complete": True,
            "revealed": False,
        }  # fmt: skip
        await me("POST", "/summaries", 400, json={"session_ids": ["s"] * 51})
