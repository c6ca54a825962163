"""Break rates against the same rates computed from the log's lines."""

from collections import Counter

import pytest

from dashboard_app.choice import Choice
from dashboard_app.components.break_rates import break_rates
from tests.dashboard_app.helpers import CHOICES, hunts_of
from tests.dashboard_app.records_made_up import NOW


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
