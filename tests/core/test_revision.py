"""Which revision an image says it is, when deploy.sh did not say it at the build."""

import shutil
import subprocess
import sys

import pytest

from core.revision import baked_revision, checked_out
from core.settings import read_settings
from tests.house.tree import ROOT

GIT = ("git", "-c", "user.name=operator", "-c", "user.email=operator@localhost")


@pytest.fixture
def clone(tmp_path):
    def git(*words):
        return subprocess.run([*GIT, "-C", tmp_path, *words], capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q", "-b", "main")
    for text in ("one", "two"):
        git("commit", "-q", "--allow-empty", "-m", text)
    return tmp_path / ".git", git


@pytest.mark.parametrize(
    "state",
    [("status",), ("checkout", "-q", "HEAD~1"), ("checkout", "-qb", "team/fix"), ("pack-refs", "--all"), ("gc", "-q")],
    ids=["branch", "detached", "slash", "packed", "collected"],
)
def test_the_commit_that_is_checked_out_is_named_as_built_by_hand(clone, state):
    folder, git = clone
    git(*state)
    assert checked_out(folder) == git("rev-parse", "HEAD")[:12] + "-by-hand"


def test_without_git_or_without_a_commit_nothing_is_said(tmp_path):
    assert checked_out(tmp_path) == ""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert checked_out(tmp_path / ".git") == ""


def test_what_deploy_says_wins_and_needs_no_package(clone, tmp_path):
    script = tmp_path / "revision.py"
    shutil.copy(ROOT / "core" / "revision.py", script)
    for said, wanted in (("abc", "abc\n"), ("", checked_out(clone[0]) + "\n")):
        words = [sys.executable, "-I", script, said, clone[0]]
        assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == wanted


def test_the_settings_take_the_revision_of_the_image(tmp_path, monkeypatch):
    path = tmp_path / "REVISION"
    assert baked_revision(path) == ""
    path.write_text("abc-by-hand\n", encoding="utf-8")
    assert baked_revision(path) == "abc-by-hand"
    monkeypatch.setattr("core.settings.environment.baked_revision", lambda: baked_revision(path))
    assert read_settings({}).server.revision == "abc-by-hand"
    assert read_settings({"REVISION": "mine"}).server.revision == "mine"
