"""Calls, latencies and causes against the log's lines."""

from collections import Counter, defaultdict
from statistics import median

import pytest

from dashboard_app.filter_conditions import Choice, Origin
from dashboard_app.views import providers
from tests.dashboard_app.helpers import CHOICES, hunts_of, records
from tests.dashboard_app.records_made_up import NOW


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


def test_calls_by_provider_and_cause(reader, log_dir):
    calls = [c for c in records(log_dir, "call") if not c["simulated"]]
    choice = Choice(NOW, origin=Origin.REAL)
    for row in providers.by_provider(reader, choice).to_dict("records"):
        mine = [c for c in calls if (c["provider"], c["purpose"]) == (row["provider"], row["purpose"])]
        assert (row["calls"], row["failed"]) == (len(mine), sum(not c["ok"] for c in mine))
        assert row["p50_s"] == pytest.approx(median(c["latency_ms"] for c in mine if c["ok"]) / 1000)
    rows = providers.failures(reader, choice).to_dict("records")
    assert {(row["cause"], row["provider"]): row["calls"] for row in rows} == Counter(
        (c["error"], c["provider"]) for c in calls if not c["ok"]
    )
