"""Sessions and their events against the log's lines."""

from collections import Counter
from datetime import UTC, datetime

from core.telemetry.reader import TelemetryReader
from core.telemetry.records import HuntRecord, ReviewRecord, VerdictRecord
from dashboard_app.views import sessions
from tests.dashboard_app.helpers import ALL, records, words
from tests.dashboard_app.records_made_up import team_at_work, write_log


def test_all_records_of_a_session_are_shown_in_order(reader, log_dir, hunts):
    newest = sessions.newest(reader, ALL)
    assert {row["session"]: row["hunts"] for row in newest.to_dict("records")} == Counter(h["session"] for h in hunts)
    session = newest["session"][0]
    expected = [r for kind in ("hunt", "call", "run", "session", "review") for r in records(log_dir, kind)]
    told = sessions.replay(reader, session)
    assert len(told) == sum(r["session"] == session for r in expected)
    assert list(told["time"]) == sorted(told["time"])
    assert told["what"][0] == "session created"
    assert sessions.replay(reader, "nobody").empty


def test_a_blind_session_is_shown_without_judge_calls_and_votes_until_it_is_reviewed(tmp_path, entries):
    session = next(record.session for _, record in entries if isinstance(record, ReviewRecord))
    of_it = [(at, record) for at, record in entries if getattr(record, "session", "") == session]
    at, hunt = next((at, record) for at, record in of_it if isinstance(record, HuntRecord))
    of_it.append((at, a_vote(hunt)))
    told = {}
    for name, kept in (("before", [e for e in of_it if not isinstance(e[1], ReviewRecord)]), ("after", of_it)):
        write_log(tmp_path / name, kept)
        with TelemetryReader(tmp_path / name) as reader:
            reader.refresh()
            told[name] = sessions.replay(reader, session)
    hidden = told["before"]["what"]
    assert not hidden.str.startswith("judge call").any()
    assert "verdict" not in set(hidden)
    assert hidden.str.startswith("target call").any()
    assert hidden.str.startswith("hunt").any()
    calls = told["after"].query("what.str.startswith('judge call')")["detail"]
    assert [word in " ".join(calls) for word in ("took", "$")] == [True, True]
    assert "verdict" in set(told["after"]["what"])


def a_vote(hunt):
    same = ("session", "run_id", "hunt_id", "judge_model", "simulated", "notebook", "task", "model", "reply_mark")
    given = {name: getattr(hunt, name) for name in (*same, "judge_prompt", "judge_parameters")}
    return VerdictRecord(**given, criterion="C1", verdict="FAIL", source="opinion", round=0, blind=True)


def test_the_events_of_a_session_in_the_url_are_shown_in_order(page, log_dir):
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
