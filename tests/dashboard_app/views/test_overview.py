"""Overview: its numbers against the log's lines, and the comparison with the previous period."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from core.telemetry.records import ProcessRecord
from dashboard_app import data
from dashboard_app.queries import step
from dashboard_app.views import overview
from tests.dashboard_app.helpers import CHOICES, hunts_of, hunts_only, known, numbers, words
from tests.dashboard_app.records_made_up import team_at_work, write_log


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_totals(reader, log_dir, choice):
    hunts = hunts_of(log_dir, choice)
    latencies = [hunt["latency_ms"] for hunt in hunts if hunt["latency_ms"] is not None]
    unknown = sum(hunt["cost_usd"] is None for hunt in hunts if hunt["latency_ms"] is not None)
    unknown += sum(hunt["judge_cost_usd"] is None for hunt in hunts if hunt["verdicts"])
    assert overview.totals(reader, choice) == overview.HuntTotals(
        hunts=len(hunts),
        by_outcome=dict(Counter(hunt["outcome"] for hunt in hunts)),
        simulated=sum(hunt["simulated"] for hunt in hunts),
        median_latency_ms=pytest.approx(median(latencies)) if latencies else None,
        target_usd=known(hunts, "cost_usd"),
        judge_usd=known(hunts, "judge_cost_usd"),
        unknown_costs=unknown,
        sessions=len({hunt["session"] for hunt in hunts}),
        confirmed=sum(hunt["confirmation"] == "confirmed" for hunt in hunts),
        contested=sum(hunt["confirmation"] == "contested" for hunt in hunts),
    )


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_over_time_every_hunt_is_in_its_bar(reader, log_dir, choice):
    width = step(reader, choice)
    shown = Counter()
    for row in overview.outcomes_over_time(reader, choice, width).to_dict("records"):
        assert row["end"] - row["begin"] == width
        inside = [h for h in hunts_of(log_dir, choice) if row["begin"] <= h["ts"] < row["end"]]
        assert row["hunts"] == sum(h["outcome"] == row["outcome"] for h in inside)
        shown[row["outcome"]] += row["hunts"]
    assert shown == Counter(hunt["outcome"] for hunt in hunts_of(log_dir, choice))


def test_one_hunt_that_held_is_a_rate_of_nought_and_one_error_is_no_rate(page, log_dir):
    hunts = hunts_only(hunts=300)
    write_log(log_dir, [next(entry for entry in hunts if entry[1].outcome == "error")])
    test = page("overview", period="all")
    assert numbers(test)["Break rate"] == ("n/a", "")
    assert numbers(test)["Cost"][0] == "n/a"
    assert "n/a: no decided hunts" in words(test)
    write_log(log_dir, [next(entry for entry in hunts if entry[1].outcome == "held")])
    test.run()
    assert numbers(test)["Break rate"] == ("0%", "0% to 98%")
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
    opinions = Counter(hunt.confirmation for hunt in hunts)
    assert shown["Breaks"] == (
        f"{broke}",
        f"of {decided} decided; {opinions['confirmed']} confirmed, {opinions['contested']} contested",
    )
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


def test_a_choice_without_hunts_says_so(page, log_dir):
    write_log(log_dir, team_at_work(hunts=8, days=1, now=datetime.now(UTC) - timedelta(days=3)))
    test = page("overview", period="1h")
    assert "No hunts match" in words(test)
    assert not test.exception


def test_new_hunts_appear_at_the_next_run(page, log_dir):
    now = datetime.now(UTC)
    write_log(log_dir, team_at_work(hunts=8, days=1, now=now))
    test = page("overview")
    write_log(log_dir, team_at_work(hunts=12, days=1, seed=8, now=now), instance="api-2")
    test.run()
    assert numbers(test)["Hunts"][0] == "20"


def test_nothing_is_compared_to_a_period_that_is_not_read_yet(page, older_days_wait):
    test = page("overview", period="24h")
    assert numbers(test)["Hunts"][1].endswith("not decided")
    older_days_wait.set()
    assert data.followed().wait(60)
    test.run()
    assert numbers(test)["Hunts"][1].endswith("vs. previous period")


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


def test_a_hunt_that_stands_twice_in_the_log_is_shown_once(page, log_dir):
    hunts = hunts_only(hunts=8)
    write_log(log_dir, hunts)
    write_log(log_dir, [(at + timedelta(seconds=1), hunt) for at, hunt in hunts], instance="api-2")
    assert numbers(page("overview", period="all"))["Hunts"][0] == "8"
    assert "8 hunts found" in words(page("find", period="all"))
