"""The pure modules of the page, imported where they run and asked for values."""

from itertools import permutations
from typing import Any

import pytest
from playwright.sync_api import Page

from core.domain.stop_rule import StopRule
from core.statistics.intervals import confidence_sequence, wilson
from tests.browser.states import a_check, a_hunt, a_run, a_snapshot, changed, counts, read

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


def test_hunts_are_ordered_by_number_in_any_order_of_arrival(after: Any) -> None:
    shown = after(read(a_hunt(9), a_hunt(1)), changed(a_hunt(10), a_hunt(2)))["hunts"]
    assert [hunt["number"] for hunt in shown] == [1, 2, 9, 10]
    assert [hunt["number"] for hunt in after(changed(a_hunt(1)), read(a_hunt(2)))["hunts"]] == [2]
    assert after(changed(a_hunt(1)), {"type": "session.left"})["hunts"] == []


def test_an_older_snapshot_turns_nothing_back(after: Any) -> None:
    event = {"type": "run.changed", "run": a_run("completed", done=4)}
    newer, older = a_snapshot(5, [a_run(done=2)]), a_snapshot(4, [a_run(done=1)])
    assert after(newer, event, older)["session"]["version"] == 5
    for late in (older, newer, a_snapshot(6, [a_run(done=3)])):
        assert after(newer, event, late)["session"]["runs"] == [event["run"]]
    assert after(newer, event, {"type": "run.changed", "run": a_run(done=3)})["session"]["runs"] == [event["run"]]


def test_a_run_that_the_snapshot_does_not_hold_yet_stays(after: Any) -> None:
    second = {"type": "run.changed", "run": a_run("queued", "r2", 5)}
    assert [
        run["run_id"] for run in after(a_snapshot(2, [a_run()]), second, a_snapshot(2, [a_run()]))["session"]["runs"]
    ] == ["r1", "r2"]


BEGAN, LATER, ENDED = "2026-11-24T18:00:07Z", "2026-11-24T18:00:07.500000Z", "2026-11-24T18:00:09Z"


@pytest.mark.parametrize("before", [a_check(), a_check("failed", BEGAN, BEGAN, 3)])
def test_the_newest_state_of_a_check_wins_in_any_order_of_events(after: Any, before: dict[str, Any]) -> None:
    """The answer to the wish may come after the events, on a busy machine after the last one; so may a snapshot."""
    begun, judging, passed = a_check("running", LATER), a_check("running", LATER, verdicts=1), a_check("passed", LATER, ENDED, 3)  # fmt: skip
    event = [{"type": "check.changed", "check": check} for check in (begun, judging, passed)]
    for order in permutations(event):
        assert after(a_snapshot(2, check=before), *order)["session"]["check"] == passed
    for snapshot in (before, begun, judging):
        assert after(a_snapshot(2, check=before), *event, a_snapshot(3, check=snapshot))["session"]["check"] == passed
    again = a_check("running", "2026-11-24T18:00:10Z")
    assert after(a_snapshot(2, check=passed), a_snapshot(3, check=again))["session"]["check"] == again


def test_a_check_is_stale_when_it_was_made_for_another_task(after: Any) -> None:
    checked, event = (
        a_check("passed", BEGAN, ENDED, 3),
        {"type": "check.changed", "check": a_check("passed", BEGAN, ENDED, 3)},
    )
    edited = a_snapshot(3, check=checked | {"stale": True}, task={"hash": "h2"})
    assert after(a_snapshot(2, check=checked), edited, event)["session"]["check"]["stale"] is True
    back = a_snapshot(4, check=checked)
    assert after(a_snapshot(2, check=checked), edited, event, back)["session"]["check"]["stale"] is False


def test_a_new_turn_has_no_check(after: Any) -> None:
    checked, none = a_snapshot(2, check=a_check("passed", BEGAN, ENDED, 3)), a_check(task="")
    event = {"type": "check.changed", "check": none}
    for news in ([event], [a_snapshot(3, check=none, turn=2)], [event, a_snapshot(3, check=none, turn=2)]):
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
def test_a_view_shows_the_hunts_that_it_names(modules: Page, chosen: dict[str, str], numbers: list[int]) -> None:
    failing = [{"criterion_id": "C1", "verdict": "FAIL"}, {"criterion_id": "C2", "verdict": "PASS"}]
    hunts = [
        a_hunt(1) | {"verdicts": failing, "latency_ms": 90},
        a_hunt(2, outcome="held") | {"model": "m/2", "excerpt": "It is krypton.", "latency_ms": 40},
        a_hunt(3, outcome="interrupted"),
        a_hunt(4, "judging", None, run_id="r2"),
        a_hunt(0) | {"hunt_id": "trial", "kind": "trial"},
    ]
    script = """async ([hunts, view, texts]) => {
      const {reduceHunts, noHunts} = await import("/static/scripts/state/hunts.js");
      const {visibleHunts} = await import("/static/scripts/hunts/visible.js");
      const all = reduceHunts(noHunts(), {type: "hunts.changed", hunts});
      return visibleHunts({hunts: all, view, texts: new Map(texts)}).map((hunt) => hunt.number);
    }"""
    assert modules.evaluate(script, [hunts, EVERYTHING | chosen, WHOLE]) == numbers


@pytest.mark.parametrize(("broke", "decided"), [(0, 1), (1, 1), (3, 16), (19, 64), (0, 300), (300, 300), (700, 1000)])
def test_the_page_has_the_intervals_of_the_server(ask: Any, broke: int, decided: int) -> None:
    assert ask("state/intervals", "wilson", broke, decided) == pytest.approx(wilson(broke, decided)[:2])
    expected = confidence_sequence(broke, decided)[:2]
    assert ask("state/intervals", "confidenceSequence", broke, decided) == pytest.approx(expected)


def test_wilsons_interval_is_only_for_hunts_of_one_run_of_fixed_size(modules: Page) -> None:
    runs = [
        {"run_id": "r1", "break_rate_interval": {"method": "wilson"}},
        {"run_id": "r2", "break_rate_interval": {"method": "wilson"}},
        {"run_id": "r3", "break_rate_interval": {"method": "confidence_sequence"}},
        {"run_id": "r4", "break_rate_interval": None},
    ]
    hunts = [
        a_hunt(number, run_id=run) | {"model": model, "outcome": "held"}
        for number, (model, run) in enumerate(
            [("one", "r1"), ("one", "r1"), ("two", "r1"), ("two", "r2"), ("three", "r3")], 1
        )
    ]
    script = """async ([runs, hunts]) => {
      const {reduceHunts, noHunts} = await import("/static/scripts/state/hunts.js");
      const {ratesByModel, runsOfFixedSize} = await import("/static/scripts/state/rates.js");
      const all = reduceHunts(noHunts(), {type: "hunts.changed", hunts});
      return ratesByModel(all, runsOfFixedSize(runs)).map(({label, decided, method}) => [label, decided, method]);
    }"""
    assert modules.evaluate(script, [runs, hunts]) == [
        ["one", 2, "wilson"], ["three", 1, "confidence_sequence"], ["two", 2, "confidence_sequence"],
    ]  # fmt: skip


STOP = {"rule": "all", "breaks": 4, "cost": 1.5, "futility": 5}


@pytest.mark.parametrize(
    ("plan", "order", "words"),
    [
        ({}, {"rule": "all"}, ""),
        ({"rule": "breaks"}, {"rule": "breaks", "breaks": 4}, "Stops at 4 breaks."),
        ({"rule": "cost"}, {"rule": "cost", "cost_usd": 1.5}, "Stops at $1.50."),
        ({"rule": "futility"}, {"rule": "futility", "futility": 0.05}, "Stops when the break rate is probably below 5%."),
        ({"rule": "any", "cost": None}, {"breaks": 4, "futility": 0.05},
         "Stops at 4 breaks or when the break rate is probably below 5%."),
        ({"rule": "any", "breaks": None, "cost": None, "futility": None}, {"rule": "all"}, ""),
    ],
)  # fmt: skip
def test_a_planned_stop_rule_is_sent_and_described(ask: Any, plan: Any, order: Any, words: str) -> None:
    assert ask("state/stop-rule", "stopOrder", STOP | plan) == order
    assert ask("state/stop-rule", "stopText", order) == words
    assert StopRule.model_validate(order).limits == {name: value for name, value in order.items() if name != "rule"}


def test_only_one_of_several_limits_may_be_cleared(ask: Any) -> None:
    single, several = STOP | {"rule": "breaks"}, STOP | {"rule": "any"}
    assert ask("state/stop-rule", "changeStop", single, {"breaks": None}) == single
    cleared = several | {"breaks": None}
    assert ask("state/stop-rule", "changeStop", several, {"breaks": None}) == cleared
    assert ask("state/stop-rule", "changeStop", cleared, {"rule": "breaks"}) == single


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
        "step": "hunt",
        "huntId": "r#2",
        "runId": None,
        "cardId": None,
        "dialog": None,
    }
    for act in ("task", "review", "deliver"):
        found = ask("router", "parseRoute", ask("router", "sessionAddress", "s/1 %", act))
        assert found == {
            "name": "session",
            "sessionId": "s/1 %",
            "step": act,
            "huntId": None,
            "runId": None,
            "cardId": None,
            "dialog": None,
        }
    assert ask("router", "sessionAddress", "s1", "hunt") == "#/s/s1"
    assert ask("router", "parseRoute", "#/s/broken%") == {
        "name": "session", "sessionId": "broken%", "step": "hunt", "huntId": None, "runId": None, "cardId": None, "dialog": None,
    }  # fmt: skip
    for start in ("", "#", "#/", "#/s", "#/s/", "#/elsewhere"):
        assert ask("router", "parseRoute", start) == {"name": "start", "dialog": None}


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


def test_a_notice_disappears_with_its_page_and_an_error_stays(after: Any) -> None:
    def notice(message: str, **more: Any) -> dict[str, Any]:
        return {"type": "notice.added", "notice": {"kind": "info", "message": message, **more}}

    def at(act: str, hunt_id: str | None = None) -> dict[str, Any]:
        return {
            "type": "route.changed",
            "route": {"name": "session", "sessionId": "s1", "step": act, "huntId": hunt_id},
        }

    def left(*events: dict[str, Any]) -> list[str]:
        return [notice["message"] for notice in after(*events)["notices"]]

    here = (at("hunt"), notice("here"), notice("on the way", pages=0), notice("refused", kind="error"))  # fmt: skip
    assert left(*here, notice("here"), at("hunt", "h1"), at("hunt", "h2")) == ["here", "on the way", "refused"]
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


def test_a_prompt_of_the_wrong_length_is_shown_beside_the_wanted_one(ask: Any) -> None:
    wanted = ask("state/length", "wantedLength", {"User Prompt Length": "Above 500 words"})
    said = [ask("state/length", "lengthWords", count, one) for count, one in ((0, wanted), (501, wanted), (1, None))]
    assert said == ["0 words; wanted: Above 500 words", "501 words, as wanted: Above 500 words", "1 word"]


def test_break_rates_count_the_uniform_share_of_an_adaptive_run(modules: Page, ask: Any, after: Any) -> None:
    kinds = (("broke", "uniform"), ("held", "uniform"), ("broke", "adaptive"), ("broke", "adaptive"))
    hunts = [a_hunt(n) | {"outcome": outcome, "share": share} for n, (outcome, share) in enumerate(kinds, 1)]
    session = after(a_snapshot(1, [a_run(total=9)]))["session"]
    script = """async ([session, hunts]) => {
      const {withLiveCounts} = await import("/static/scripts/state/counts.js");
      return withLiveCounts(session, {complete: true, byId: new Map(hunts.map((hunt) => [hunt.hunt_id, hunt]))}).runs;
    }"""
    (run,) = modules.evaluate(script, [session, hunts])
    assert (run["counts"]["broke"], run["counts"]["held"], run["counts"]["break_rate"]) == (3, 1, 0.5)
    ended = a_run("completed", total=4, broke=3, held=1, rated_broke=1, rated_decided=2)
    assert ask("state/session", "totals", session | {"runs": [ended]})["break_rate"] == 0.5


def test_rates_by_model_leave_the_adaptive_share_out(modules: Page) -> None:
    hunts = [
        a_hunt(n) | {"outcome": o, "share": s}
        for n, o, s in ((1, "broke", "uniform"), (2, "held", ""), (3, "broke", "adaptive"))
    ]
    script = """async (hunts) => {
      const {reduceHunts, noHunts} = await import("/static/scripts/state/hunts.js");
      const {ratesByModel} = await import("/static/scripts/state/rates.js");
      return ratesByModel(reduceHunts(noHunts(), {type: "hunts.changed", hunts}), new Set()).map(({broke, decided}) => [broke, decided]);
    }"""
    assert modules.evaluate(script, hunts) == [[1, 2]]


def test_a_hunt_without_a_model_says_when_it_is_chosen(ask: Any) -> None:
    assert ask("state/targets", "labelOf", {"model": "", "label": ""}) == "model chosen when it begins"
    assert ask("state/targets", "labelOf", {"model": "a/b", "label": "a/b"}) == "a/b"


def test_only_a_plan_with_several_models_is_adaptive(ask: Any) -> None:
    assert ask("state/plan", "allocationOrder", {"allocation": "adaptive"}, [1, 2]) == "adaptive"
    assert ask("state/plan", "allocationOrder", {"allocation": "adaptive"}, [1]) is None
    assert ask("state/plan", "allocationOrder", {"allocation": "even"}, [1, 2]) is None
