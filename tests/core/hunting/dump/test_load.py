"""A dump is imported whole or not at all, and again without a change (core.hunting.dump.layout)."""

import json
import re
import shutil

import pytest

from core.errors import BadInput
from core.hunting.dump.export import ExportOrder, export_library
from core.hunting.dump.layout import file_of, read_manifest
from core.hunting.dump.load import ImportResult, import_dump
from core.library.lazy import LazyLibrary
from core.library.records import SessionChanges, TaskQuery
from core.runtime import open_runtime
from core.sessions.codec import read_head
from tests.core.hunting.dump.test_export import NOW, hunted, made, read_only, settings_for

__all__ = ["made"]
NOW_MS = 1_800_000_000_000


@pytest.fixture
async def dump(made, tmp_path):
    async with read_only(made[0]) as library:
        await export_library(library, ExportOrder(), tmp_path / "out", NOW)
    return tmp_path / "out"


@pytest.fixture
async def other(tmp_path):
    library = LazyLibrary(f"sqlite:///{tmp_path}/other/l.sqlite")
    yield library
    await library.close()


async def content(library, sid):
    return await library.read(sid), [e for e in await library.events(sid) if not e.event_id.startswith("imported")]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_another_library_has_the_same_tasks_and_opens_them(made, dump, tmp_path, request, database):
    _, runtime, sid, blind = made
    url = f"sqlite:///{tmp_path}/other.sqlite"
    if database == "postgresql":
        url = request.getfixturevalue("postgres_server").new_database()
    library = LazyLibrary(url)
    assert await import_dump(library, dump, NOW_MS) == ImportResult(written=2, unchanged=0, deleted=0)
    for one in (sid, blind):
        assert await content(library, one) == await content(runtime.store.library, one)
    for archived in (True, False):
        query = TaskQuery(archived=archived)
        assert await library.tasks(query) == await runtime.store.library.tasks(query)
    assert await import_dump(library, dump, NOW_MS) == ImportResult(written=0, unchanged=2, deleted=0)
    await library.close()
    expected = (await runtime.service.deliver(blind)).notebook
    async with open_runtime(settings_for(tmp_path / "elsewhere", library__url=url)) as elsewhere:
        assert (await elsewhere.service.deliver(blind)).notebook == expected


async def test_newer_and_deleted_tasks_of_the_library_stay(made, dump, other, tmp_path):
    _, runtime, sid, blind = made
    await import_dump(other, dump, NOW_MS)
    before = await runtime.store.read(blind)
    await runtime.store.change(blind, lambda s: s.model_copy(update={"name": "newer"}))
    await runtime.store.flush()
    async with read_only(made[0]) as library:
        await export_library(library, ExportOrder(owner="bob"), tmp_path / "newer", NOW)
    await other.write([SessionChanges(sid, NOW_MS, deleted_by="ada")])
    assert await import_dump(other, tmp_path / "newer", NOW_MS) == ImportResult(1, 0, 0)
    assert await import_dump(other, dump, NOW_MS) == ImportResult(written=0, unchanged=1, deleted=1)
    assert (await other.progress([sid, blind]))[blind].version == before.version + 1
    assert await other.read(sid) is None


def rewrite(folder, name, change):
    """As somebody who also corrects the hash."""
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = file_of(path).model_dump()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def set_manifest(folder, **changes):
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    (folder / "manifest.json").write_text(json.dumps(manifest))


DAMAGES = {
    "no manifest": (lambda d: (d / "manifest.json").unlink(), "no dump"),
    "not JSON": (lambda d: (d / "manifest.json").write_text("{"), "not a manifest"),
    "a newer schema": (lambda d: set_manifest(d, schema_version=2), "this release reads"),
    "something else": (lambda d: set_manifest(d, format="zip"), "this release reads"),
    "a changed byte": (lambda d: (d / "hunts.jsonl").open("ab").write(b"\n"), "hash differs"),
    "a lost file": (lambda d: next((d / "originals").iterdir()).unlink(), "cannot be read"),
    "a file outside": (lambda d: set_manifest(d, files={"../l.sqlite": {"sha256": "", "size_bytes": 1}}), "outside"),
    "no lines": (lambda d: set_manifest(d, files={}), "lacks hunts.jsonl, sessions.jsonl"),
    "half a line": (lambda d: rewrite(d, "sessions.jsonl", lambda b: b[:-40]), "Line 2 of sessions.jsonl"),
    "not a hunt": (lambda d: rewrite(d, "hunts.jsonl", lambda b: b.replace(b'"number"', b'"n"')), "Line 1 of hunts.jsonl"),
    "a list": (lambda d: rewrite(d, "hunts.jsonl", lambda b: b"[]\n" + b), "Line 1 of hunts.jsonl"),
    "another's hunts": (lambda d: rewrite(d, "hunts.jsonl", lambda b: b.replace(b'"session_id":"s', b'"session_id":"x')), "lacks"),
    "a hunt too few": (lambda d: rewrite(d, "hunts.jsonl", lambda b: b[: b[:-1].rindex(b"\n") + 1]), "3 hunts"),
    "a foreign ID": (lambda d: rewrite(d, "sessions.jsonl", lambda b: b.replace(b'"session_id":"s_', b'"session_id":"../')), "Line 1"),
}  # fmt: skip


ODD = {
    "a time that is a text": (rb'"at_ms":\d+', b'"at_ms":"1"'),
    "a time beyond all": (rb'"at_ms":\d+', b'"at_ms":1%s' % (b"0" * 30)),
    "no text": (rb'"action":"\w+"', b'"action":null'),
    "half a text": (rb'"action":"\w+"', rb'"action":"\\u0000"'),
    "a word for no": (rb'"archived":\w+', b'"archived":"no"'),
    "a huge version": (rb'"version":\d+', b'"version":1%s' % (b"0" * 20)),
    "too deep": (rb"\A", b"[" * 100_000 + b"]" * 100_000 + b"\n"),
}
"""In the lines of sessions: a database takes some of it, or rejects it when other tasks are written already."""
DAMAGES |= {
    name: (lambda d, odd=odd: rewrite(d, "sessions.jsonl", lambda b: re.sub(*odd, b)), "Line 1")
    for name, odd in ODD.items()
}


async def test_nothing_of_a_damaged_dump_is_written(dump, other, tmp_path):
    for name, (break_it, message) in DAMAGES.items():
        copy = tmp_path / name
        shutil.copytree(dump, copy)
        break_it(copy)
        with pytest.raises(BadInput) as error:
            await import_dump(other, copy, NOW_MS)
        assert message in error.value.message, name
        assert error.value.hint
    assert await other.count() == 0


async def test_texts_that_utf_8_cannot_encode_come_back(tmp_path, other):
    settings = settings_for(tmp_path)
    async with open_runtime(settings) as runtime:
        sid = await hunted(runtime)
        lone = "a\ud800b"
        await runtime.store.change(sid, lambda s: s.model_copy(update={"name": lone}))
        await runtime.store.flush()
        async with read_only(settings) as library:
            result = await export_library(library, ExportOrder(), tmp_path / "out", NOW)
    assert (result.sessions, result.not_delivered) == (read_manifest(tmp_path / "out").sessions, (lone,))
    await import_dump(other, tmp_path / "out", NOW_MS)
    assert read_head((await other.read(sid)).head).name == lone
