"""Two processes that lost one another may both have recorded a hunt: readers count it once."""

import json

import pytest

from core.telemetry.reader import TelemetryReader

ONE = "telemetry-2026-11-24-api-1.jsonl"
OTHER = "telemetry-2026-11-24-api-2.jsonl"


def line(kind: str, second: int, **data) -> bytes:
    return (
        json.dumps({"ts": f"2026-11-24T10:00:{second:02}Z", "type": kind, "schema": 1, "data": data}).encode() + b"\n"
    )


def hunt(number: int, second: int, **changes) -> bytes:
    texts = ("notebook", "task_id", "domain", "taxonomy", "model", "provider", "judge_model")
    data = {
        "session": "s", "run_id": "r", "hunt_id": f"r.{number}", "number": number, "simulated": True, "criteria": 3,
        "outcome": "broke", "passed": 0, "verdicts": {}, "cost_usd": 0.01, **dict.fromkeys(texts, "x"),
    }  # fmt: skip
    return line("hunt", second, **data | changes)


def run(second: int, status: str, **changes) -> bytes:
    data = {"session": "s", "run_id": "r", "status": status, "models": [], "judge_model": "j", "hunts": 2} | changes
    return line("run", second, **data)


@pytest.fixture
def reader(tmp_path):
    with TelemetryReader(tmp_path) as opened:
        yield opened


def hunts(reader: TelemetryReader) -> list[tuple]:
    rows = reader.query("SELECT session, hunt_id, outcome FROM hunts ORDER BY ALL")
    return list(rows.itertuples(index=False, name=None))


def test_the_first_record_of_a_hunt_counts_in_whatever_order_the_files_are_read(tmp_path, reader):
    (tmp_path / OTHER).write_bytes(hunt(1, 9, outcome="error") + hunt(2, 5))
    reader.refresh()
    (tmp_path / ONE).write_bytes(hunt(1, 3) + hunt(3, 4) + hunt(3, 4))
    reader.refresh()
    assert hunts(reader) == [("s", "r.1", "broke"), ("s", "r.2", "broke"), ("s", "r.3", "broke")]


def test_the_record_under_the_latest_claim_is_the_sessions_result(tmp_path, reader):
    (tmp_path / ONE).write_bytes(hunt(1, 1, claim=5) + hunt(2, 1, claim=7, outcome="held") + hunt(3, 1, outcome="held"))
    (tmp_path / OTHER).write_bytes(hunt(1, 9, claim=6, outcome="held") + hunt(2, 9, claim=6) + hunt(3, 9))
    reader.refresh()
    assert hunts(reader) == [("s", f"r.{n}", "held") for n in (1, 2, 3)]


def test_another_session_or_a_further_round_is_another_record(tmp_path, reader):
    again = (hunt(1, 2, session="t"), hunt(1, 3, round=1), hunt(1, 4, round=1), hunt(1, 5, round=0))
    (tmp_path / ONE).write_bytes(hunt(1, 1) + b"".join(again))
    reader.refresh()
    assert hunts(reader) == [("s", "r.1", "broke"), ("s", "r.1", "broke"), ("t", "r.1", "broke")]


def test_a_run_begins_and_ends_once(tmp_path, reader):
    (tmp_path / ONE).write_bytes(run(1, "queued") + run(8, "completed") + run(2, "queued", run_id="q"))
    (tmp_path / OTHER).write_bytes(run(9, "completed"))
    report = reader.refresh()
    rows = reader.query("SELECT run_id, status FROM runs ORDER BY ALL")
    assert list(rows.itertuples(index=False, name=None)) == [("q", "queued"), ("r", "completed"), ("r", "queued")]
    assert (report.bad_lines, report.skipped_lines) == (0, 0)


def test_what_was_repeated_counts_when_the_file_with_the_first_record_goes(tmp_path, reader):
    (tmp_path / ONE).write_bytes(hunt(1, 1) + run(1, "completed"))
    (tmp_path / OTHER).write_bytes(hunt(1, 2, outcome="held") + run(2, "completed") + hunt(2, 3))
    reader.refresh()
    assert hunts(reader) == [("s", "r.1", "broke"), ("s", "r.2", "broke")]
    (tmp_path / ONE).unlink()
    reader.refresh()
    assert hunts(reader) == [("s", "r.1", "held"), ("s", "r.2", "broke")]
    assert len(reader.query("SELECT * FROM runs")) == 1
