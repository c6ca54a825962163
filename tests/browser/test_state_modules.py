"""The pure modules of the page, imported where they run and asked for values."""

from itertools import permutations
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.states import a_check, a_hunt, a_run, a_snapshot, changed, counts, read
from tests.browser.trainer import go_to

pytestmark = pytest.mark.browser


def test_no_events_are_no_hunts(after: Any) -> None:
    assert after()["hunts"] == []
    assert after({"type": "nobody.knows.this"}) == after()


def test_a_hunt_that_is_done_is_not_turned_back_by_repeated_or_older_news(after: Any) -> None:
    calling, judging, done = (
        a_hunt(status="calling", outcome=None),
        a_hunt(status="judging", outcome=None, verdicts=1),
        a_hunt(verdicts=3),
    )
    for order in ([calling, judging, done], [done, calling], [done, judging, calling], [done, done]):
        assert after(*(changed(hunt) for hunt in order))["hunts"] == [done]
    assert after(changed(done), read(judging))["hunts"] == [done]
    assert after(changed(judging), read(calling))["hunts"] == [judging]
    assert after(read(judging), changed(done), read(judging))["hunts"] == [done]


def test_hunts_stand_in_order_of_number_however_they_come(after: Any) -> None:
    shown = after(read(a_hunt(9), a_hunt(1)), changed(a_hunt(10), a_hunt(2)))["hunts"]
    assert [hunt["number"] for hunt in shown] == [1, 2, 9, 10]
    assert [hunt["number"] for hunt in after(changed(a_hunt(1)), read(a_hunt(2)))["hunts"]] == [2]
    assert after(changed(a_hunt(1)), {"type": "session.left"})["hunts"] == []


def test_an_older_snapshot_turns_nothing_back(after: Any) -> None:
    told = {"type": "run.changed", "run": a_run("completed", done=4)}
    newer, older = a_snapshot(5, [a_run(done=2)]), a_snapshot(4, [a_run(done=1)])
    assert after(newer, told, older)["session"]["version"] == 5
    for late in (older, newer, a_snapshot(6, [a_run(done=3)])):
        assert after(newer, told, late)["session"]["runs"] == [told["run"]]
    assert after(newer, told, {"type": "run.changed", "run": a_run(done=3)})["session"]["runs"] == [told["run"]]


def test_a_run_that_the_snapshot_does_not_hold_yet_stays(after: Any) -> None:
    second = {"type": "run.changed", "run": a_run("queued", "r2", 5)}
    assert [
        run["run_id"] for run in after(a_snapshot(2, [a_run()]), second, a_snapshot(2, [a_run()]))["session"]["runs"]
    ] == ["r1", "r2"]


BEGAN, LATER, ENDED = "2026-11-24T18:00:07Z", "2026-11-24T18:00:07.500000Z", "2026-11-24T18:00:09Z"


@pytest.mark.parametrize("before", [a_check(), a_check("failed", BEGAN, BEGAN, 3)])
def test_a_check_stands_at_its_latest_in_whatever_order_it_is_told(after: Any, before: dict[str, Any]) -> None:
    """The answer to the wish may come after the events, on a busy machine after the last one; so may a snapshot."""
    begun, judging, passed = a_check("running", LATER), a_check("running", LATER, verdicts=1), a_check("passed", LATER, ENDED, 3)  # fmt: skip
    told = [{"type": "check.changed", "check": check} for check in (begun, judging, passed)]
    for order in permutations(told):
        assert after(a_snapshot(2, check=before), *order)["session"]["check"] == passed
    for snapshot in (before, begun, judging):
        assert after(a_snapshot(2, check=before), *told, a_snapshot(3, check=snapshot))["session"]["check"] == passed
    again = a_check("running", "2026-11-24T18:00:10Z")
    assert after(a_snapshot(2, check=passed), a_snapshot(3, check=again))["session"]["check"] == again


def test_a_check_is_stale_when_it_was_made_for_another_task(after: Any) -> None:
    checked, told = (
        a_check("passed", BEGAN, ENDED, 3),
        {"type": "check.changed", "check": a_check("passed", BEGAN, ENDED, 3)},
    )
    edited = a_snapshot(3, check=checked | {"stale": True}, task={"hash": "h2"})
    assert after(a_snapshot(2, check=checked), edited, told)["session"]["check"]["stale"] is True
    back = a_snapshot(4, check=checked)
    assert after(a_snapshot(2, check=checked), edited, told, back)["session"]["check"]["stale"] is False


def test_a_new_turn_has_no_check(after: Any) -> None:
    checked, none = a_snapshot(2, check=a_check("passed", BEGAN, ENDED, 3)), a_check(task="")
    told = {"type": "check.changed", "check": none}
    for news in ([told], [a_snapshot(3, check=none, turn=2)], [told, a_snapshot(3, check=none, turn=2)]):
        assert after(checked, *news)["session"]["check"] == none


def test_totals_are_over_all_runs_and_know_what_they_do_not_know(ask: Any, after: Any) -> None:
    runs = [
        a_run(total=4, done=4, broke=1, held=2, error=1, replies=3, cost_usd=0.5),
        a_run("completed", "r2", 5, total=2, done=2, broke=1, held=0, replies=1),
    ]
    session = after(a_snapshot(1, runs))["session"]
    found = ask("state/session", "totals", session)
    assert {name: found[name] for name in ("total", "done", "broke", "held", "error", "break_rate", "cost_usd", "judge_cost_usd")} == {
        "total": 6, "done": 6, "broke": 2, "held": 2, "error": 1, "break_rate": 0.5, "cost_usd": 0.5, "judge_cost_usd": None,
    }  # fmt: skip
    assert ask("state/session", "attemptsMade", session) == 3 + 4
    assert ask("state/session", "totals", after(a_snapshot())["session"])["break_rate"] is None


def test_costs_are_estimated_from_what_is_known_only(ask: Any) -> None:
    known = counts(total=10, broke=1, held=1, queued=6, calling=1, judging=1, cost_usd=0.2)
    assert ask("state/estimate", "estimatedCost", known) == {"usd": pytest.approx(1.0), "atLeast": False}
    assert ask("state/estimate", "estimatedCost", known | {"unknown_costs": 1})["atLeast"] is True
    assert ask("state/estimate", "estimatedCost", known | {"cost_usd": None}) is None
    assert ask("state/estimate", "estimatedCost", counts(total=4, error=4, cost_usd=0)) is None


EVERYTHING = {"filter": "all", "run": "all", "sort": "number", "order": "ascending", "model": "all", "criterion": "all", "search": ""}  # fmt: skip
WHOLE = [["r1.3", "The whole text of it."]]
"""Replies read whole, by hunt id."""


@pytest.mark.parametrize(("chosen", "numbers"), [
    ({}, [1, 2, 3, 4]), ({"filter": "broke"}, [1]), ({"filter": "cancelled"}, [3]), ({"filter": "working"}, [4]),
    ({"run": "r2"}, [4]), ({"model": "m/2"}, [2]), ({"criterion": "C1"}, [1]), ({"criterion": "C2"}, []),
    ({"search": " Krypton "}, [2]), ({"search": "WHOLE"}, [3]), ({"search": "nowhere"}, []), ({"run": "r2", "filter": "broke"}, []),
    ({"sort": "model"}, [1, 3, 4, 2]), ({"sort": "model", "order": "descending"}, [2, 1, 3, 4]), ({"sort": "outcome"}, [1, 2, 3, 4]),
    ({"sort": "time"}, [2, 1, 3, 4]), ({"sort": "time", "order": "descending"}, [1, 2, 3, 4]), ({"sort": "nonsense"}, [1, 2, 3, 4]), ({"order": "descending"}, [4, 3, 2, 1]), ({"filter": "nonsense"}, [1, 2, 3, 4]), ({"filter": "error"}, []),
])  # fmt: skip
def test_a_view_shows_the_hunts_that_it_names(page: Page, chosen: dict[str, str], numbers: list[int]) -> None:
    go_to(page)
    failing = [{"criterion_id": "C1", "verdict": "FAIL"}, {"criterion_id": "C2", "verdict": "PASS"}]
    hunts = [
        a_hunt(1) | {"verdicts": failing, "latency_ms": 90},
        a_hunt(2, outcome="held") | {"model": "m/2", "excerpt": "It is krypton.", "latency_ms": 40},
        a_hunt(3, outcome="interrupted"),
        a_hunt(4, "judging", None, run_id="r2"),
        a_hunt(0) | {"hunt_id": "trial", "kind": "trial"},
    ]
    script = """async ([hunts, view, texts]) => {
      const {reduceHunts, noHunts, visibleHunts} = await import("/static/scripts/state/hunts.js");
      return visibleHunts(reduceHunts(noHunts(), {type: "hunts.changed", hunts}), view, new Map(texts)).map((hunt) => hunt.number);
    }"""
    assert page.evaluate(script, [hunts, EVERYTHING | chosen, WHOLE]) == numbers


def test_progress_is_one_sentence(ask: Any, after: Any) -> None:
    def said(*runs: dict[str, Any]) -> str:
        return str(ask("state/announcements", "progressSentence", after(a_snapshot(1, runs))["session"]))

    assert said() == ""
    assert said(a_run(total=8, done=1, broke=1)) == "1 of 8 hunts done, 1 break."
    assert said(a_run("completed", total=1, done=1, error=1)) == "Finished. 1 of 1 hunt done, 0 breaks, 1 error."
    second = a_run("cancelled", "r2", 9, total=8, done=8)
    assert said(a_run("completed", total=8, done=8), second) == "Run 2: Cancelled. 8 of 8 hunts done, 0 breaks."


def test_numbers_read_as_people_write_them_and_unknown_is_never_nought(ask: Any) -> None:
    assert [ask("format", "money", usd) for usd in (None, 0, 0.00001, 0.0123, 1.5)] == [
        "unknown",
        "$0.00",
        "< $0.0001",
        "$0.0123",
        "$1.50",
    ]
    assert [ask("format", "duration", ms) for ms in (None, 0, 3210, 59_960, 65_000, 7_380_000)] == [
        "–",
        "0.0 s",
        "3.2 s",
        "1 min 0 s",
        "1 min 5 s",
        "2 h 3 min",
    ]
    assert [ask("format", "rate", share) for share in (None, 0, 0.25)] == ["n/a", "0%", "25%"]
    assert [ask("format", "timeLeft", s) for s in (None, 0.2, 12.4, 200)] == [
        "",
        "nearly done",
        "about 12 s left",
        "about 3 min left",
    ]


@pytest.mark.parametrize(("raw", "shown"), [
    ('{"a":[1.0,12345678901234567890,1e400],"a":{},"b":[ ]}', '{\n  "a": [\n    1.0,\n    12345678901234567890,\n    1e400\n  ],\n  "a": {},\n  "b": []\n}'),
    (r'{"s": "{\"x\": [1, 2]}\u0041"}', '{\n  "s": "{\\"x\\": [1, 2]}\\u0041"\n}'),
    ("data: {}\n\n", "data: {}\n\n"), (" 7 ", "7"), ("", ""),
])  # fmt: skip
def test_raw_json_is_indented_and_stays_what_it_was(ask: Any, raw: str, shown: str) -> None:
    assert ask("format", "prettyJson", raw) == shown


def test_an_address_survives_its_own_way_there_and_back(ask: Any) -> None:
    assert ask("router", "parseRoute", ask("router", "huntAddress", "s/1 %", "r#2")) == {
        "name": "session",
        "sessionId": "s/1 %",
        "act": "hunt",
        "huntId": "r#2",
        "layer": None,
    }
    for act in ("task", "review", "deliver"):
        found = ask("router", "parseRoute", ask("router", "sessionAddress", "s/1 %", act))
        assert found == {"name": "session", "sessionId": "s/1 %", "act": act, "huntId": None, "layer": None}
    assert ask("router", "sessionAddress", "s1", "hunt") == "#/s/s1"
    assert ask("router", "parseRoute", "#/s/broken%") == {
        "name": "session", "sessionId": "broken%", "act": "hunt", "huntId": None, "layer": None,
    }  # fmt: skip
    for start in ("", "#", "#/", "#/s", "#/s/", "#/elsewhere"):
        assert ask("router", "parseRoute", start) == {"name": "start", "layer": None}


def test_a_plan_forgets_what_cannot_be_used_and_never_asks_for_nonsense(after: Any) -> None:
    models = {
        "any_model": False,
        "providers": [],
        "models": [
            {"model": "openai/a", "usable": False, "simulated": False},
            {"model": "simulated/b", "usable": True, "simulated": True},
        ],
    }
    remembered = {
        "type": "plan.remembered",
        "plan": {"models": ["openai/a"], "typed": ["x/y"], "hunts": 5, "judge": "openai/a"},
    }
    plan = after(remembered, {"type": "models.read", "models": models})["plan"]
    assert (plan["models"], plan["typed"], plan["judge"], plan["hunts"]) == (["simulated/b"], [], "", 5)
    wanted = [after({"type": "plan.hunts", "hunts": hunts})["plan"]["hunts"] for hunts in (0, -3, 7.9, 5000)]
    assert wanted == [1, 1, 7, 1000]


def test_a_reply_that_could_not_be_read_is_asked_for_again_when_somebody_answers(after: Any) -> None:
    opened = {"type": "route.changed", "route": {"name": "session", "sessionId": "s1", "huntId": "h1"}}
    for code, connection, kept in (
        ("unreachable", "live", False),
        ("unreachable", "reconnecting", True),
        ("not_found", "live", True),
    ):
        failed = {"type": "detail.failed", "huntId": "h1", "problem": {"code": code}}
        state = after(opened, failed, {"type": "connection.changed", "connection": connection})
        assert (state["detail"]["problem"] is not None) is kept


def test_what_is_only_told_goes_with_its_place_and_a_refusal_stays(after: Any) -> None:
    def told(message: str, **more: Any) -> dict[str, Any]:
        return {"type": "notice.told", "notice": {"kind": "info", "message": message, **more}}

    def at(act: str, hunt_id: str | None = None) -> dict[str, Any]:
        return {"type": "route.changed", "route": {"name": "session", "sessionId": "s1", "act": act, "huntId": hunt_id}}

    def left(*events: dict[str, Any]) -> list[str]:
        return [notice["message"] for notice in after(*events)["notices"]]

    here = (at("hunt"), told("here"), told("on the way", pages=0), told("refused", kind="error"))  # fmt: skip
    assert left(*here, told("here"), at("hunt", "h1"), at("hunt", "h2")) == ["here", "on the way", "refused"]
    assert left(*here, at("review")) == ["on the way", "refused"]
    assert left(*here, at("review"), at("deliver")) == ["refused"]


def test_the_cause_of_a_failed_judge_is_shown_once_and_others_refer_to_it(ask: Any) -> None:
    causes = {"C1": "", "C2": "unauthorized", "C3": "overloaded", "C4": "unauthorized", "gone": "overloaded"}
    verdicts = [{"criterion_id": id_, "error": error} for id_, error in causes.items()]
    criteria = [{"id": id_} for id_ in ("C1", "C2", "C3", "C4", "C5")]
    found = ask("state/outcomes", "verdictsInOrder", criteria, verdicts)
    assert {item["id"]: item["sameAs"] for item in found} == {
        "C1": "", "C2": "", "C3": "", "C4": "C2", "C5": "", "gone": "C3",
    }  # fmt: skip
