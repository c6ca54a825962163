"""`--out` never destroys what stands there: the new file is whole before it takes the place, other hunts are kept."""

import errno
import os

import pytest

from core.cli.places import places, write_notebook
from core.cli.sources import Source
from core.errors import BadInput

NEW, OLD = b'{"new": 1}', b'{"old": 1}'


def replaces(answer: bool):
    return lambda old: answer


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_written_with_the_rights_of_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        assert write_notebook(tmp_path / "a.ipynb", NEW, replaces=replaces(True)) is None
    finally:
        os.umask(before)
    assert (tmp_path / "a.ipynb").read_bytes() == NEW
    assert (tmp_path / "a.ipynb").stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["a.ipynb"]


@pytest.mark.parametrize("step", ["fsync", "replace", "write"])
def test_what_stood_there_stays_whole_when_the_disk_is_full(tmp_path, monkeypatch, step):
    place = tmp_path / "a.ipynb"
    place.write_bytes(OLD)

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    targets = {"fsync": "os.fsync", "replace": "pathlib.Path.replace", "write": "core.cli.places._written_beside"}
    monkeypatch.setattr(targets[step], full)
    with pytest.raises(BadInput, match="No space left") as refused:
        write_notebook(place, NEW, replaces=replaces(True))
    kept = refused.value.hint.removeprefix("The notebook is in ").removesuffix(".")
    monkeypatch.undo()
    assert place.read_bytes() == OLD
    assert names(tmp_path) == ["a.ipynb"]
    with open(kept, "rb") as file:  # noqa: PTH123
        assert file.read() == NEW
    os.unlink(kept)  # noqa: PTH108


def test_a_file_whose_hunts_are_not_in_the_new_one_is_kept_under_the_next_free_name(tmp_path):
    place = tmp_path / "done.ipynb"
    place.write_bytes(OLD)
    place.chmod(0o600)
    (tmp_path / "done.1.ipynb").write_bytes(b"taken")
    kept = write_notebook(place, NEW, replaces=replaces(False))
    assert kept == tmp_path / "done.2.ipynb"
    assert (kept.read_bytes(), place.read_bytes()) == (OLD, NEW)
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link_and_a_device_is_written_to(tmp_path):
    (tmp_path / "real.ipynb").write_bytes(OLD)
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    write_notebook(tmp_path / "link.ipynb", NEW, replaces=replaces(True))
    assert (tmp_path / "link.ipynb").is_symlink()
    assert (tmp_path / "real.ipynb").read_bytes() == NEW
    assert write_notebook(tmp_path / "link.ipynb", NEW, replaces=replaces(True)) is None
    (tmp_path / "null").symlink_to("/dev/null")
    assert write_notebook(tmp_path / "null", NEW, replaces=replaces(False)) is None


ONE = [Source("a.ipynb", OLD)]


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("loop", "links lead to each other"),
        ("dangling", "There is no folder .*/missing"),
        ("x" * 300 + ".ipynb", "File name too long"),
        ("folder", "a.ipynb is a folder"),
        ("none/a.ipynb", "There is no folder .*/none"),
    ],
)
def test_a_place_that_cannot_be_written_is_known_before_anything_is_hunted(tmp_path, out, says):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("missing/a.ipynb")
    (tmp_path / "folder" / "a.ipynb").mkdir(parents=True)
    with pytest.raises(BadInput, match=says) as refused:
        places(ONE, str(tmp_path / out))
    assert refused.value.hint


def test_a_name_that_ends_in_a_slash_is_a_folder(tmp_path):
    assert places(ONE, f"{tmp_path}/new/") == [tmp_path / "new" / "a.ipynb"]
    assert (tmp_path / "new").is_dir()


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path):
    place = tmp_path / ("x" * 249 + ".ipynb")
    assert places(ONE, str(place)) == [place]
    assert write_notebook(place, NEW, replaces=replaces(True)) is None
    assert place.read_bytes() == NEW


def test_where_the_disk_knows_no_links_the_old_file_is_kept_as_a_copy(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "done.ipynb").write_bytes(OLD)
    assert write_notebook(tmp_path / "done.ipynb", NEW, replaces=replaces(False)) == tmp_path / "done.1.ipynb"
    assert [(tmp_path / name).read_bytes() for name in names(tmp_path)] == [OLD, NEW]
