"""Every history page: with an empty, small, damaged or large log, and without the API."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from core.telemetry import following
from core.telemetry.reader import RefreshReport, TelemetryReader
from core.telemetry.records import ProcessRecord
from dashboard_app import data
from dashboard_app.components.tables import as_csv, as_parquet
from tests.dashboard_app.records_made_up import MODELS, team_at_work, write_log

VIEWS = ("overview", "breaks", "criteria", "judge", "costs", "providers", "activity", "sessions", "find")


def numbers(page) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def words(page) -> str:
    every = [*page.info, *page.warning, *page.error, *page.success, *page.caption, *page.markdown, *page.subheader]
    return "\n".join(element.value for element in every).replace("\\", "")


def hunts_only(**wanted) -> list:
    return [(at, record) for at, record in team_at_work(now=datetime.now(UTC), **wanted) if hasattr(record, "outcome")]


@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_log_says_what_to_do(page, log_dir, view):
    test = page(view)
    assert not test.exception
    assert "No hunts yet" in words(test)
    assert "Press Start" in words(test)
    assert str(log_dir) in words(test)
    assert len(test.metric) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_a_log_of_broken_lines_says_so(page, log_dir, view):
    log_dir.mkdir()
    (log_dir / "telemetry-2026-11-24-a.jsonl").write_bytes(b"{\n[]\nnonsense\n")
    test = page(view)
    assert not test.exception
    assert "3 lines of the log skipped: 3 damaged or cut off" in words(test)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("outcome", ["held", "error", "cancelled"])
def test_a_single_hunt_is_enough_and_broken_lines_beside_it_do_no_harm(page, log_dir, view, outcome):
    write_log(log_dir, [next(entry for entry in hunts_only(hunts=300) if entry[1].outcome == outcome)])
    with next(log_dir.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"ts": "2026-11-24T10:00:00Z", "type": "hunt", "schema": 1, "data": {}}\n{"half')
    test = page(view, period="all")
    assert not test.exception
    assert "1 line of the log skipped: 1 without fields" in words(test)


@pytest.mark.parametrize("view", VIEWS)
def test_a_full_log_is_shown_without_a_word_of_nothing(page, log_dir, view):
    write_log(log_dir, team_at_work(hunts=400, now=datetime.now(UTC)))
    test = page(view, period="all")
    assert not test.exception
    assert "No hunts" not in words(test)
    assert len(test.get("vega_lite_chart")) + len(test.dataframe) > 0


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_much_is_shown_as_well(page, log_dir, view):
    models = tuple(MODELS[n % 5].__class__(f"lab/model-{n}", 0.3, 900.0, 0.001) for n in range(60))
    write_log(log_dir, team_at_work(hunts=6000, days=29, now=datetime.now(UTC), models=models))
    test = page(view, period="30d")
    assert not test.exception
    assert "No hunts" not in words(test)


def test_one_hunt_that_held_is_a_rate_of_nought_and_one_error_is_no_rate(page, log_dir):
    hunts = hunts_only(hunts=300)
    write_log(log_dir, [next(entry for entry in hunts if entry[1].outcome == "error")])
    test = page("overview", period="all")
    assert numbers(test)["Break rate"] == ("n/a", "")
    assert numbers(test)["Cost"][0] == "n/a"
    assert "n/a: no decided hunts" in words(test)
    write_log(log_dir, [next(entry for entry in hunts if entry[1].outcome == "held")])
    test.run()
    assert numbers(test)["Break rate"] == ("0%", "0% to 79%")
    assert not test.exception


def test_numbers_are_those_of_the_log(page, log_dir):
    entries = list(team_at_work(hunts=400, now=datetime.now(UTC)))
    write_log(log_dir, entries)
    test = page("overview", period="all")
    hunts = [record for _, record in entries if hasattr(record, "outcome")]
    broke = sum(hunt.outcome == "broke" for hunt in hunts)
    decided = sum(hunt.outcome in {"broke", "held"} for hunt in hunts)
    shown = numbers(test)
    assert not test.exception
    assert shown["Hunts"] == ("400", f"{400 - decided} not decided")
    assert shown["Breaks"] == (f"{broke}", f"of {decided} decided")
    assert shown["Break rate"][0] == f"{broke / decided:.0%}"
    assert shown["Errors"][0] == str(sum(hunt.outcome == "error" for hunt in hunts))


def test_the_period_before_is_what_is_compared_to(page, log_dir):
    now = datetime.now(UTC)
    hunts = [hunt for _, hunt in hunts_only(hunts=300)]
    broke = [hunt for hunt in hunts if hunt.outcome == "broke"]
    held = [hunt for hunt in hunts if hunt.outcome == "held"]
    week, before = now - timedelta(days=2), now - timedelta(days=9)
    write_log(log_dir, [(now - timedelta(days=15), ProcessRecord(action="started", instance="a", version="v"))])
    write_log(
        log_dir, [*((week, hunt) for hunt in broke[:20]), *((before, hunt) for hunt in (*broke[20:30], *held[:30]))]
    )
    shown = numbers(page("overview", period="7d"))
    assert shown["Break rate"][0] == "100%"
    assert shown["Break rate"][1].endswith("previously 25%")
    assert shown["Hunts"] == ("20", "-50% vs. previous period")


def test_what_is_chosen_is_shown_be_it_in_the_address_or_on_the_page(page, log_dir):
    write_log(log_dir, team_at_work(hunts=300, now=datetime.now(UTC)))
    test = page("find", period="all", model=MODELS[0].name)
    assert set(test.dataframe[0].value["model"]) == {MODELS[0].name}
    everything = page("find", period="all")
    everything.selectbox(key="task").select("tax-table.ipynb").run()
    assert set(everything.dataframe[0].value["notebook"]) == {"tax-table.ipynb"}
    everything.selectbox(key="outcome").select("broke").run()
    assert set(everything.dataframe[0].value["outcome"]) == {"✗ broke"}


@pytest.mark.parametrize(
    "query", [{"period": "never"}, {"model": "gone/away"}, {"origin": "<script>"}, {"page": "x"}, {"outcome": "\x00"}]
)
def test_an_address_with_nonsense_shows_everything(page, log_dir, query):
    write_log(log_dir, team_at_work(hunts=40, days=1, now=datetime.now(UTC)))
    test = page("find", **query)
    assert not test.exception
    assert "40 hunts found" in words(test)


def test_a_choice_without_hunts_says_so(page, log_dir):
    write_log(log_dir, team_at_work(hunts=8, days=1, now=datetime.now(UTC) - timedelta(days=3)))
    test = page("overview", period="1h")
    assert "No hunts match" in words(test)
    assert not test.exception


@pytest.mark.parametrize("view", VIEWS)
def test_simulated_hunts_are_labelled_and_can_be_left_out(page, log_dir, view):
    write_log(log_dir, team_at_work(hunts=300, now=datetime.now(UTC)))
    assert "hunts are simulated" in words(page(view, period="all"))
    assert "hunts are simulated" not in words(page(view, period="all", origin="real"))
    only = words(page(view, period="all", origin="simulated"))
    assert "All of these hunts used simulated models" in only


def test_new_hunts_appear_at_the_next_run(page, log_dir):
    now = datetime.now(UTC)
    write_log(log_dir, team_at_work(hunts=8, days=1, now=now))
    test = page("overview")
    write_log(log_dir, team_at_work(hunts=12, days=1, seed=8, now=now), instance="api-2")
    test.run()
    assert numbers(test)["Hunts"][0] == "20"


def test_hostile_names_are_shown_and_do_nothing(page, log_dir):
    evil = {"model": "evil/$x^2$ :red[**x**]<b>", "excerpt": "<script>alert(1)</script>", "notebook": "](javascript:x)"}
    write_log(log_dir, [(at, hunt.model_copy(update=evil)) for at, hunt in hunts_only(hunts=8)])
    for view in VIEWS:
        assert not page(view, period="all").exception
    assert set(page("find", period="all").dataframe[0].value["model"]) == {"evil/$x^2$ :red[**x**]<b>"}


def test_nothing_of_the_judge_but_the_outcome_is_in_a_list_of_hunts(page, log_dir):
    write_log(log_dir, team_at_work(hunts=20, now=datetime.now(UTC)))
    columns = set(page("find", period="all").dataframe[0].value.columns)
    assert not columns & {"verdicts", "passed", "criteria"}


def test_a_hunt_is_opened_with_everything_about_it(page, log_dir):
    hunts = [hunt for _, hunt in hunts_only(hunts=100)]
    write_log(log_dir, hunts_only(hunts=100))
    seen = next(hunt for hunt in hunts if hunt.verdicts and not hunt.blind)
    test = page("hunt", hunt=seen.hunt_id)
    assert not test.exception
    assert test.code[0].value == seen.reply
    assert dict(test.dataframe[0].value[["criterion", "judge"]].to_numpy()) == seen.verdicts
    blind = next(hunt for hunt in hunts if hunt.verdicts and hunt.blind)
    hidden = page("hunt", hunt=blind.hunt_id)
    assert "Blind session" in words(hidden)
    assert len(hidden.dataframe) == 0
    assert "PASS" not in hidden.json[0].value
    assert "Hunt h_x not found" in words(page("hunt", hunt="h_x"))
    assert "No hunt selected" in words(page("hunt"))


def test_a_session_in_the_address_is_told_in_order(page, log_dir):
    entries = list(team_at_work(hunts=40, days=1, now=datetime.now(UTC)))
    write_log(log_dir, entries)
    session = entries[1][1].session
    test = page("sessions", period="all", session=session)
    assert not test.exception
    assert f"What happened in {session}" in words(test)
    assert len(test.dataframe[1].value) == sum(getattr(record, "session", "") == session for _, record in entries)
    other = next(name for name in test.dataframe[0].value["session"] if name != session)
    test.selectbox(key="session").select(other).run()
    assert f"What happened in {other}" in words(test)


def test_without_reviews_the_judge_page_says_what_will_stand_there(page, log_dir):
    write_log(log_dir, hunts_only(hunts=40))
    assert "No reviews yet" in words(page("judge", period="all"))


def test_trainers_are_shown_and_hunts_without_a_name_are_counted_apart(page, log_dir):
    hunts = hunts_only(hunts=120)
    write_log(log_dir, hunts)
    by_name = Counter(hunt.trainer for _, hunt in hunts)
    nameless = by_name.pop("")
    test = page("activity", period="all")
    shown = test.dataframe[0].value
    assert dict(zip(shown["trainer"], shown["hunts"], strict=True)) == by_name
    assert f"{nameless} hunts of sessions without a name" in words(test)


def test_without_names_the_activity_page_says_why(page, log_dir):
    write_log(log_dir, [(at, hunt.model_copy(update={"trainer": ""})) for at, hunt in hunts_only(hunts=40)])
    assert "No matching session has a trainer's name" in words(page("activity", period="all"))
    assert "HUNTER_TOKENS" in words(page("activity", period="all"))


@pytest.mark.parametrize("view", VIEWS)
def test_a_log_that_cannot_be_read_says_so_and_recovers(page, log_dir, monkeypatch, view):
    def denied() -> None:
        raise PermissionError(13, "Permission denied", str(log_dir))

    monkeypatch.setattr(data, "telemetry", denied)
    test = page(view)
    assert "The telemetry log cannot be read" in words(test)
    monkeypatch.undo()
    test.run()
    assert not test.exception


def test_a_table_comes_as_csv_and_as_parquet(reader):
    import io

    import pandas as pd

    from dashboard_app.choice import Choice
    from dashboard_app.frames import find

    frame = find.hunts(reader, find.Search(Choice(datetime.now(UTC))), page_hunts=random.Random(1).randint(5, 9))
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(as_parquet(frame))), frame)
    again = pd.read_csv(io.BytesIO(as_csv(frame)))
    assert list(again.columns) == list(frame.columns)
    assert list(again["hunt_id"]) == list(frame["hunt_id"])


@pytest.fixture
def older_days_wait(monkeypatch, log_dir):
    """A log of ten days of which only the newest is read until the test releases the others."""
    write_log(log_dir, team_at_work(hunts=400, days=9, now=datetime.now(UTC)))
    may_go, refresh = threading.Event(), TelemetryReader.refresh

    def wait_first(self: TelemetryReader, max_bytes: int | None = None) -> RefreshReport:
        if threading.current_thread().name == "telemetry-older-days":
            assert may_go.wait(60)
        return refresh(self, max_bytes)

    monkeypatch.setattr(TelemetryReader, "refresh", wait_first)
    monkeypatch.setattr(following, "FIRST_READ_BYTES", 1)
    yield may_go
    may_go.set()


@pytest.mark.parametrize("view", [*VIEWS, "hunt", "alarms"])
def test_while_older_days_are_being_read_the_page_says_what_is_missing(page, older_days_wait, view):
    test = page(view, period="7d")
    assert not test.exception
    assert "Older days are still being read" in words(test)
    older_days_wait.set()
    assert data.followed().wait(60)
    test.run()
    assert not test.exception
    assert "still being read" not in words(test)


def test_nothing_is_compared_to_a_period_that_is_not_read_yet(page, older_days_wait):
    test = page("overview", period="24h")
    assert numbers(test)["Hunts"][1].endswith("not decided")
    older_days_wait.set()
    assert data.followed().wait(60)
    test.run()
    assert numbers(test)["Hunts"][1].endswith("vs. previous period")


def test_a_link_to_what_only_older_days_hold_waits_for_them(page, older_days_wait, log_dir):
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    old = hunt.model_copy(update={"notebook": "long-ago.ipynb", "hunt_id": "h_old"})
    write_log(log_dir, [(datetime.now(UTC) - timedelta(days=9, hours=1), old)], instance="api-2")
    test = page("find", period="all", task="long-ago.ipynb")
    assert "still being read" in words(test)
    assert "No hunts match" in words(test)
    older_days_wait.set()
    assert data.followed().wait(60)
    test.run()
    assert test.selectbox(key="task").value == "long-ago.ipynb"
    assert "1 hunt found" in words(test)


def test_a_hunt_is_found_by_the_end_of_its_reply(page, log_dir):
    hunts = hunts_only(hunts=60)
    write_log(log_dir, hunts)
    told = [hunt.hunt_id for _, hunt in hunts if "checked twice" in hunt.reply]
    assert f"{len(told)} hunts found" in words(page("find", period="all", q="Checked Twice"))


def test_a_reply_of_which_the_log_keeps_a_part_says_so(page, log_dir):
    (entry,) = hunts_only(hunts=1, seed=9)
    for reply, chars, said in (("Once upon", 5_000, "The first 9 of 5,000 characters"), ("", 0, "stores no more")):
        kept = entry[1].model_copy(update={"reply": reply, "reply_chars": chars, "excerpt": "Once", "hunt_id": said})
        write_log(log_dir, [(entry[0], kept)])
        test = page("hunt", hunt=said)
        assert test.code[0].value == (reply or "Once")
        assert said in words(test)


@pytest.mark.parametrize(("period", "begins_days_ago", "compared"), [
    ("7d", 13.9, False), ("7d", 14.1, True), ("24h", 1.5, False), ("24h", 2.5, True), ("30d", 40, False), ("all", 20, None),
])  # fmt: skip
def test_a_period_is_compared_only_when_the_log_holds_the_whole_one_before(
    page, log_dir, period, begins_days_ago, compared
):
    now = datetime.now(UTC)
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    ages = [begins_days_ago, *(age for age in (35, 10, 1.2, 0.1) if age < begins_days_ago)]
    write_log(log_dir, [(now - timedelta(days=age), hunt.model_copy(update={"hunt_id": f"h_{age}"})) for age in ages])
    test = page("overview", period=period)
    assert ("vs. previous period" in numbers(test)["Hunts"][1]) == bool(compared)
    assert ("Not compared with the previous period: the log begins on" in words(test)) == (compared is False)


def test_averages_of_costs_are_made_of_paid_hunts_with_known_prices(page, log_dir):
    (plain,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    paid = {"model": "a/paid", "simulated": False, "outcome": "broke", "error": None, "latency_ms": 1.0,
            "verdicts": {"C1": "FAIL"}, "cost_usd": 0.3, "judge_cost_usd": 0.1}  # fmt: skip
    kinds = [
        paid, paid | {"outcome": "held"},
        paid | {"cost_usd": None}, paid | {"judge_cost_usd": None}, paid | {"model": "b/no-price", "cost_usd": None},
        paid | {"model": "simulated/x", "simulated": True, "cost_usd": 0.0}, paid | {"model": "c/free", "cost_usd": 0.0},
        paid | {"outcome": "error", "latency_ms": None, "verdicts": {}, "cost_usd": None, "judge_cost_usd": None},
    ]  # fmt: skip
    write_log(log_dir, [
        (datetime.now(UTC), plain.model_copy(update=kind | {"hunt_id": f"h_{n}"})) for n, kind in enumerate(kinds)
    ])  # fmt: skip
    test = page("costs", period="all")
    assert numbers(test)["Cost per break"] == ("$0.8000", "1 priced break")
    assert numbers(test)["Cost per hunt"] == ("$0.4000", "2 priced hunts")
    assert numbers(test)["Unknown costs"][0] == "3"
    assert "2 hunts of free or simulated models (c/free, simulated/x)" in words(test)
    assert "3 hunts without a known price (a/paid, b/no-price)" in words(test)
    by_model = test.dataframe[0].value.set_index("model")
    assert by_model["usd_a_break"].round(4).to_dict() == pytest.approx(
        {"a/paid": 0.8, "c/free": 0.1, "simulated/x": 0.1, "b/no-price": float("nan")}, nan_ok=True
    )


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"outcome": "error", "error": "output_limit", "error_message": "spent it all", "cut_off": True},
         "output limit: spent it all"),
        ({"outcome": "error", "error": "rate_limited", "error_message": None}, "rate limited"),
        ({"outcome": "held", "error": None, "error_message": None, "cut_off": True}, "cut off at its output limit"),
    ],
)  # fmt: skip
def test_find_names_the_cause(page, log_dir, changes, cause):
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    write_log(log_dir, [(datetime.now(UTC), hunt.model_copy(update=changes))])
    assert list(page("find", period="all").dataframe[0].value["cause"]) == [cause]


def test_find_has_no_column_for_causes_when_nothing_has_one(page, log_dir):
    (hunt,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    fine = {"outcome": "held", "error": None, "error_message": None, "cut_off": False}
    write_log(log_dir, [(datetime.now(UTC), hunt.model_copy(update=fine))])
    shown = page("find", period="all").dataframe[0].value
    assert list(shown["outcome"]) == ["✓ held"]
    assert "cause" not in shown


def test_a_hunt_that_stands_twice_in_the_log_is_shown_once(page, log_dir):
    hunts = hunts_only(hunts=8)
    write_log(log_dir, hunts)
    write_log(log_dir, [(at + timedelta(seconds=1), hunt) for at, hunt in hunts], instance="api-2")
    assert numbers(page("overview", period="all"))["Hunts"][0] == "8"
    assert "8 hunts found" in words(page("find", period="all"))


def test_a_session_that_the_period_does_not_hold_stays_chosen(page, log_dir):
    entries = list(team_at_work(hunts=40, days=5, now=datetime.now(UTC)))
    write_log(log_dir, entries)
    first = entries[1][1].session
    test = page("sessions", period="24h", session=first)
    assert first not in set(test.dataframe[0].value["session"])
    assert f"What happened in {first}" in words(test)
    assert test.selectbox(key="session").value == first
