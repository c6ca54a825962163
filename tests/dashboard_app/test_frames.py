"""The numbers of Overview, Breaks, Costs and Providers against the same number computed from the log's lines in plain Python."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import median

import pandas as pd
import pytest

from dashboard_app.charts.parts import bar_width
from dashboard_app.choice import Choice, Origin, Period
from dashboard_app.frames import breaks, costs, overview, providers
from dashboard_app.rates import Rate
from tests.dashboard_app.records_made_up import MODELS, NOTEBOOKS, NOW

CHOICES = [
    Choice(NOW),
    Choice(NOW, Period.DAY),
    Choice(NOW, Period.WEEK, origin=Origin.REAL),
    Choice(NOW, origin=Origin.SIMULATED),
    Choice(NOW, model=MODELS[2].name),
    Choice(NOW, Period.WEEK, notebook=NOTEBOOKS[0]),
    Choice(NOW, Period.HOUR),
    Choice(NOW, model="no/such"),
    Choice(NOW, domain="Finance"),
    Choice(NOW, Period.DAY, log_begin=NOW - timedelta(days=9)).before,
]


def hunts_of(log_dir, choice: Choice) -> list[dict]:
    lines = [json.loads(line) for path in log_dir.iterdir() for line in path.read_text().splitlines()]
    hunts = [{**line["data"], "ts": datetime.fromisoformat(line["ts"])} for line in lines if line["type"] == "hunt"]
    wanted = {Origin.ANY: (True, False), Origin.REAL: (False,), Origin.SIMULATED: (True,)}[choice.origin]
    return [
        hunt
        for hunt in hunts
        if hunt["simulated"] in wanted
        and choice.model in (None, hunt["model"])
        and choice.notebook in (None, hunt["notebook"])
        and choice.domain in (None, hunt["domain"])
        and (choice.since is None or hunt["ts"] >= choice.since)
        and (choice.until is None or hunt["ts"] < choice.until)
    ]


def known(hunts: list[dict], name: str) -> float | None:
    costs = [hunt[name] for hunt in hunts if hunt[name] is not None]
    return pytest.approx(sum(costs)) if costs else None


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_totals(reader, log_dir, choice):
    hunts = hunts_of(log_dir, choice)
    latencies = [hunt["latency_ms"] for hunt in hunts if hunt["latency_ms"] is not None]
    unknown = sum(hunt["cost_usd"] is None for hunt in hunts if hunt["latency_ms"] is not None)
    unknown += sum(hunt["judge_cost_usd"] is None for hunt in hunts if hunt["verdicts"])
    assert overview.totals(reader, choice) == overview.Totals(
        hunts=len(hunts),
        by_outcome=dict(Counter(hunt["outcome"] for hunt in hunts)),
        simulated=sum(hunt["simulated"] for hunt in hunts),
        median_latency_ms=pytest.approx(median(latencies)) if latencies else None,
        target_usd=known(hunts, "cost_usd"),
        judge_usd=known(hunts, "judge_cost_usd"),
        unknown_costs=unknown,
        sessions=len({hunt["session"] for hunt in hunts}),
    )


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_rates_are_over_decided_hunts_only(reader, log_dir, choice):
    broke, decided = Counter(), Counter()
    for hunt in hunts_of(log_dir, choice):
        broke[hunt["model"]] += hunt["outcome"] == "broke"
        decided[hunt["model"]] += hunt["outcome"] in {"broke", "held"}
    rows = breaks.break_rates(reader, choice).to_dict("records")
    assert {row["label"]: (row["broke"], row["decided"]) for row in rows} == {
        model: (broke[model], decided[model]) for model in decided if decided[model]
    }
    for row in rows:
        assert row["share"] == pytest.approx(row["broke"] / row["decided"])
        assert 0 <= row["low"] <= row["share"] <= row["high"] <= 1, row
    assert [row["share"] for row in rows] == sorted((row["share"] for row in rows), reverse=True)


@pytest.mark.parametrize("group", ["domain", "taxonomy", "criteria"])
def test_rates_by_other_things_than_models(reader, log_dir, group):
    of = {"criteria": lambda h: f"{h['criteria']} criteria"}.get(group, lambda h: h[group] or "not given")
    broke, decided = Counter(), Counter()
    for hunt in hunts_of(log_dir, Choice(NOW)):
        broke[of(hunt)] += hunt["outcome"] == "broke"
        decided[of(hunt)] += hunt["outcome"] in {"broke", "held"}
    rows = breaks.break_rates(reader, Choice(NOW), group).to_dict("records")
    assert {row["label"]: (row["broke"], row["decided"]) for row in rows} == {
        label: (broke[label], decided[label]) for label in decided
    }


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_over_time_every_hunt_is_in_its_bar(reader, log_dir, choice):
    width = overview.step(reader, choice)
    shown = Counter()
    for row in overview.outcomes_over_time(reader, choice, width).to_dict("records"):
        assert row["end"] - row["begin"] == width
        inside = [h for h in hunts_of(log_dir, choice) if row["begin"] <= h["ts"] < row["end"]]
        assert row["hunts"] == sum(h["outcome"] == row["outcome"] for h in inside)
        shown[row["outcome"]] += row["hunts"]
    assert shown == Counter(hunt["outcome"] for hunt in hunts_of(log_dir, choice))


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_costs_keep_target_and_judge_apart_and_the_unknown_unknown(reader, log_dir, choice):
    by_model = defaultdict(list)
    for hunt in hunts_of(log_dir, choice):
        by_model[hunt["model"]].append(hunt)
    rows = costs.by_model(reader, choice).to_dict("records")
    shown = {(row["model"], row["part"]): None if row["usd"] != row["usd"] else row["usd"] for row in rows}
    assert shown == {
        (model, part): known(hunts, name)
        for model, hunts in by_model.items()
        for part, name in (("target", "cost_usd"), ("judge", "judge_cost_usd"))
    }
    over_time = costs.over_time(reader, choice, timedelta(days=1))
    for part, name in (("target", "cost_usd"), ("judge", "judge_cost_usd")):
        spent = sum(hunt[name] or 0 for hunt in hunts_of(log_dir, choice))
        assert over_time[over_time["part"] == part]["usd"].sum() == pytest.approx(spent)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_errors_are_counted_by_cause_and_provider_also_the_rare(reader, log_dir, choice):
    rows = providers.lost_hunts(reader, choice).to_dict("records")
    assert {(row["cause"], row["provider"]): row["hunts"] for row in rows} == Counter(
        (hunt["error"], hunt["provider"]) for hunt in hunts_of(log_dir, choice) if hunt["outcome"] == "error"
    )


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_latencies(reader, log_dir, choice):
    by_model = defaultdict(list)
    for hunt in hunts_of(log_dir, choice):
        if hunt["latency_ms"] is not None:
            by_model[hunt["model"]].append(hunt["latency_ms"] / 1000)
    rows = providers.latencies(reader, choice).to_dict("records")
    assert {row["model"]: (row["replies"], row["p50_s"]) for row in rows} == {
        model: (len(seconds), pytest.approx(median(seconds))) for model, seconds in by_model.items()
    }
    assert all(row["p50_s"] <= row["p95_s"] for row in rows)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_what_a_hunt_and_a_break_cost_is_made_of_hunts_with_known_prices(reader, log_dir, choice):
    by_model = defaultdict(list)
    for hunt in hunts_of(log_dir, choice):
        by_model[hunt["model"]].append(hunt)
    rows = {row["model"]: row for row in costs.per_break(reader, choice).to_dict("records")}
    assert rows.keys() == by_model.keys()
    for model, hunts in by_model.items():
        parts = [(h, [h["cost_usd"]] * (h["latency_ms"] is not None), [h["judge_cost_usd"]] * bool(h["verdicts"]))
                 for h in hunts]  # fmt: skip
        priced = [
            (h, sum(target + judge)) for h, target, judge in parts if target + judge and None not in target + judge
        ]
        broke = sum(h["outcome"] == "broke" for h, _ in priced)
        spent = sum(cost for _, cost in priced)
        row = rows[model]
        assert (row["hunts"], row["breaks"]) == (len(hunts), sum(h["outcome"] == "broke" for h in hunts))
        assert (row["priced_hunts"], row["priced_breaks"]) == (len(priced), broke)
        for name, of in (("usd_a_hunt", len(priced)), ("usd_a_break", broke)):
            assert row[name] == pytest.approx(spent / of if of else float("nan"), nan_ok=True)


@pytest.mark.parametrize("period", list(Period))
def test_no_period_has_too_many_bars(reader, period):
    choice = Choice(NOW, period)
    begin = choice.since or NOW - timedelta(days=9)
    assert (NOW - begin) / overview.step(reader, choice) <= overview.MAX_STEPS


def test_filters_offer_what_is_in_the_log(reader, entries):
    models = Counter(record.model for _, record in entries if hasattr(record, "outcome"))
    assert overview.names(reader, "model") == [m for m, _ in sorted(models.items(), key=lambda row: (-row[1], row[0]))]
    with pytest.raises(ValueError, match="no filter"):
        overview.names(reader, "1; DROP TABLE hunts")


@pytest.mark.parametrize(
    ("broke", "decided", "share", "low", "high"),
    # Wilson's score interval, 95 %: values of R's binom.confint(method = "wilson").
    [
        (0, 10, 0.0, 0.0, 0.2775),
        (10, 10, 1.0, 0.7225, 1.0),
        (1, 4, 0.25, 0.0456, 0.6994),
        (50, 200, 0.25, 0.1950, 0.3144),
    ],
)
def test_a_rate_says_how_sure_it_is(broke, decided, share, low, high):
    assert Rate(broke, decided).share == share
    assert Rate(broke, decided).interval == pytest.approx((low, high), abs=1e-4)


def test_without_a_decided_hunt_there_is_no_rate():
    assert (Rate(0, 0).share, Rate(0, 0).interval) == (None, None)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(1, "minute"), (5, "5 min"), (60, "hour"), (180, "3 h"), (90, "90 min"), (1440, "day"), (10080, "7 d")],
)
def test_a_bar_says_what_it_stands_for(minutes, words):
    begin = pd.Timestamp(NOW)
    assert bar_width(pd.DataFrame({"begin": [begin], "end": [begin + timedelta(minutes=minutes)]})) == words
