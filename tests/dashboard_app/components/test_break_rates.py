"""Break rates against the same rates computed from the log's lines."""

from collections import Counter

import pytest

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import HuntRecord
from dashboard_app.components.break_rates import break_rates
from dashboard_app.filter_conditions import Choice
from dashboard_app.views.overview import totals
from tests.dashboard_app.helpers import CHOICES, hunts_of
from tests.dashboard_app.records_made_up import NOW, team_at_work, write_log


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_rates_are_over_decided_hunts_only(reader, log_dir, choice):
    broke, decided = Counter(), Counter()
    for hunt in hunts_of(log_dir, choice):
        broke[hunt["model"]] += hunt["outcome"] == "broke"
        decided[hunt["model"]] += hunt["outcome"] in {"broke", "held"}
    rows = break_rates(reader, choice).to_dict("records")
    assert {row["label"]: (row["broke"], row["decided"]) for row in rows} == {
        model: (broke[model], decided[model]) for model in decided if decided[model]
    }
    for row in rows:
        assert row["share"] == pytest.approx(row["broke"] / row["decided"])
        assert 0 <= row["low"] <= row["share"] <= row["high"] <= 1, row
    assert [row["share"] for row in rows] == sorted((row["share"] for row in rows), reverse=True)


def test_confirmed_breaks_are_counted_over_the_decided_hunts_of_runs_with_second_opinions(reader, log_dir):
    hunts = hunts_of(log_dir, Choice(NOW))
    runs = {hunt["run_id"] for hunt in hunts if hunt["confirmation"]}
    for row in break_rates(reader, Choice(NOW)).to_dict("records"):
        own = [h for h in hunts if h["model"] == row["label"] and h["outcome"] in {"broke", "held"}]
        found = Counter(h["confirmation"] for h in own)
        of = sum(h["run_id"] in runs for h in own)
        assert (row["confirmed"], row["contested"], row["of"]) == (found["confirmed"], found["contested"], of)
        assert row["confirmed_share"] == pytest.approx(found["confirmed"] / of)


@pytest.mark.parametrize("group", ["domain", "taxonomy", "criteria"])
def test_rates_by_other_things_than_models(reader, log_dir, group):
    of = {"criteria": lambda h: f"{h['criteria']} criteria"}.get(group, lambda h: h[group] or "not given")
    broke, decided = Counter(), Counter()
    for hunt in hunts_of(log_dir, Choice(NOW)):
        broke[of(hunt)] += hunt["outcome"] == "broke"
        decided[of(hunt)] += hunt["outcome"] in {"broke", "held"}
    rows = break_rates(reader, Choice(NOW), group).to_dict("records")
    assert {row["label"]: (row["broke"], row["decided"]) for row in rows} == {
        label: (broke[label], decided[label]) for label in decided
    }


def adaptive_log(log_dir):
    """Every second hunt was drawn by adaptive allocation."""
    for place, (at, record) in enumerate(team_at_work(hunts=300, now=NOW)):
        if isinstance(record, HuntRecord):
            record = record.model_copy(update={"allocation": "adaptive" if place % 2 else "uniform"})
        yield at, record


def test_hunts_that_adaptive_allocation_has_drawn_are_in_no_rate(tmp_path):
    log_dir = tmp_path / "adaptive"
    write_log(log_dir, adaptive_log(log_dir))
    hunts = [h for h in hunts_of(log_dir, Choice(NOW)) if h["outcome"] in {"broke", "held"}]
    rated = [h for h in hunts if h["allocation"] == "uniform"]
    assert 0 < len(rated) < len(hunts)
    with TelemetryReader(log_dir) as opened:
        opened.refresh()
        rows = break_rates(opened, Choice(NOW)).to_dict("records")
        found = totals(opened, Choice(NOW))
    broke = Counter(h["model"] for h in rated if h["outcome"] == "broke")
    assert {row["label"]: (row["broke"], row["decided"]) for row in rows} == {
        model: (broke[model], decided) for model, decided in Counter(h["model"] for h in rated).items()
    }
    assert sum(row["adaptive"] for row in rows) == len(hunts) - len(rated)
    assert (found.rate.broke, found.rate.decided) == (broke.total(), len(rated))
    assert (found.broke, found.decided) == (sum(h["outcome"] == "broke" for h in hunts), len(hunts))
