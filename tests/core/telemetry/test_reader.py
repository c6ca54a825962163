"""The reader holds what the files hold, reads each byte once, and survives everything that happens to a file."""

import gzip
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.settings import TelemetrySettings
from core.telemetry import log_tables
from core.telemetry.columns import tables
from core.telemetry.reader import RefreshReport, TelemetryReader
from core.telemetry.records import (
    TYPES,
    CallRecord,
    HuntRecord,
    ProcessRecord,
    ReviewRecord,
    RunRecord,
    SessionRecord,
    TaskRecord,
    VerdictRecord,
)
from core.telemetry.writer import TelemetryWriter

DAY = "telemetry-2026-11-24"


def a_line(number: int = 1, **changes) -> bytes:
    data = {"action": "started", "instance": f"api-{number}", "version": "0.1.0"}
    envelope = {"ts": "2026-11-24T10:00:00.5Z", "type": "process", "schema": 1, "data": data}
    return json.dumps({**envelope, **changes}).encode() + b"\n"


@pytest.fixture
def reader(tmp_path):
    with TelemetryReader(tmp_path) as reader:
        yield reader


def instances(reader: TelemetryReader) -> list[str]:
    return list(reader.query("SELECT instance FROM process ORDER BY instance")["instance"])


def test_a_folder_that_is_not_there_is_an_empty_log(tmp_path):
    with TelemetryReader(tmp_path / "nowhere") as reader:
        assert reader.refresh() == RefreshReport()
        assert list(reader.query("SELECT count(*) AS n FROM hunts")["n"]) == [0]


def test_every_type_of_record_comes_back_as_it_was_written(tmp_path, reader):
    hunt = HuntRecord(
        session="s",
        run_id="r",
        hunt_id="h",
        number=1,
        notebook="n",
        task_id="t",
        domain="",
        taxonomy="",
        model="a/b",
        provider="a",
        judge_model="j",
        simulated=True,
        outcome="error",
        passed=0,
        criteria=2,
        error="timeout",
        verdicts={"C1": "PASS", "C 2": "FAIL"},
        latency_ms=1.5,
        excerpt='ein "Wort"\u2028 und \n mehr',
        task="0a1b",
        blind=True,
    )
    call = CallRecord(
        session="s", provider="a", model="a/b", purpose="judge", simulated=False, ok=True, wait_ms=0, latency_ms=2
    )
    run = RunRecord(
        session="s",
        run_id="r",
        status="completed",
        models=("a/b", "c/d"),
        judge_model="j",
        hunts=2,
        error=1,
        criterion_texts={"C1": "Says when."},
    )
    session = SessionRecord(session="s", action="created")
    review = ReviewRecord(
        session="s",
        run_id="r",
        hunt_id="h",
        notebook="n",
        task="0a1b",
        model="a/b",
        judge_model="j",
        simulated=False,
        blind=True,
        human={"C1": "FAIL"},
        judge={"C1": "PASS"},
        human_outcome="broke",
        judge_outcome="held",
    )
    verdict = VerdictRecord(
        session="s",
        run_id="r",
        hunt_id="h",
        criterion="C1",
        verdict="FAIL",
        source="drift",
        round=1_800_000_000,
        judge_model="j",
        judge_prompt="p",
        judge_parameters="",
        simulated=False,
        notebook="n",
        task="0a1b",
        model="a/b",
        reply_mark="m",
        verdict_ms=1.5,
    )
    task = TaskRecord(session="s", task="0a1b", content="{}")
    process = ProcessRecord(action="stopped", instance="i", version="v", dropped=3)
    written = {
        "hunts": hunt,
        "calls": call,
        "runs": run,
        "sessions": session,
        "reviews": review,
        "later_verdicts": verdict,
        "tasks": task,
        "process": process,
    }
    _write(tmp_path, *written.values())
    assert reader.refresh() == RefreshReport(events=8, files=1)
    for table in tables():
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        (row,) = reader.query(f"SELECT {columns} FROM {table.name}").astype(object).to_dict("records")
        read = {name: None if value != value else value for name, value in row.items() if not _is_list(value)}
        expected = {name: value for name, value in written[table.name].model_dump().items() if name in read}
        assert read == expected


def test_only_what_is_new_is_read(tmp_path, reader):
    path = tmp_path / f"{DAY}-a.jsonl"
    path.write_bytes(a_line(1))
    assert reader.refresh() == RefreshReport(events=1, files=1)
    assert reader.refresh() == RefreshReport(files=1)
    with path.open("ab") as file:
        file.write(a_line(2) + a_line(3))
    assert reader.refresh() == RefreshReport(events=2, files=1)
    assert instances(reader) == ["api-1", "api-2", "api-3"]


def test_a_half_written_last_line_waits_until_it_is_whole(tmp_path, reader):
    path, line = tmp_path / f"{DAY}-a.jsonl", a_line(2)
    path.write_bytes(a_line(1) + line[:20])
    assert reader.refresh() == RefreshReport(events=1, files=1)
    path.write_bytes(a_line(1) + line[:-1])
    assert reader.refresh() == RefreshReport(files=1)
    path.write_bytes(a_line(1) + line)
    assert reader.refresh() == RefreshReport(events=1, files=1)


INCOMPLETE = [a_line(data={}), a_line(data="text"), a_line(data={"action": "started", "instance": "i"})]
"""Records all the same: other versions wrote them so."""


@pytest.mark.parametrize(
    "broken",
    [
        b"{broken\n",
        b"[1]\n",
        b"3\n",
        b"null\n",
        b"\x00\x00\x00\n",
        b'{"ts": "\xff\xfe"}\n',
        b'{"ts": "\\ud800"}\n',
        a_line(ts="yesterday"),
        a_line(type=None),
        a_line(data={}),
        a_line(data="text"),
        a_line(schema="x"),
        a_line(data={"action": "started", "instance": "i"}),
        a_line()[:-1] + b" trailing\n",
        b"{}\n",
        b'{"ts": "2026-11-24T10:00:00Z", "type": "process", "data": {"action": "' + b"x" * 3_000_000 + b'"}}\n',
    ],
    ids=lambda line: line[:30].decode(errors="replace"),
)
def test_a_broken_line_is_skipped_and_counted_and_harms_no_other(tmp_path, reader, broken):
    (tmp_path / f"{DAY}-a.jsonl").write_bytes(a_line(1) + broken + a_line(2))
    report = reader.refresh()
    lacking = report.skipped_incomplete
    assert lacking == (broken in INCOMPLETE)
    assert report == RefreshReport(events=2, bad_lines=1, skipped_lines=1, skipped_incomplete=lacking, files=1)
    assert instances(reader) == ["api-1", "api-2"]
    assert reader.refresh() == RefreshReport(skipped_lines=1, skipped_incomplete=lacking, files=1)


def test_blank_lines_are_nothing(tmp_path, reader):
    (tmp_path / f"{DAY}-a.jsonl").write_bytes(b"\n\n" + a_line(1) + b"\n")
    assert reader.refresh() == RefreshReport(events=1, files=1)


def test_records_of_a_newer_version_are_left_out_and_counted_apart(tmp_path, reader):
    (tmp_path / f"{DAY}-a.jsonl").write_bytes(a_line(type="dream") + a_line(schema=2) + a_line(1))
    assert reader.refresh() == RefreshReport(events=1, unknown_lines=2, skipped_lines=2, skipped_unknown=2, files=1)


def test_new_fields_of_a_record_are_no_harm(tmp_path, reader):
    data = {"action": "started", "instance": "api-1", "version": "v", "mood": {"deep": [1]}}
    (tmp_path / f"{DAY}-a.jsonl").write_bytes(a_line(data=data, trace="x"))
    assert reader.refresh() == RefreshReport(events=1, files=1)


def test_several_processes_and_days_are_one_log(tmp_path, reader):
    for number, name in enumerate(("telemetry-2026-11-23-a", f"{DAY}-a", f"{DAY}-b")):
        (tmp_path / f"{name}.jsonl").write_bytes(a_line(number))
    (tmp_path / "other.jsonl").write_bytes(a_line(9))
    assert reader.refresh() == RefreshReport(events=3, files=3)
    assert instances(reader) == ["api-0", "api-1", "api-2"]


def test_rows_of_a_file_that_was_removed_go_with_it(tmp_path, reader):
    for name in ("a", "b"):
        (tmp_path / f"{DAY}-{name}.jsonl").write_bytes(a_line(ord(name)) + b"{broken\n")
    reader.refresh()
    (tmp_path / f"{DAY}-a.jsonl").unlink()
    assert reader.refresh() == RefreshReport(files=1, skipped_lines=1)
    assert instances(reader) == ["api-98"]


@pytest.mark.parametrize("after", [b"", a_line(7), a_line(7) * 5], ids=["emptied", "shorter", "longer"])
def test_a_replaced_file_is_read_again(tmp_path, reader, after):
    path = tmp_path / f"{DAY}-a.jsonl"
    path.write_bytes(a_line(1) + a_line(2))
    reader.refresh()
    path.write_bytes(after)
    assert reader.refresh().events == after.count(b"\n")
    assert instances(reader) == ["api-7"] * after.count(b"\n")
    assert reader.refresh() == RefreshReport(files=1)


def test_a_folder_that_vanishes_and_comes_back(tmp_path):
    directory = tmp_path / "log"
    directory.mkdir()
    with TelemetryReader(directory) as reader:
        (directory / f"{DAY}-a.jsonl").write_bytes(a_line(1))
        reader.refresh()
        directory.rename(tmp_path / "away")
        directory.write_text("a file now")
        assert reader.refresh() == RefreshReport()
        directory.unlink()
        (tmp_path / "away").rename(directory)
        assert reader.refresh() == RefreshReport(events=1, files=1)


def test_a_day_that_is_being_packed_is_never_counted_twice(tmp_path, reader):
    plain, packed = tmp_path / f"{DAY}-a.jsonl", tmp_path / f"{DAY}-a.jsonl.gz"
    plain.write_bytes(a_line(1) + a_line(2))
    reader.refresh()
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert reader.refresh() == RefreshReport(files=1)
    plain.unlink()
    assert reader.refresh() == RefreshReport(events=2, files=1)
    assert instances(reader) == ["api-1", "api-2"]
    assert reader.refresh() == RefreshReport(files=1)


def test_a_packed_day_counts_its_last_line_without_a_newline(tmp_path, reader):
    (tmp_path / f"{DAY}-a.jsonl.gz").write_bytes(gzip.compress(a_line(1) + a_line(2)[:-1]))
    assert reader.refresh() == RefreshReport(events=2, files=1)


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(a_line(1) * 500)[:-20]], ids=["not", "cut"])
def test_a_damaged_compressed_file_is_reported_until_it_is_repaired(tmp_path, reader, content):
    packed = tmp_path / f"{DAY}-a.jsonl.gz"
    (tmp_path / f"{DAY}-b.jsonl").write_bytes(a_line(1))
    packed.write_bytes(content)
    for _ in range(2):
        assert reader.refresh().unreadable == (packed.name,)
    packed.unlink()
    packed.write_bytes(gzip.compress(a_line(2)))
    assert reader.refresh().unreadable == ()
    assert instances(reader) == ["api-1", "api-2"]


def test_small_pieces_give_the_same_as_large_ones(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{DAY}-{name}.jsonl").write_bytes(b"".join(a_line(n) for n in range(50)) + a_line(51)[:9])
    (tmp_path / f"{DAY}-c.jsonl.gz").write_bytes(gzip.compress(b"".join(a_line(n) for n in range(50))))
    with TelemetryReader(tmp_path, piece_bytes=300) as small, TelemetryReader(tmp_path) as large:
        assert small.refresh() == large.refresh() == RefreshReport(events=150, files=3)
        assert instances(small) == instances(large)


def test_lines_are_not_lost_when_the_database_fails_half_way(tmp_path, reader, monkeypatch):
    (tmp_path / f"{DAY}-a.jsonl").write_bytes(a_line(1))
    monkeypatch.setattr(log_tables, "BROKEN", "nonsense")
    with pytest.raises(log_tables.duckdb.Error):
        reader.refresh()
    monkeypatch.undo()
    assert instances(reader) == []
    assert reader.refresh() == RefreshReport(events=1, files=1)


def test_many_threads_refresh_and_ask_at_once(tmp_path, reader):
    path = tmp_path / f"{DAY}-a.jsonl"
    path.write_bytes(b"")
    events, failures = [], []

    def look() -> None:
        try:
            for _ in range(10):
                events.append(reader.refresh().events)
                reader.query("SELECT count(*) FROM process WHERE instance = ?", ["api-1"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(100):
        with path.open("ab") as file:
            file.write(a_line(number))
    for thread in threads:
        thread.join()
    events.append(reader.refresh().events)
    assert failures == []
    assert sum(events) == 100 == len(instances(reader))


async def test_writer_and_reader_agree_over_a_night(tmp_path, reader):
    class Midnight:
        def __init__(self) -> None:
            self.times = iter([datetime(2026, 11, 24, 23, 59, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)] * 9)

        def now(self) -> datetime:
            return next(self.times)

        def monotonic(self) -> float:
            return 0.0

    writer = TelemetryWriter("api", TelemetrySettings(directory=str(tmp_path)), Midnight())
    writer.record(ProcessRecord(action="started", instance="i", version="v"))
    writer.record(ProcessRecord(action="stopped", instance="i", version="v"))
    await writer.flush()
    assert reader.refresh() == RefreshReport(events=2, files=2)
    assert [str(ts) for ts in reader.query("SELECT ts FROM process ORDER BY ts")["ts"]] == [
        "2026-11-24 23:59:00",
        "2026-11-25 00:00:00",
    ]


def test_closing_leaves_nothing_behind(tmp_path):
    reader = TelemetryReader(tmp_path)
    folder = reader._place.scratch
    assert folder.exists()
    reader.close()
    assert not folder.exists()


def _write(directory: Path, *records) -> None:
    (directory / f"{DAY}-w.jsonl").write_bytes(
        b"".join(a_line(type=TYPES[type(record)], data=record.model_dump(mode="json")) for record in records)
    )


def _is_list(value: object) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | dict)
