"""A long log opens with its newest days; older ones follow in a thread, and what is missing meanwhile is said."""

import json
import threading
from datetime import date
from pathlib import Path

import duckdb
import pytest

from core.telemetry import background_reading
from core.telemetry.background_reading import Following
from core.telemetry.reader import RefreshReport, TelemetryReader

DAYS = ("2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23")
WAIT_S = 30


def lines(day: str, number: int) -> bytes:
    data = {"action": "started", "instance": day, "version": "0.1.0"}
    return b"".join(
        json.dumps({"ts": f"{day}T10:00:00Z", "type": "process", "schema": 1, "data": data}).encode() + b"\n"
        for _ in range(number)
    )


DAY_BYTES = len(lines(DAYS[0], 10))


@pytest.fixture(autouse=True)
def one_day_at_once(monkeypatch):
    monkeypatch.setattr(background_reading, "FIRST_READ_BYTES", 1)


@pytest.fixture
def log(tmp_path) -> Path:
    for day in DAYS:
        for instance in ("a", "b"):
            (tmp_path / f"telemetry-{day}-{instance}.jsonl").write_bytes(lines(day, 5))
    return tmp_path


@pytest.fixture
def held_back(monkeypatch):
    """The thread reads on only when this is set; it is set at the end in any case."""
    may_go, refresh = threading.Event(), TelemetryReader.refresh

    def wait_first(self: TelemetryReader, max_bytes: int | None = None) -> RefreshReport:
        if threading.current_thread().name == "telemetry-older-days":
            assert may_go.wait(WAIT_S)
        return refresh(self, max_bytes)

    monkeypatch.setattr(TelemetryReader, "refresh", wait_first)
    yield may_go
    may_go.set()


def there(reader: TelemetryReader) -> dict[str, int]:
    found = reader.query("SELECT instance, count(*) AS n FROM process GROUP BY 1 ORDER BY 1")
    return {str(day): int(n) for day, n in found.itertuples(index=False)}


@pytest.mark.parametrize(("max_bytes", "days"), [(1, 1), (DAY_BYTES, 1), (DAY_BYTES + 1, 2), (10**9, 4), (None, 4)])
def test_newest_days_come_first_and_each_as_a_whole(log, max_bytes, days):
    with TelemetryReader(log) as reader:
        report = reader.refresh(max_bytes)
        assert there(reader) == dict.fromkeys(DAYS[-days:], 10)
        waiting = [path for path in log.glob("*.jsonl") if path.name[10:20] in DAYS[:-days]]
        assert report.waiting_bytes == sum(path.stat().st_size for path in waiting)
        assert report.complete_after == (date.fromisoformat(DAYS[-days - 1]) if waiting else None)


def test_what_waits_is_read_step_by_step_and_nothing_twice(log):
    with TelemetryReader(log) as reader:
        steps = [reader.refresh(1) for _ in range(5)]
        assert [step.events for step in steps] == [10, 10, 10, 10, 0]
        assert [bool(step.waiting_bytes) for step in steps] == [True, True, True, False, False]
        assert there(reader) == dict.fromkeys(DAYS, 10)


def test_new_records_of_today_come_before_older_days(log):
    with TelemetryReader(log) as reader:
        reader.refresh(1)
        with (log / f"telemetry-{DAYS[-1]}-a.jsonl").open("ab") as file:
            file.write(lines(DAYS[-1], 1))
        reader.refresh(1)
        assert there(reader)[DAYS[-1]] == 11


def test_the_first_look_is_answered_while_older_days_are_being_read(log, held_back):
    followed = Following(TelemetryReader(log))
    first, again = followed.look(), followed.look()
    assert there(followed.reader) == {DAYS[-1]: 10}
    assert first.complete_after == again.complete_after == date.fromisoformat(DAYS[-2])
    held_back.set()
    assert followed.wait(WAIT_S)
    assert there(followed.reader) == dict.fromkeys(DAYS, 10)
    assert followed.look().complete_after is None
    followed.close()


def test_closing_ends_the_reading_after_a_step(log, held_back, monkeypatch):
    monkeypatch.setattr(background_reading, "STEP_BYTES", 1)
    followed = Following(TelemetryReader(log))
    followed.look()
    closing = threading.Thread(target=followed.close)
    closing.start()
    assert followed._closing.wait(WAIT_S)
    held_back.set()
    closing.join(WAIT_S)
    assert not closing.is_alive()
    with pytest.raises(duckdb.Error):
        followed.reader.query("SELECT 1")


def test_a_reading_that_fails_is_begun_again_by_the_next_look(log, monkeypatch):
    refresh, failures = TelemetryReader.refresh, [duckdb.IOException("disk")]

    def failing(self: TelemetryReader, max_bytes: int | None = None) -> RefreshReport:
        if threading.current_thread().name == "telemetry-older-days" and failures:
            raise failures.pop()
        return refresh(self, max_bytes)

    monkeypatch.setattr(TelemetryReader, "refresh", failing)
    followed = Following(TelemetryReader(log))
    assert followed.look().waiting_bytes
    assert followed.wait(WAIT_S)
    assert len(there(followed.reader)) == 1
    followed.look()
    assert followed.wait(WAIT_S)
    assert there(followed.reader) == dict.fromkeys(DAYS, 10)
    followed.close()
