"""What a dump has, and that it is there whole or not at all (core.hunting.dump.parquet)."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from core.domain.session import Visibility
from core.errors import BadInput
from core.hunting.dump import export
from core.hunting.dump.export import ExportOrder, export_library
from core.hunting.dump.layout import check_files, read_manifest
from core.hunting.dump.parquet import write_parquet
from core.hunting.orders import OpenOrder, RunOrder
from core.library.lazy import LazyLibrary
from core.library.records import LibraryEvent
from core.notebooks.examples import read_example
from core.runtime import open_runtime
from tests.settings import make_settings

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def settings_for(folder, **changes):
    made = {
        "library__url": f"sqlite:///{folder}/l.sqlite", "telemetry__directory": f"{folder}/t", "redis__journal_dir": f"{folder}/j",
        "library__flush_interval_s": 0.05,
    }  # fmt: skip
    return make_settings(**(made | changes))


async def hunted(runtime, owner="ada", **order):
    """A task with two hunts, in the library."""
    session = await runtime.service.open_notebook(
        read_example("word-budget"), f"{owner}.ipynb", OpenOrder(owner=owner, **order)
    )
    await runtime.service.start_run(session.session_id, RunOrder(models=("simulated/hasty",), hunts=2))
    while (await runtime.store.read(session.session_id)).active_runs:
        await asyncio.sleep(0.02)
    await runtime.store.flush()
    return session.session_id


@asynccontextmanager
async def read_only(settings):
    library = LazyLibrary(settings.library.url, read_only=True)
    try:
        yield library
    finally:
        await library.close()


@pytest.fixture
async def made(tmp_path):
    """A running server's settings with two tasks, one of them blind, and their IDs."""
    settings = settings_for(tmp_path)
    async with open_runtime(settings) as runtime:
        open_, blind = await hunted(runtime), await hunted(runtime, "bob", visibility=Visibility.BLIND)
        await runtime.store.library.set_archived(open_, True, LibraryEvent("a", 1, "ada", "archived"))
        yield settings, runtime, open_, blind


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_dump_has_notebooks_lines_and_tables_while_the_server_runs(made, tmp_path):
    settings, runtime, sid, blind = made
    out, told = tmp_path / "out", []
    async with read_only(settings) as library:
        result = await export_library(library, ExportOrder(), out, NOW, lambda *done: told.append(done))
    assert (result.sessions, result.hunts, told) == (2, 4, [(1, 2), (2, 2)])
    assert (result.not_delivered, result.unreadable) == ((), ())
    assert (out / f"originals/{sid}.ipynb").read_bytes() == read_example("word-budget")
    for one in (sid, blind):
        assert (out / f"notebooks/{one}.ipynb").read_bytes() == (await runtime.service.deliver(one)).notebook
    lines = {line["session_id"]: line for line in rows(out / "sessions.jsonl")}
    assert {one: line["archived"] for one, line in lines.items()} == {sid: True, blind: False}
    assert lines[sid]["head"]["owner"] == "ada"
    assert lines[sid]["events"][0]["action"] in {"created", "archived"}
    assert {(line["session_id"], line["state"]["number"]) for line in rows(out / "hunts.jsonl")} == {
        (one, number) for one in (sid, blind) for number in (1, 2)
    }
    check_files(out, read_manifest(out))
    assert {oct(path.stat().st_mode & 0o077) for path in (out, *out.rglob("*"))} == {"0o0"}


async def test_tables_have_a_row_for_each_hunt_and_no_verdicts_of_a_sealed_session(made, tmp_path):
    settings, _, sid, blind = made
    async with read_only(settings) as library:
        await export_library(library, ExportOrder(), tmp_path / "out", NOW)
    columns = "session_id, judge_model <> '', cardinality(verdicts) > 0, outcome <> '', length(reply) > 0"
    found = duckdb.sql(f"SELECT DISTINCT {columns} FROM '{tmp_path}/out/hunts.parquet'")
    assert set(found.fetchall()) == {(sid, True, True, True, True), (blind, False, False, True, True)}
    found = duckdb.sql(
        f"SELECT owner, archived, sealed, hunts, state, changed_at > created_at FROM '{tmp_path}/out/sessions.parquet'"
    )
    assert sorted(found.fetchall()) == [
        ("ada", True, False, 2, "hunting", True),
        ("bob", False, True, 2, "hunting", True),
    ]


async def test_of_one_person_or_one_period(made, tmp_path):
    settings, runtime, sid, blind = made
    now = runtime.clock.now()

    async def exported(number, **order):
        async with read_only(settings) as library:
            await export_library(library, ExportOrder(**order), tmp_path / str(number), NOW)
        return {line["session_id"] for line in rows(tmp_path / str(number) / "sessions.jsonl")}

    hour = timedelta(hours=1)
    assert await exported(1, owner="ada") == {sid}
    assert await exported(2, since=now - hour, until=now + hour) == {sid, blind}
    assert await exported(3, since=now + hour) == set()
    assert await exported(4, until=now - hour) == set()
    assert duckdb.sql(f"FROM '{tmp_path}/4/hunts.parquet'").fetchall() == []


async def test_what_cannot_be_written_leaves_nothing(made, tmp_path, monkeypatch):
    settings = made[0]
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()

    async def rejected(out):
        async with read_only(settings) as library:
            with pytest.raises(BadInput) as error:
                await export_library(library, ExportOrder(), out, NOW)
        return error.value.message

    before = set(tmp_path.iterdir())
    assert "is not an empty folder" in await rejected(tmp_path / "full")
    assert "is not an empty folder" in await rejected(tmp_path / "full/file")
    monkeypatch.chdir(tmp_path)
    assert "is not an empty folder" in await rejected(Path())
    with pytest.raises(OSError, match="Cannot open file"):
        write_parquet(tmp_path / "full/file", tmp_path / "none/t.parquet", {"name": "VARCHAR"})
    monkeypatch.setattr(
        export, "write_parquet", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    assert "No space left" in await rejected(tmp_path / "new")
    assert set(tmp_path.iterdir()) == before
