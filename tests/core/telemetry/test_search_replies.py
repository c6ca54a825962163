"""Hunts whose full reply has a word in it: the log is searched, not the tables."""

import gzip
import json
from datetime import date

import pytest

from core.telemetry.reader import TelemetryReader
from core.telemetry.search_replies import find_hunts_by_reply


def line(number, reply, kind="hunt"):
    data = {"hunt_id": f"r_a.{number}", "reply": reply}
    envelope = {"ts": f"2026-03-0{number}T12:00:00Z", "type": kind, "schema": 1, "data": data}
    return json.dumps(envelope).encode() + b"\n"


@pytest.fixture
def log(tmp_path):
    (tmp_path / "telemetry-2026-03-01-a.jsonl.gz").write_bytes(gzip.compress(line(1, "Rook and WREN.")))
    (tmp_path / "telemetry-2026-03-02-a.jsonl").write_bytes(
        line(2, "A wren.") + line(3, "wren", kind="call") + b"broken\n"
    )
    (tmp_path / "telemetry-2026-03-03-a.jsonl").write_bytes(line(3, "A tit."))
    return tmp_path


@pytest.mark.parametrize(
    ("word", "since", "found"),
    [
        ("wren", None, ["r_a.2", "r_a.1"]), ("WREN", date(2026, 3, 2), ["r_a.2"]), ("a", None, ["r_a.3", "r_a.2", "r_a.1"]),
        ("owl", None, []), ("", None, []), ("wren", date(2026, 3, 9), []),
    ],
)  # fmt: skip
def test_a_word_is_found_in_any_case_the_newest_first(log, word, since, found):
    with TelemetryReader(log) as reader:
        assert find_hunts_by_reply(reader, word, since) == found


def test_a_damaged_file_hides_no_other(log):
    (log / "telemetry-2026-03-01-a.jsonl.gz").write_bytes(b"no gzip")
    with TelemetryReader(log) as reader:
        assert find_hunts_by_reply(reader, "a", None) == ["r_a.3", "r_a.2"]
