"""What the page makes of what it hears: layers, counts, ended sessions, lost servers, plans."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.states import a_hunt, a_run, a_snapshot, changed, read
from tests.browser.trainer import go_to

pytestmark = pytest.mark.browser


def test_what_lies_over_a_place_stands_behind_it(ask: Any) -> None:
    for place in ("#/", "#/s/s%2B1", "#/s/s1/h/r.1", "#/s/s1/review"):
        bare = ask("router", "parseRoute", place)
        for name, ids in (("keys", []), ("turn", ["r.1"]), ("compare", ["r.1"]), ("compare", ["r+/1", "r.2"])):
            over = ask("router", "layerAddress", place, name, ids)
            assert ask("router", "parseRoute", over) == bare | {"layer": {"name": name, "ids": ids}}
            assert ask("router", "placeAddress", over) == place
            assert ask("router", "layerAddress", over, "keys") == f"{place}+keys"
    for odd in ("#/+", "#/+nothing", "#/+toString", "#/+__proto__/x"):
        assert ask("router", "parseRoute", odd) == {"name": "start", "layer": None}


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


def test_of_a_session_that_is_gone_nothing_goes_on(ask: Any, after: Any) -> None:
    there = {
        "type": "route.changed",
        "route": {"name": "session", "sessionId": "s1", "act": "hunt", "huntId": "r1.1", "layer": None},
    }
    live = {"type": "connection.changed", "connection": "live"}
    began = {"type": "act.began", "act": "check"}
    before = after(there, a_snapshot(1), RUNNING, changed(a_hunt(1)), live, began)
    assert ask("state/announcements", "titleOf", before).startswith("0 broke")
    state = after(
        there, a_snapshot(1), RUNNING, changed(a_hunt(1)), live, began, {"type": "session.gone", "kept": ["mine"]}
    )
    assert (state["session"], state["hunts"], state["acts"], state["connection"]) == (None, [], {}, "idle")
    assert (state["access"], state["kept"], state["detail"]["huntId"]) == ("gone", ["mine"], None)
    assert ask("state/announcements", "titleOf", state) == "Model Hunter"


def test_a_server_is_lost_from_the_moment_it_was_missed(ask: Any, after: Any) -> None:
    def link(connection: str, at: str) -> dict[str, Any]:
        return {"type": "connection.changed", "connection": connection, "at": at}

    def health(at: str, **more: Any) -> dict[str, Any]:
        return {"type": "health.read", "health": {"status": "unhealthy", "reason": ""} | more, "at": at}

    opened = {
        "type": "route.changed",
        "route": {"name": "session", "sessionId": "s1", "act": "hunt", "huntId": None, "layer": None},
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
    told = {"type": "notice.told", "notice": {"kind": "error", "code": "unreachable", "message": "again"}}
    assert after(opened, link("reconnecting", "2"), told)["notices"] == []
    assert len(after(opened, told, link("reconnecting", "2"), told)["notices"]) == 1
    assert after(health("2"))["lostSince"] is None  # it answers, if badly
    assert after(health("2", unreachable=True), link("live", "3"))["lostSince"] is None


def test_a_typed_model_is_kept_with_what_it_may_be_meant_for(after: Any) -> None:
    typed = {"type": "plan.typed", "model": "openai/gpt5", "near": ["openai/gpt-5"]}
    plan = after(typed)["plan"]
    assert (plan["models"], plan["typed"], plan["doubted"]) == (
        ["openai/gpt5"],
        ["openai/gpt5"],
        [{"model": "openai/gpt5", "near": ["openai/gpt-5"]}],
    )
    swapped = after(typed, {"type": "plan.swapped", "model": "openai/gpt5", "other": "openai/gpt-5"})["plan"]
    assert (swapped["models"], swapped["typed"]) == (["openai/gpt-5"], [])
    assert after({"type": "plan.typed", "model": "openai/gpt-5", "near": None})["plan"]["typed"] == []
    keyless = {"any_model": True, "models": [], "providers": [{"name": "openai", "usable": False, "simulated": False}]}
    assert after(typed, {"type": "models.read", "models": keyless})["plan"]["models"] == []


@pytest.mark.parametrize(("hunts", "least", "says"), [
    ([], 3, "No hunt has broken or held yet."), (["held", "held"], 3, "No hunt has broken yet"), (["held"], 0, ""), (["error"], 0, "No hunt has"),
    (["broke"], 3, ""), (["held", "broke"], 3, ""),
])  # fmt: skip
def test_without_a_break_nothing_is_proposed(page: Page, hunts: list[str], least: int, says: str) -> None:
    go_to(page)
    script = """async ([hunts, least]) => {
      const {whyNoProposal} = await import("/static/scripts/state/selection.js");
      return whyNoProposal({byId: new Map(hunts.map((hunt) => [hunt.hunt_id, hunt]))}, {selection: {least_breaks: least}, turn: 1});
    }"""
    found = page.evaluate(script, [[a_hunt(n + 1, outcome=outcome) for n, outcome in enumerate(hunts)], least])
    assert found.startswith(says) if says else found == ""
