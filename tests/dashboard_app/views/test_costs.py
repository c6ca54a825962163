"""Costs against the log's lines."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from dashboard_app.views import costs
from tests.dashboard_app.helpers import CHOICES, hunts_of, hunts_only, known, numbers, words
from tests.dashboard_app.records_made_up import write_log


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


def test_cached_tokens_are_a_share_of_the_calls_that_report_them(page, log_dir):
    (plain,) = (hunt for _, hunt in hunts_only(hunts=1, seed=9))
    cached = {"cache_input_tokens": 1_000, "cached_tokens": 600, "cache_saved_usd": 0.25}
    write_log(log_dir, [
        (datetime.now(UTC), plain.model_copy(update=more | {"hunt_id": f"h_{n}"}))
        for n, more in enumerate((cached, cached, {}))
    ])  # fmt: skip
    assert numbers(page("costs", period="all"))["From prompt caches"] == ("60%", "saved $0.5000")
