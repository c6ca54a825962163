"""Single records in the files of the log."""

import gzip
import json
from datetime import datetime

from core.telemetry.find_records import LogLine, find_records


def line(number, word="r_a.1", kind="hunt"):
    return json.dumps(
        {"ts": f"2026-03-01T12:00:0{number}", "type": kind, "data": {"hunt_id": word, "n": number}}
    ).encode()


def numbers(found):
    return [record.data["n"] for record in found]


def test_records_of_a_hunt_are_found_by_time_in_plain_and_packed_files(tmp_path):
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(b"\n".join([line(3), line(1, "r_a.11"), line(2)]))
    packed.write_bytes(gzip.compress(line(1) + b"\n" + line(4, kind="call") + b"\n"))
    found = find_records([plain, packed], "r_a.1", field="hunt_id", maximum=10)
    assert numbers(found) == [1, 2, 3, 4]
    assert found[0] == LogLine(at=datetime(2026, 3, 1, 12, 0, 1), type="hunt", data={"hunt_id": "r_a.1", "n": 1})  # noqa: DTZ001
    assert len(find_records([plain, packed], "r_a.1", field="hunt_id", maximum=2)) == 2
    assert numbers(find_records([plain, packed], "r_a.1", field="hunt_id", maximum=1, types=("call",))) == [4]


def test_the_word_counts_only_in_its_field_and_broken_files_are_skipped(tmp_path):
    broken, damaged, empty = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.jsonl"
    broken.write_bytes(b'{"r_a.1"\n' + json.dumps({"note": "r_a.1"}).encode() + b"\n" + line(1))
    damaged.write_bytes(gzip.compress(line(2))[:-9])
    empty.touch()
    files = [broken, damaged, empty, tmp_path / "gone.jsonl"]
    assert numbers(find_records(files, "r_a.1", field="hunt_id", maximum=10)) in ([1], [1, 2])
    assert find_records(files, "r_a.1", field="other", maximum=10) == []
    assert find_records(files, "", field="hunt_id", maximum=10) == []
