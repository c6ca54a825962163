"""The notebooks of a command: files, folders, standard input."""

import json
from io import BytesIO, TextIOWrapper

import pytest

from core.cli.input_files import Source, read_sources
from core.errors import BadInput
from core.notebooks.examples import read_example
from tests.core.cli.running import run


async def test_a_folder_is_hunted_at_once_and_a_bad_notebook_in_it_stops_nothing(folder):
    (folder / "a-broken.ipynb").write_text("not a notebook")
    (folder / "cake.ipynb").write_bytes(read_example("cake-acrostic"))
    words = ("hunt", ".", "--model", "simulated/hasty", "--hunts", "2", "--out", "finished")
    code, out, err = await run(folder, *words)
    assert code == 2
    assert "a-broken.ipynb: The file is not JSON" in err
    assert "words.ipynb: completed" in out
    assert sorted(path.name for path in (folder / "finished").iterdir()) == ["cake.ipynb", "words.ipynb"]
    code, out, _ = await run(folder, "check", ".", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [(t["notebook"], "error" in t) for t in told] == [
        ("a-broken.ipynb", True),
        ("cake.ipynb", False),
        ("words.ipynb", False),
    ]


def test_a_folders_notebooks_are_sorted_and_the_file_itself_is_read_as_it_is(folder):
    (folder / "a.ipynb").write_bytes(b"{}")
    (folder / "notes.txt").write_bytes(b"")
    assert [source.name for source in read_sources([str(folder)])] == ["a.ipynb", "words.ipynb"]
    assert list(read_sources([str(folder / "a.ipynb")])) == [Source("a.ipynb", b"{}")]


def test_standard_input_is_a_notebook_without_a_name(monkeypatch):
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"{}")))
    assert list(read_sources(["-"])) == [Source("stdin.ipynb", b"{}")]


def test_what_cannot_be_read_is_named(folder):
    (folder / "empty").mkdir()
    for path, said in (("none.ipynb", "none.ipynb cannot be read: No such file"), ("empty", "No .ipynb file in ")):
        with pytest.raises(BadInput) as refused:
            list(read_sources([str(folder / path)]))
        assert said in refused.value.message
