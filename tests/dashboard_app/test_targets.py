"""One model with two settings is two models on the dashboard; logs without labels are read as before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import CallRecord, HuntRecord, ReviewRecord
from dashboard_app.components.break_rates import break_rates
from dashboard_app.filter_conditions import Choice
from dashboard_app.queries import count_hunts, names
from dashboard_app.views.costs import per_break
from dashboard_app.views.find import Search, find_hunts
from dashboard_app.views.judge import agreement, compared
from dashboard_app.views.providers import by_provider, latencies
from tests.dashboard_app.records_made_up import NOW, write_log

PLAIN = {
    "session": "s", "run_id": "r", "number": 1, "notebook": "n.ipynb", "task_id": "", "domain": "", "taxonomy": "",
    "model": "lab/m", "provider": "lab", "judge_model": "j", "simulated": False, "passed": 2, "criteria": 2,
    "verdicts": {"C1": "PASS"}, "task": "t", "latency_ms": 5.0, "cost_usd": 0.01,
}  # fmt: skip


def hunt(place: int, outcome: str, **changes: object) -> HuntRecord:
    return HuntRecord(**PLAIN | {"hunt_id": f"r.{place}", "outcome": outcome} | changes)


HOT = {"label": "m · hot", "target": "t_1", "parameters": '{"temperature":2}'}


@pytest.fixture
def reader(log_dir):
    hunts = [
        hunt(1, "broke", **HOT, upstream="North"),
        hunt(2, "broke", **HOT, upstream="South"),
        hunt(3, "held", upstream="South"),
        hunt(4, "held"),
    ]
    write_log(log_dir, [(NOW - timedelta(minutes=place), one) for place, one in enumerate(hunts)])
    with TelemetryReader(log_dir) as opened:
        opened.refresh()
        yield opened


def test_models_are_listed_counted_and_filtered_by_their_labels(reader):
    assert sorted(names(reader, "model")) == ["lab/m", "lab/m · hot"]
    assert count_hunts(reader, Choice(NOW, model="lab/m · hot")) == (2, 0)
    assert count_hunts(reader, Choice(NOW, model="lab/m")) == (2, 0)


def test_rates_costs_and_latencies_are_of_targets(reader):
    rates = {
        row["label"]: (row["broke"], row["decided"]) for row in break_rates(reader, Choice(NOW)).to_dict("records")
    }
    assert rates == {"lab/m · hot": (2, 2), "lab/m": (0, 2)}
    for frame in (per_break(reader, Choice(NOW)), latencies(reader, Choice(NOW))):
        assert sorted(frame["model"]) == ["lab/m", "lab/m · hot"]


def test_a_label_of_two_models_is_two_targets(log_dir):
    hunts = [hunt(1, "broke", label="cold"), hunt(2, "held", label="cold", model="lab/other"), hunt(3, "held")]
    write_log(log_dir, [(NOW - timedelta(minutes=place), one) for place, one in enumerate(hunts)])
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        rows = break_rates(reader, Choice(NOW)).to_dict("records")
    rates = {row["label"]: (row["broke"], row["decided"]) for row in rows}
    assert rates == {"lab/m · cold": (1, 1), "lab/other · cold": (0, 1), "lab/m": (0, 1)}


def test_rates_by_upstream_are_over_hunts_that_name_one(reader):
    rows = break_rates(reader, Choice(NOW), "upstream").to_dict("records")
    assert {row["label"]: (row["broke"], row["decided"]) for row in rows} == {"North": (1, 1), "South": (1, 2)}


def test_hunts_are_found_by_label_and_upstream(reader):
    def found(word):
        return sorted(find_hunts(reader, Search(Choice(NOW), word))["hunt_id"])

    assert found("hot") == ["r.1", "r.2"]
    assert found("south") == ["r.2", "r.3"]
    assert found("lab/m") == ["r.1", "r.2", "r.3", "r.4"]


def test_calls_are_those_of_the_model_and_reviews_those_of_the_target(log_dir):
    call = CallRecord(
        session="s", provider="lab", model="lab/m", purpose="target", simulated=False, ok=True, wait_ms=0, latency_ms=1
    )
    review = ReviewRecord(
        session="s", run_id="r", hunt_id="r.1", notebook="n.ipynb", task="t", model="lab/m", judge_model="j",
        simulated=False, blind=True, human={"C1": "PASS"}, judge={"C1": "PASS"}, human_outcome="held",
        judge_outcome="held", label="m · hot",
    )  # fmt: skip
    plain = review.model_copy(update={"hunt_id": "r.3", "label": "", "human": {"C1": "PASS", "C2": "FAIL"}})
    other = call.model_copy(update={"model": "lab/other"})
    write_log(log_dir, [(NOW, one) for one in (call, other, review, plain)])
    with TelemetryReader(log_dir) as reader:
        reader.refresh()
        for model, reviewed in (("lab/m · hot", 1), ("lab/m", 2), ("lab/other", 0)):
            choice = Choice(NOW, model=model)
            assert list(by_provider(reader, choice)["calls"]) == [1]
            counted = agreement(compared(reader, choice))
            assert counted.n + counted.left_out == reviewed
