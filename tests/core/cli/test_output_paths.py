"""`--out` never destroys an existing file: the new file is complete before it replaces the old one, and other hunts
are kept."""

import errno
import json
import os
import re
from pathlib import Path

import pytest

from core.cli.input_files import Source
from core.cli.output_paths import places, write_notebook
from core.errors import BadInput
from tests.core.cli.test_output import HUNT, shell

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
def test_the_old_file_is_unchanged_when_the_disk_is_full(tmp_path, monkeypatch, step):
    place = tmp_path / "a.ipynb"
    place.write_bytes(OLD)

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    targets = {"fsync": "os.fsync", "replace": "pathlib.Path.replace", "write": "core.cli.output_paths._written_beside"}
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
        ("loop", "links form a cycle"),
        ("dangling", "Folder not found: .*/missing"),
        ("x" * 300 + ".ipynb", "File name too long"),
        ("folder", "a.ipynb is a folder"),
        ("none/a.ipynb", "Folder not found: .*/none"),
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


@pytest.mark.parametrize("out", ["-", "/dev/stdout", "/dev/fd/1", "same.ipynb"])
async def test_a_notebook_on_standard_output_is_alone_there_and_the_report_beside_it(folder, out):
    (folder / "same.ipynb").write_text("what the shell empties")
    _, err = await shell(folder, f"{HUNT} --out {out} > same.ipynb")
    assert len(json.loads((folder / "same.ipynb").read_bytes())["metadata"]["model_hunter"]["hunts"]) == 2
    assert "words.ipynb: completed" in err
    assert "Wrote standard output" in err


@pytest.mark.parametrize(
    "redirection", ["5>> log --out /dev/fd/5", "2>> log --out /dev/stderr", "5>> log --out to-five"]
)
async def test_an_open_file_is_written_on_and_neither_cut_off_nor_replaced(folder, redirection):
    (folder / "log").write_text("before\n")
    (folder / "to-five").symlink_to("/dev/fd/5")
    inode = (folder / "log").stat().st_ino
    out, _ = await shell(folder, f"{HUNT} {redirection}")
    log = (folder / "log").read_text()
    assert (log.startswith("before\n"), '"model_hunter"' in log, (folder / "log").stat().st_ino) == (True, True, inode)
    assert "words.ipynb: completed" in out


async def test_a_notebook_that_standard_output_refuses_is_kept(folder):
    out, err = await shell(folder, f"{HUNT} --out - > /dev/full; echo $?")
    kept = Path(re.search(r"The notebook is in (\S+)\.$", err, re.MULTILINE)[1])
    assert json.loads(kept.read_bytes())["metadata"]["model_hunter"]["hunts"]
    kept.unlink()
    assert (out.strip(), "Traceback" in err) == ("2", False)


async def test_a_pipe_takes_the_notebook(folder):
    os.mkfifo(folder / "pipe")
    out, err = await shell(folder, f"cat pipe > done.ipynb & {HUNT} --out pipe; wait")
    assert json.loads((folder / "done.ipynb").read_bytes())["metadata"]["model_hunter"]["hunts"]
    assert "words.ipynb: completed" in out
    assert "Wrote pipe" in err


@pytest.mark.parametrize(("words", "said"), [
    ("--out - --json", "--json and --out both write to standard output"),
    ("words.ipynb --out -", "2 notebooks cannot share standard output"),
])  # fmt: skip
async def test_standard_output_that_is_taken_is_refused_before_anything_is_hunted(folder, words, said):
    out, err = await shell(folder, f"core hunt --model simulated/hasty words.ipynb {words}")
    assert (out, said in err, "hunting" in err) == ("", True, False)


def test_a_file_may_be_named_like_the_sign_for_standard_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (place,) = places([Source("x.ipynb", b"")], "./-")
    write_notebook(place, NEW, replaces=replaces(True))
    assert (tmp_path / "-").read_bytes() == NEW


@pytest.mark.parametrize("out", ["done.ipynb", "link.ipynb", "."])
def test_a_read_only_file_is_never_replaced(tmp_path, out):
    name = "a.ipynb" if out == "." else "done.ipynb"
    (tmp_path / name).write_bytes(OLD)
    (tmp_path / name).chmod(0o444)
    (tmp_path / "link.ipynb").symlink_to(name)
    with pytest.raises(BadInput, match="is read-only"):
        places(ONE, str(tmp_path / out))
    assert (tmp_path / name).read_bytes() == OLD


def test_a_folder_that_takes_no_file_is_known_before_anything_is_hunted(tmp_path, monkeypatch):
    def refuse(**_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(BadInput, match="cannot be written to: Read-only file system"):
        places(ONE, str(tmp_path / "done.ipynb"))


def test_several_notebooks_need_a_folder_and_a_name_of_one_notebook_is_none(tmp_path):
    two = [*ONE, Source("b.ipynb", OLD)]
    with pytest.raises(BadInput, match=r"done\.ipynb is the name of one notebook, and there are 2"):
        places(two, str(tmp_path / "done.ipynb"))
    assert names(tmp_path) == []
    assert places(two, f"{tmp_path}/done.ipynb/") == [tmp_path / "done.ipynb" / name for name in ("a.ipynb", "b.ipynb")]
    assert places(two, str(tmp_path / "done.ipynb"))[0] == tmp_path / "done.ipynb" / "a.ipynb"
