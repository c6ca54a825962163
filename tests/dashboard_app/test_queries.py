"""The options of the filters, bars of charts, and the search in replies."""

import gzip
from collections import Counter
from datetime import timedelta

import pytest

from dashboard_app import queries
from dashboard_app.filter_conditions import Choice, Period
from tests.dashboard_app.records_made_up import NOW


@pytest.mark.parametrize("period", list(Period))
def test_no_period_has_too_many_bars(reader, period):
    choice = Choice(NOW, period)
    begin = choice.since or NOW - timedelta(days=9)
    assert (NOW - begin) / queries.step(reader, choice) <= queries.MAX_STEPS


def test_filters_offer_what_is_in_the_log(reader, entries):
    models = Counter(record.model for _, record in entries if hasattr(record, "outcome"))
    assert queries.names(reader, "model") == [m for m, _ in sorted(models.items(), key=lambda row: (-row[1], row[0]))]
    with pytest.raises(ValueError, match="no filter"):
        queries.names(reader, "1; DROP TABLE hunts")


def test_a_reply_is_found_by_its_end_in_plain_and_packed_files_of_the_period(reader, log_dir, hunts):
    newest = max(log_dir.glob("*.jsonl"))
    oldest = min(log_dir.glob("*.jsonl"))
    with gzip.open(f"{oldest}.gz", "wb") as packed:
        packed.write(oldest.read_bytes())
    oldest.unlink()
    (log_dir / "telemetry-2026-11-01-damaged.jsonl.gz").write_bytes(b"no gzip at all")
    expected = {h["hunt_id"] for h in hunts if "checked twice" in h["reply"]}
    of_today = {h["hunt_id"] for h in hunts if h["hunt_id"] in expected and h["ts"].date() == NOW.date()}
    assert all("checked twice" not in h["excerpt"] for h in hunts)
    assert newest.name[10:20] == f"{NOW:%Y-%m-%d}"
    assert set(queries.find_in_replies(reader, "checked twice", None)) == expected
    assert set(queries.find_in_replies(reader, "checked twice", NOW.date())) == of_today
    assert 0 < len(of_today) < len(expected)


def test_an_id_is_looked_up_in_the_tables_alone(reader, hunts):
    for name in ("hunt_id", "run_id", "session"):
        assert queries.find_in_replies(reader, hunts[0][name], None) == ()
