"""Names of telemetry files: their days, and which are outdated."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.telemetry.file_names import day_of, file_name, telemetry_files
from tests.core.telemetry.test_writer import a_writer


async def test_only_outdated_telemetry_files_are_removed(tmp_path, clock):
    kept = ["telemetry-2026-11-22-a.jsonl", "telemetry-2026-11-24-a.jsonl", "notes-2020-01-01-a.jsonl", "telemetry.txt"]
    gone = ["telemetry-2026-11-21-a.jsonl", "telemetry-2020-01-01-b.jsonl.gz"]
    for name in kept + gone:
        (tmp_path / name).write_text("{}\n")
    writer = a_writer(tmp_path, clock, retention_days=2)
    await writer.flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    clock.at += timedelta(days=1)
    await writer.flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept[1:])


@pytest.mark.parametrize("instance", ["../../etc/passwd", "a/b\\c", "", "...", "x" * 500, "häuschen 1\n"])
def test_an_instances_name_never_leaves_the_folder(tmp_path, instance):
    path = tmp_path / file_name(datetime(2026, 11, 24, tzinfo=UTC).date(), instance)
    assert path.parent == tmp_path
    assert path.resolve().parent == tmp_path.resolve()
    assert day_of(path.name) == datetime(2026, 11, 24, tzinfo=UTC).date()
    assert len(path.name) < 200


def test_a_name_has_the_day_of_its_records_and_stays_in_its_folder():
    name = file_name(date(2026, 3, 1), "../../a b")
    assert (name, day_of(name), day_of(f"{name}.gz")) == (
        "telemetry-2026-03-01-a-b.jsonl",
        date(2026, 3, 1),
        date(2026, 3, 1),
    )
    assert file_name(date(2026, 3, 1), "..") == "telemetry-2026-03-01-unnamed.jsonl"
    assert [day_of(other) for other in ("telemetry-2026-13-01-a.jsonl", "notes.jsonl", f"{name}.tmp", f"x{name}")] == [
        None
    ] * 4


def test_files_are_listed_by_day_and_one_that_is_being_packed_once(tmp_path):
    assert telemetry_files(tmp_path / "nowhere") == []
    for name in (
        "telemetry-2026-03-02-a.jsonl",
        "telemetry-2026-03-01-a.jsonl.gz",
        "telemetry-2026-03-02-a.jsonl.gz",
        "x.txt",
    ):
        (tmp_path / name).touch()
    assert [path.name for path in telemetry_files(tmp_path)] == [
        "telemetry-2026-03-01-a.jsonl.gz",
        "telemetry-2026-03-02-a.jsonl",
    ]
