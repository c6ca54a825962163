"""What was read is kept: the next start reads only what is new, and never believes a database that is not right."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.telemetry import reader as reader_module
from core.telemetry.find_records import find_records
from core.telemetry.reader import RefreshReport, TelemetryReader
from core.telemetry.tail import new_lines

ROOT = Path(__file__).resolve().parents[3]


def a_line(number: int) -> bytes:
    data = {"action": "started", "instance": f"api-{number}", "version": "0.1.0"}
    return json.dumps({"ts": "2026-11-24T10:00:00Z", "type": "process", "schema": 1, "data": data}).encode() + b"\n"


@pytest.fixture
def log(tmp_path):
    directory = tmp_path / "log"
    directory.mkdir()
    for day, numbers in {"22": (1, 2), "23": (3,), "24": (4,)}.items():
        (directory / f"telemetry-2026-11-{day}-a.jsonl").write_bytes(b"".join(map(a_line, numbers)))
    return directory


def opened(log: Path, **changes) -> TelemetryReader:
    return TelemetryReader(log, cache_directory=log / ".cache", **changes)


def instances(reader: TelemetryReader) -> list[str]:
    return list(reader.query("SELECT instance FROM process ORDER BY instance")["instance"])


def test_the_next_start_reads_only_what_is_new(log):
    with opened(log) as reader:
        assert reader.refresh().events == 4
    with (log / "telemetry-2026-11-24-a.jsonl").open("ab") as file:
        file.write(a_line(5))
    with opened(log) as reader:
        assert instances(reader) == ["api-1", "api-2", "api-3", "api-4"]
        assert reader.refresh() == RefreshReport(events=1, files=3)
        assert instances(reader) == ["api-1", "api-2", "api-3", "api-4", "api-5"]


def test_files_that_changed_between_runs_are_read_again(log):
    with opened(log) as reader:
        reader.refresh()
    (log / "telemetry-2026-11-22-a.jsonl").write_bytes(a_line(9))
    (log / "telemetry-2026-11-23-a.jsonl").unlink()
    with opened(log) as reader:
        assert reader.refresh() == RefreshReport(events=1, files=2)
        assert instances(reader) == ["api-4", "api-9"]


def test_skipped_lines_are_remembered(log):
    (log / "telemetry-2026-11-22-a.jsonl").write_bytes(a_line(1) + b"{broken\n")
    for _ in range(2):
        with opened(log) as reader:
            assert reader.refresh().skipped_lines == 1


def test_a_second_reader_at_the_same_time_has_a_database_of_its_own(log):
    with opened(log) as first, opened(log) as second:
        assert first.refresh() == second.refresh() == RefreshReport(events=4, files=3)
        assert first._place.kept
        assert not second._place.kept


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000], ids=["emptied", "nonsense"])
def test_an_unusable_database_is_rebuilt(log, content):
    with opened(log) as reader:
        reader.refresh()
        database = reader._place.database
    database.write_bytes(content)
    with opened(log) as reader:
        assert reader.refresh().events == 4
        assert len(instances(reader)) == 4


def test_a_database_of_another_form_is_not_opened_and_goes(log, monkeypatch):
    with opened(log) as reader:
        reader.refresh()
        before = reader._place.database
    monkeypatch.setattr(reader_module, "shape", lambda: "another")
    with opened(log) as reader:
        assert reader.refresh().events == 4
    assert not before.exists()


def test_a_place_that_cannot_be_written_to_costs_only_the_cache(log):
    (log / ".cache").write_text("a file where a folder should be")
    with opened(log) as reader:
        assert reader.refresh().events == 4
        assert not reader._place.kept


def test_a_reader_that_was_killed_leaves_a_cache_that_is_right(log):
    script = (
        "import os, signal, sys; from pathlib import Path; from core.telemetry.reader import TelemetryReader\n"
        "log = Path(sys.argv[1]); reader = TelemetryReader(log, cache_directory=log / '.cache'); reader.refresh()\n"
        "reader._tables._database.execute('BEGIN'); reader._tables._database.execute('DELETE FROM events')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(log)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=30
    )
    assert done.returncode == -signal.SIGKILL
    with opened(log) as reader:
        assert reader.refresh() == RefreshReport(files=3)
        assert len(instances(reader)) == 4


def test_a_past_day_that_grows_while_it_is_read_is_neither_lost_nor_doubled(log, monkeypatch):
    late = log / "telemetry-2026-11-22-a.jsonl"

    def grow_meanwhile(batch):
        monkeypatch.undo()
        with late.open("ab") as file:
            file.write(a_line(7))
        reader_module._reject_moved(batch)

    monkeypatch.setattr(reader_module, "_reject_moved", grow_meanwhile)
    with opened(log) as reader:
        reader.refresh()
        reader.refresh()
        assert instances(reader) == ["api-1", "api-2", "api-3", "api-4", "api-7"]


def test_a_long_line_in_a_past_day_harms_no_other(log):
    (log / "telemetry-2026-11-22-a.jsonl").write_bytes(a_line(1) + b'{"ts": "' + b"x" * 9_000_000 + b'"}\n' + a_line(2))
    with opened(log) as reader:
        assert reader.refresh() == RefreshReport(events=4, bad_lines=1, skipped_lines=1, files=3)


def test_past_days_are_read_where_they_stand_and_only_the_newest_is_copied(log, monkeypatch):
    copied = []
    monkeypatch.setattr(
        reader_module, "new_lines", lambda path, *rest: copied.append(path.name) or new_lines(path, *rest)
    )
    with opened(log) as reader:
        reader.refresh()
    assert copied == ["telemetry-2026-11-24-a.jsonl"]


def test_single_records_are_found_whole_in_plain_and_packed_files(log):
    import gzip

    plain = log / "telemetry-2026-11-22-a.jsonl"
    packed = log / "telemetry-2026-11-21-a.jsonl.gz"
    packed.write_bytes(gzip.compress(b"{broken api-2\n" + a_line(2)))
    damaged = log / "telemetry-2026-11-20-a.jsonl.gz"
    damaged.write_bytes(b"no gzip at all")
    found = find_records([damaged, packed, plain, log / "gone.jsonl"], "api-2", field="instance", maximum=10)
    assert [line.data["instance"] for line in found] == ["api-2", "api-2"]
    assert [line.type for line in find_records([plain], "api-1", field="instance", maximum=10)] == ["process"]
    assert find_records([plain], "api", field="instance", maximum=10) == []
    assert len(find_records([packed, plain], "api-2", field="instance", maximum=1)) == 1
