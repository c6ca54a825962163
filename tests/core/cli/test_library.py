"""`library export`, `import` and `delete`, with a server of the same library."""

import json

import pytest

from core.cli.library import DeleteOptions, delete_tasks, export_tasks, import_tasks
from core.errors import BadInput, BadSettings, Unavailable
from core.hunting.dump.export import ExportOrder
from core.hunting.records import session_mark
from core.library.lazy import LazyLibrary
from core.runtime import open_runtime
from tests.contracts.test_library import whole
from tests.core.cli.running import run
from tests.core.hunting.dump.test_export import hunted, settings_for

ADA = DeleteOptions(owner="ada", yes=True)


async def test_a_library_is_exported_while_the_server_runs_and_imported_into_another(tmp_path, capsys):
    settings, other = settings_for(tmp_path / "a"), settings_for(tmp_path / "b")
    async with open_runtime(settings) as runtime:
        sid = await hunted(runtime)
        assert await export_tasks(settings, ExportOrder(owner="ada"), str(tmp_path / "out")) == 0
        assert ": 1 task, 2 hunts." in capsys.readouterr().err
    assert await import_tasks(other, str(tmp_path / "out")) == 0
    assert "Imported: 1 task." in capsys.readouterr().err
    async with open_runtime(other) as runtime:
        assert (await runtime.store.read(sid)).owner == "ada"
        with pytest.raises(BadSettings, match="Another process uses the library"):
            await import_tasks(other, str(tmp_path / "out"))


@pytest.fixture
def redis_or_none(request):
    return request.getfixturevalue("redis_server").url if request.param == "redis" else ""


@pytest.mark.parametrize("redis_or_none", ["memory", "redis"], indirect=True)
async def test_a_persons_tasks_are_deleted_everywhere_and_recorded(tmp_path, capsys, redis_or_none):
    settings = settings_for(tmp_path, redis__url=redis_or_none)
    async with open_runtime(settings) as runtime:
        mine, other = await hunted(runtime, "ada"), await hunted(runtime, "bob")
        if redis_or_none:  # also while the server has the session
            assert await delete_tasks(settings, ADA) == 0
    if not redis_or_none:
        assert await delete_tasks(settings, ADA) == 0
    assert "Deleted: 1 task." in capsys.readouterr().err
    async with open_runtime(settings) as runtime:
        assert (await runtime.store.read(other)).owner == "bob"
        library = runtime.store.library
        assert await library.count() == 1
        events = {event.action: event.actor for event in await library.events(mine)}
        assert events["deleted"].endswith("(command line)")
        assert "telemetry_redacted" in events
    lines = [json.loads(line) for path in (tmp_path / "t").glob("*.jsonl") for line in path.read_text().splitlines()]
    replies = [
        one["data"]["reply"] for one in lines if one["type"] == "hunt" and one["data"]["session"] == session_mark(mine)
    ]
    assert replies == ["", ""]
    content = b"".join(path.read_bytes() for path in tmp_path.glob("l.sqlite*"))
    assert (b"ada.ipynb" in content, b"bob.ipynb" in content) == (False, True)
    assert mine.encode() in content, "the record of the deletion"


async def test_a_session_that_this_release_cannot_read_is_named_and_can_be_deleted(tmp_path, capsys):
    settings = settings_for(tmp_path)
    library = LazyLibrary(settings.library.url)
    await library.write([whole("s_new", owner="ada", state="draft")])
    await library.close()
    assert await export_tasks(settings, ExportOrder(), str(tmp_path / "out")) == 1
    assert "s_new: this release cannot read it" in capsys.readouterr().err
    assert await delete_tasks(settings, ADA) == 0
    library = LazyLibrary(settings.library.url, read_only=True)
    assert (await library.count(), (await library.events("s_new"))[-1].action) == (0, "deleted")
    await library.close()


async def test_what_to_delete_must_be_said_and_confirmed(tmp_path):
    settings = settings_for(tmp_path)
    with pytest.raises(BadInput, match="needs a person or a period"):
        await delete_tasks(settings, DeleteOptions(yes=True))
    async with open_runtime(settings) as runtime:
        await hunted(runtime)
        with pytest.raises(BadSettings, match="Another process uses the library"):
            await delete_tasks(settings, ADA)
    with pytest.raises(BadInput, match="Deleting needs a confirmation"):
        await delete_tasks(settings, DeleteOptions(owner="ada"))
    library = LazyLibrary(settings.library.url, read_only=True)
    assert await library.count() == 1
    await library.close()
    for command in (
        delete_tasks(settings_for(tmp_path, library__url="off"), ADA),
        import_tasks(settings_for(tmp_path, library__url="off"), "x"),
    ):
        with pytest.raises(Unavailable):
            await command


async def test_the_commands_and_their_errors(tmp_path):
    url = f"sqlite:///{tmp_path}/l.sqlite"
    async with open_runtime(settings_for(tmp_path)) as runtime:
        await hunted(runtime)
    words = ("library", "export", "--owner", "ada", "--since", "2020-01-01", "--until", "2099-01-01", "--out", "out")
    code, _, err = await run(tmp_path, *words, LIBRARY_URL=url)
    assert (code, err) == (0, "In out: 1 task, 2 hunts. The folder contains their full content: protect it.\n")
    code, _, err = await run(tmp_path, *words, LIBRARY_URL=url)
    assert (code, "out exists and is not an empty folder." in err) == (2, True)
    code, _, err = await run(tmp_path, "library", "import", "t", LIBRARY_URL=url)
    assert (code, "t is no dump of a library" in err) == (2, True)
