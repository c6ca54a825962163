"""Sessions and their events against the log's lines."""

from collections import Counter
from datetime import UTC, datetime

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import ReviewRecord
from dashboard_app.views import sessions
from tests.dashboard_app.helpers import ALL, records, words
from tests.dashboard_app.records_made_up import team_at_work, write_log


def test_a_session_is_told_in_order_with_all_of_its_records(reader, log_dir, hunts):
    newest = sessions.newest(reader, ALL)
    assert {row["session"]: row["hunts"] for row in newest.to_dict("records")} == Counter(h["session"] for h in hunts)
    session = newest["session"][0]
    expected = [r for kind in ("hunt", "call", "run", "session", "review") for r in records(log_dir, kind)]
    told = sessions.replay(reader, session)
    assert len(told) == sum(r["session"] == session for r in expected)
    assert list(told["time"]) == sorted(told["time"])
    assert told["what"][0] == "session created"
    assert sessions.replay(reader, "nobody").empty


def test_a_blind_session_is_told_without_what_its_judge_calls_cost_and_took_until_it_is_reviewed(tmp_path, entries):
    session = next(record.session for _, record in entries if isinstance(record, ReviewRecord))
    of_it = [(at, record) for at, record in entries if getattr(record, "session", "") == session]
    told = {}
    for name, kept in (("before", [e for e in of_it if not isinstance(e[1], ReviewRecord)]), ("after", of_it)):
        write_log(tmp_path / name, kept)
        with TelemetryReader(tmp_path / name) as reader:
            reader.refresh()
            calls = sessions.replay(reader, session).query("what.str.startswith('judge call')")
        told[name] = " ".join(calls["detail"])
    assert told["before"]
    assert [word in told["before"] for word in ("took", "$")] == [False, False]
    assert [word in told["after"] for word in ("took", "$")] == [True, True]


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


def test_a_session_that_the_period_does_not_hold_stays_chosen(page, log_dir):
    entries = list(team_at_work(hunts=40, days=5, now=datetime.now(UTC)))
    write_log(log_dir, entries)
    first = entries[1][1].session
    test = page("sessions", period="24h", session=first)
    assert first not in set(test.dataframe[0].value["session"])
    assert f"What happened in {first}" in words(test)
    assert test.selectbox(key="session").value == first
