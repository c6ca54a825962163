"""The telemetry of a deleted session loses its texts, with and without a library."""

import json

import pytest

from core.hunting import telemetry_redactor
from core.hunting.orders import OpenOrder
from core.hunting.records import session_mark
from core.hunting.telemetry_redactor import TelemetryRedactor
from core.notebooks.examples import read_example
from core.runtime import open_runtime
from core.sessions.library_records import ACTOR
from core.telemetry.redact_deleted import Redacted
from tests.builders import HandClock
from tests.core.sessions.outages import until
from tests.settings import make_settings


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(telemetry_redactor, "EVERY_S", 0.05)


def settings_for(folder, url):
    return make_settings(
        library__url=url, telemetry__directory=f"{folder}/t", redis__journal_dir=f"{folder}/j",
        library__flush_interval_s=0.05,
    )  # fmt: skip


def records(folder, sid):
    lines = [json.loads(line) for path in (folder / "t").glob("*.jsonl") for line in path.read_bytes().splitlines()]
    return [one["data"] for one in lines if one["data"].get("session") == session_mark(sid)]


def with_names(folder, sid):
    return [one["action"] for one in records(folder, sid) if one.get("notebook")]


async def opened(runtime):
    order = OpenOrder(owner="ada")
    return (await runtime.service.open_notebook(read_example("word-budget"), "w.ipynb", order)).session_id


@pytest.mark.parametrize("library", [True, False])
async def test_a_deletion_reaches_the_log_and_is_recorded(tmp_path, library):
    async with open_runtime(settings_for(tmp_path, f"sqlite:///{tmp_path}/l.sqlite" if library else "off")) as runtime:
        sid, other = await opened(runtime), await opened(runtime)
        await runtime.telemetry.flush()
        assert with_names(tmp_path, sid) == ["created"]
        ACTOR.set("boss")
        await runtime.service.delete(sid)
        await until(lambda: len(records(tmp_path, sid)) == 2 and not with_names(tmp_path, sid))
        assert with_names(tmp_path, other) == ["created"]
        assert [one["trainer"] for one in records(tmp_path, sid)] == ["", "ada"]
        recorded = [("boss", "deleted"), ("", "telemetry_redacted")] if library else []
        while [(e.actor, e.action) for e in await events(runtime, sid)][-2:] != recorded:
            assert library


async def events(runtime, sid):
    return await runtime.store.library.events(sid) if hasattr(runtime.store, "library") else []


async def test_without_a_library_a_restarted_process_learns_of_deletions_from_the_log(tmp_path, monkeypatch):
    settings = settings_for(tmp_path, "off")
    monkeypatch.setattr(telemetry_redactor, "EVERY_S", 3600.0)
    async with open_runtime(settings) as runtime:
        sid = await opened(runtime)
        await runtime.service.delete(sid)
    assert with_names(tmp_path, sid) == ["created", "deleted"]
    monkeypatch.setattr(telemetry_redactor, "EVERY_S", 0.05)
    async with open_runtime(settings):
        await until(lambda: not with_names(tmp_path, sid))


async def test_a_start_removes_the_copy_of_a_redaction_that_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(telemetry_redactor, "EVERY_S", 3600.0)
    (tmp_path / "t").mkdir()
    copy = tmp_path / "t" / ".telemetry-2026-11-24-one.jsonl.redacting"
    copy.write_bytes(b"secret words")
    async with open_runtime(settings_for(tmp_path, "off")):
        await until(lambda: not copy.exists())


class _Telemetry:
    flushed = 0

    async def flush(self):
        self.flushed += 1


async def test_a_log_is_redacted_again_after_calls_in_flight_have_ended_and_then_never(tmp_path, monkeypatch):
    results, asked = [Redacted(failed=1), Redacted(records=1, files=1), Redacted()], []

    def redact(_folder, marks, _stopping):
        asked.append(set(marks))
        return results[len(asked) - 1]

    monkeypatch.setattr(telemetry_redactor, "redact_sessions", redact)
    clock, telemetry = HandClock(), _Telemetry()
    redactor = TelemetryRedactor(telemetry, tmp_path, 30, None, clock)
    redactor.add("s_one")
    for _ in range(4):
        await redactor.redact()
    assert asked == [{session_mark("s_one")}] * 2, "what failed is tried again"
    clock.seconds += 660
    for _ in range(3):
        await redactor.redact()
    assert (len(asked), telemetry.flushed) == (3, 3)
