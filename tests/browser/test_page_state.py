"""What the page makes of what it hears: layers, counts, ended sessions, lost servers, plans."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.states import a_hunt, a_run, a_snapshot, changed, read
from tests.browser.trainer import go_to

pytestmark = pytest.mark.browser


def test_a_layer_follows_its_page_in_the_url(ask: Any) -> None:
    for place in ("#/", "#/s/s%2B1", "#/s/s1/h/r.1", "#/s/s1/review"):
        bare = ask("router", "parseRoute", place)
        for name, ids in (("keys", []), ("turn", ["r.1"]), ("compare", ["r.1"]), ("compare", ["r+/1", "r.2"])):
            over = ask("router", "dialogAddress", place, name, ids)
            assert ask("router", "parseRoute", over) == bare | {"dialog": {"name": name, "ids": ids}}
            assert ask("router", "placeAddress", over) == place
            assert ask("router", "dialogAddress", over, "keys") == f"{place}+keys"
    for odd in ("#/+", "#/+nothing", "#/+toString", "#/+__proto__/x"):
        assert ask("router", "parseRoute", odd) == {"name": "start", "dialog": None}


RUNNING = {"type": "run.changed", "run": a_run(total=8, queued=8)}


def test_the_head_of_a_run_never_lags_behind_its_hunts(after: Any) -> None:
    """A run's own counts are announced less often than its hunts."""
    whole = read()
    rows = changed(a_hunt(1), a_hunt(2, outcome="error"), a_hunt(3, "judging", None), a_hunt(4, "calling", None))

    def head(*events: dict[str, Any]) -> dict[str, Any]:
        shown = after(a_snapshot(1), RUNNING, *events)["session"]["runs"][0]["counts"]
        return {
            name: shown[name]
            for name in ("done", "broke", "error", "judging", "calling", "queued", "break_rate")
            if name in shown
        }

    expected = {"done": 2, "broke": 1, "error": 1, "judging": 1, "calling": 1, "queued": 4, "break_rate": 1}
    late = {"type": "run.changed", "run": a_run(total=8, queued=7, done=1, held=1, cost_usd=0.5)}
    for order in ((whole, rows), (whole, rows, late), (whole, late, rows), (late, whole, rows)):
        assert head(*order) == expected
    assert head(rows)["done"] == 0  # what is not read whole yet says nothing
    ended = {"type": "run.changed", "run": a_run("cancelled", total=8, done=8, broke=1, error=1, cancelled=6)}
    for order in ((whole, rows, ended), (whole, ended, rows), (whole, rows, late, ended, late)):
        state = after(a_snapshot(1), RUNNING, *order)
        assert state["session"]["runs"] == [ended["run"]]


def test_a_run_whose_hunts_are_ahead_still_hears_of_its_costs(after: Any) -> None:
    whole = read(a_hunt(1), a_hunt(2), a_hunt(3))
    late = {"type": "run.changed", "run": a_run(total=8, done=1, cost_usd=0.5)}
    found = after(a_snapshot(1), RUNNING, whole, late)["session"]["runs"][0]["counts"]
    assert (found["done"], found["cost_usd"]) == (3, 0.5)


def test_nothing_of_an_expired_session_continues(ask: Any, after: Any) -> None:
    there = {
        "type": "route.changed",
        "route": {"name": "session", "sessionId": "s1", "step": "hunt", "huntId": "r1.1", "dialog": None},
    }
    live = {"type": "connection.changed", "connection": "live"}
    began = {"type": "action.started", "action": "check"}
    before = after(there, a_snapshot(1), RUNNING, changed(a_hunt(1)), live, began)
    assert ask("state/announcements", "titleOf", before).startswith("0 broke")
    state = after(
        there, a_snapshot(1), RUNNING, changed(a_hunt(1)), live, began, {"type": "session.gone", "unsaved": ["mine"]}
    )
    assert (state["session"], state["hunts"], state["actions"], state["connection"]) == (None, [], {}, "idle")
    assert (state["access"], state["unsaved"], state["detail"]["huntId"]) == ("gone", ["mine"], None)
    assert ask("state/announcements", "titleOf", state) == "Model Hunter"


def test_a_server_is_lost_from_the_moment_it_was_missed(ask: Any, after: Any) -> None:
    def link(connection: str, at: str) -> dict[str, Any]:
        return {"type": "connection.changed", "connection": connection, "at": at}

    def health(at: str, **more: Any) -> dict[str, Any]:
        return {"type": "health.read", "health": {"status": "unhealthy", "reason": ""} | more, "at": at}

    opened = {
        "type": "route.changed",
        "route": {"name": "session", "sessionId": "s1", "step": "hunt", "huntId": None, "dialog": None},
    }
    lost = after(
        opened,
        a_snapshot(1),
        link("live", "1"),
        link("reconnecting", "2"),
        health("3", unreachable=True),
        link("reconnecting", "4"),
    )
    assert lost["lostSince"] == "2"
    assert ask("state/announcements", "titleOf", lost) == "Not connected · t · Model Hunter"
    assert after(link("reconnecting", "2"), link("polling", "3"))["lostSince"] is None
    assert after(health("2", unreachable=True))["lostSince"] == "2"
    assert after(health("2", unreachable=True), health("3", status="healthy"))["lostSince"] is None
    told = {"type": "notice.added", "notice": {"kind": "error", "code": "unreachable", "message": "again"}}
    assert after(opened, link("reconnecting", "2"), told)["notices"] == []
    assert len(after(opened, told, link("reconnecting", "2"), told)["notices"]) == 1
    assert after(health("2"))["lostSince"] is None  # it answers, if badly
    assert after(health("2", unreachable=True), link("live", "3"))["lostSince"] is None


def test_a_typed_model_is_kept_with_what_it_may_be_meant_for(after: Any) -> None:
    typed = {"type": "plan.typed", "model": "openai/gpt5", "near": ["openai/gpt-5"]}
    plan = after(typed)["plan"]
    assert (plan["models"], plan["typed"], plan["unlisted"]) == (
        ["openai/gpt5"],
        ["openai/gpt5"],
        [{"model": "openai/gpt5", "near": ["openai/gpt-5"]}],
    )
    swapped = after(typed, {"type": "plan.swapped", "model": "openai/gpt5", "other": "openai/gpt-5"})["plan"]
    assert (swapped["models"], swapped["typed"]) == (["openai/gpt-5"], [])
    assert after({"type": "plan.typed", "model": "openai/gpt-5", "near": None})["plan"]["typed"] == []
    unconfigured = {"type": "plan.swapped", "model": "openai/gpt5", "other": "openai/gpt-5", "configured": False}
    assert after(typed, unconfigured)["plan"]["typed"] == ["openai/gpt-5"]
    keyless = {"any_model": True, "models": [], "providers": [{"name": "openai", "usable": False, "simulated": False}]}
    assert after(typed, {"type": "models.read", "models": keyless})["plan"]["models"] == []


def test_a_swapped_model_keeps_its_settings(after: Any) -> None:
    hot = {"label": "", "name": "gpt5 · t 2", "parameters": {"temperature": 2}}
    cold = {"label": "cold", "name": "cold", "parameters": {"temperature": 0}}
    typed = [
        {"type": "plan.typed", "model": "openai/gpt5", "near": ["openai/gpt-5"]},
        {"type": "plan.setting", "model": "openai/gpt5", "place": 0, "setting": hot},
        {"type": "plan.setting", "model": "openai/gpt5", "place": 1, "setting": cold},
    ]
    swapped = {"type": "plan.swapped", "model": "openai/gpt5", "other": "openai/gpt-5"}
    moved = [hot | {"name": "gpt-5 · t 2"}, cold]
    assert after(*typed, swapped)["plan"]["settings"] == {"openai/gpt-5": moved}
    chosen = {"type": "plan.model", "model": "openai/gpt-5", "chosen": True}
    plain = {"label": "", "name": "", "parameters": {}}
    assert after(chosen, *typed, swapped)["plan"]["settings"] == {"openai/gpt-5": [plain, *moved]}


def test_a_model_that_only_its_provider_lists_is_remembered_like_a_typed_one(after: Any) -> None:
    found = {"type": "plan.model", "model": "lab/far", "chosen": True, "configured": False}
    models = {
        "any_model": True,
        "models": [{"model": "lab/near", "usable": True}],
        "providers": [{"name": "lab", "usable": True, "simulated": False}],
    }
    plan = after(found, {"type": "models.read", "models": models})["plan"]
    assert (plan["models"], plan["typed"]) == (["lab/far"], ["lab/far"])
    configured = {"type": "plan.model", "model": "lab/near", "chosen": True, "configured": True}
    assert after(configured)["plan"]["typed"] == []
    listed = {"type": "plan.typed", "model": "lab/far", "near": None, "configured": False}
    assert (after(listed)["plan"]["typed"], after(listed)["plan"]["unlisted"]) == (["lab/far"], [])


def test_what_is_left_of_budgets_is_said_apart(ask: Any) -> None:
    mine = {"kind": "user", "name": "", "left_usd": 8.5, "limit_usd": 10, "unknown_calls": 0}
    account = {"kind": "account", "name": "lab", "left_usd": 0, "limit_usd": 20, "unknown_calls": 1}
    assert ask("state/estimate", "budgetText", []) == ""
    assert ask("state/estimate", "budgetText", [mine, account]) == (
        "Left today: $8.50 of $10.00, $0.00 of $20.00 at lab. Calls of unknown price count as $0."
    )


@pytest.mark.parametrize(("hunts", "minimum", "says"), [
    ([], 3, "No hunt has broken or held yet."), (["held", "held"], 3, "No hunt has broken yet"), (["held"], 0, ""), (["error"], 0, "No hunt has"),
    (["broke"], 3, ""), (["held", "broke"], 3, ""),
])  # fmt: skip
def test_without_a_break_nothing_is_proposed(page: Page, hunts: list[str], minimum: int, says: str) -> None:
    go_to(page)
    script = """async ([hunts, minimum]) => {
      const {whyNoProposal} = await import("/static/scripts/state/selection.js");
      return whyNoProposal({byId: new Map(hunts.map((hunt) => [hunt.hunt_id, hunt]))}, {selection: {least_breaks: minimum}, turn: 1});
    }"""
    found = page.evaluate(script, [[a_hunt(n + 1, outcome=outcome) for n, outcome in enumerate(hunts)], minimum])
    assert found.startswith(says) if says else found == ""
