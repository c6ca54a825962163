"""`tasks` reads the library, also while a server has it; the output of GET /api/tasks is that of `--json`."""

import json
import shutil

import pytest

from core.cli.tasks import open_read_only, show_tasks
from core.errors import Unavailable
from core.hunting.task_list import list_tasks
from core.hunting.views.serialize import to_json
from core.library.base import LibraryAway
from core.library.lazy import LazyLibrary
from core.library.records import TaskQuery
from core.settings import LibrarySettings
from tests.contracts.test_library_lists import a_task
from tests.core.cli.running import run


@pytest.fixture
async def server(tmp_path):
    """The library as a server has it open, with three tasks, and its address."""
    url = f"sqlite:///{tmp_path}/library/library.sqlite"
    library = LazyLibrary(url)
    tasks = [
        a_task("s_one", 10_000, name="one.ipynb", text="krypton lamp"),
        a_task("s_two", 20_000, name="two.ipynb", owner="bob", text="krypton"),
        a_task("s_three", 30_000, name="three.ipynb", state="hunting"),
    ]
    await library.write(tasks)
    yield url, library
    await library.close()


async def shown(capsys, url, as_json=False, **query):
    code = await show_tasks(LibrarySettings(url=url), TaskQuery(**query), as_json=as_json)
    return code, *capsys.readouterr()


async def test_tasks_are_listed_and_searched(server, capsys):
    url, _ = server
    code, out, err = await shown(capsys, url)
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["task", "three.ipynb", "two.ipynb", "one.ipynb"]
    assert [*await shown(capsys, url, text="lam")][1].splitlines()[1].split()[:3] == ["one.ipynb", "draft", "ada"]
    code, out, err = await shown(capsys, url, owner="bob", states=("hunting",))
    assert (code, out, err) == (1, "", "No tasks match.\n")


async def test_a_script_reads_what_the_api_returns_a_page_at_a_time(server, capsys):
    url, library = server
    code, out, _ = await shown(capsys, url, as_json=True, limit=2)
    expected = await list_tasks(library, TaskQuery(limit=2))
    assert (code, json.loads(out)) == (0, json.loads(to_json(expected)))
    assert json.loads(out)["next"] == "20000-s_two"


async def test_a_library_that_no_server_has_made_is_neither_created_nor_changed(tmp_path, capsys):
    url = f"sqlite:///{tmp_path}/none/library.sqlite"
    with pytest.raises(LibraryAway, match="its file cannot be opened"):
        await shown(capsys, url)
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(LibraryAway, match="it has no tables yet"):
        await shown(capsys, f"sqlite:///{tmp_path}/empty.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["empty.sqlite"]
    assert (tmp_path / "empty.sqlite").stat().st_size == 0
    with pytest.raises(Unavailable, match="LIBRARY_URL=off"):
        await shown(capsys, "off")


async def test_a_reader_cannot_write(server, postgres_server):
    postgres = postgres_server.new_database()
    writer = LazyLibrary(postgres)
    await writer.open()
    await writer.close()
    for url in (server[0], postgres):
        async with open_read_only(LibrarySettings(url=url)) as library:
            assert await library.count() == (0 if url == postgres else 3)
            with pytest.raises(LibraryAway):
                await library.write([a_task("s_new")])


async def test_a_path_with_special_characters_and_a_stopped_server(server, tmp_path, capsys):
    url, library = server
    await library.close()
    odd = tmp_path / "a b%20?#"
    shutil.copytree(tmp_path / "library", odd)
    code, out, _ = await shown(capsys, url)
    assert (code, len(out.splitlines())) == (0, 4)
    async with open_read_only(LibrarySettings(url=f"sqlite:///{tmp_path}/a b%20")) as none:
        with pytest.raises(LibraryAway):
            await none.count()


async def test_the_command_reads_the_setting(server, tmp_path):
    code, out, err = await run(tmp_path, "tasks", "krypton", "--owner", "bob", LIBRARY_URL=server[0])
    assert (code, err, out.splitlines()[1].split()[:3]) == (0, "", ["two.ipynb", "draft", "bob"])
    code, out, err = await run(tmp_path, "tasks", "--state", "finished", LIBRARY_URL=server[0])
    assert (code, "there is no state" in err) == (2, True)
