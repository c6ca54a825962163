"""./deploy.sh pulls the latest code, overwrites nothing, and says why where it cannot: on real Git repositories."""

import os
import shutil
import subprocess

import pytest

from tests.deploy.deploying import open_server
from tests.deploy.on_docker import GIT
from tests.house.tree import ROOT

PULL = """set -euo pipefail
say() { printf '%s\\n' "$*"; }
fail() { printf 'deploy.sh: %s\\n' "$*"; exit 1; }
. "$1/deploy/checkout.sh"
how=$2
pull_latest"""
NOWHERE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(folder, *words):
    done = subprocess.run([*GIT, "-C", folder, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder, name, text):
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", name)


@pytest.fixture
def clone(tmp_path):
    """(the repository everybody pushes to, a clone of it)"""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-qb", "main")
    commit(origin, "limits", "one\n")
    commit(origin, "other", "one\n")
    git(tmp_path, "clone", "-q", origin, tmp_path / "clone")
    return origin, tmp_path / "clone"


def pull(folder, how=""):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **NOWHERE}
    words = ["bash", "-c", PULL, "deploy.sh", ROOT, how]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def is_latest(origin, folder):
    return git(origin, "rev-parse", "HEAD") == git(folder, "rev-parse", "HEAD")


def test_the_latest_code_is_pulled_and_named(clone):
    origin, folder = clone
    assert pull(folder) == (0, "main has the latest code of origin/main.\n")
    commit(origin, "limits", "two\n")
    code, said = pull(folder)
    assert (code, said.startswith("Pulled 1 commit of origin/main: "), is_latest(origin, folder)) == (0, True, True)


def test_what_was_edited_here_stays(clone):
    origin, folder = clone
    (folder / "other").write_text("mine\n")
    commit(origin, "limits", "two\n")
    code, said = pull(folder)
    assert (code, "Local edits are kept:  M other" in said, is_latest(origin, folder)) == (0, True, True)
    assert (folder / "other").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["limits", "brand-new"])
def test_where_it_changed_upstream_too_nothing_is_pulled(clone, name):
    origin, folder = clone
    (folder / name).write_text("mine\n")
    commit(origin, name, "theirs\n")
    before = git(folder, "rev-parse", "HEAD")
    code, said = pull(folder)
    assert (code, git(folder, "rev-parse", "HEAD"), (folder / name).read_text()) == (1, before, "mine\n")
    assert "would overwrite local edits; nothing was changed" in said
    assert name in said
    assert "--no-pull" in said


def test_a_diverged_branch_is_reported_and_one_that_is_ahead_continues(clone):
    origin, folder = clone
    commit(folder, "mine", "x\n")
    assert pull(folder) == (0, "main has the latest code of origin/main, and 1 commit more.\n")
    commit(origin, "theirs", "x\n")
    code, said = pull(folder)
    assert (code, "have diverged (1 commit here, 1 upstream); nothing was changed" in said) == (1, True)
    assert not (folder / "theirs").exists()


def test_an_unreachable_remote_is_reported(clone):
    origin, folder = clone
    shutil.rmtree(origin)
    code, said = pull(folder)
    assert (code, "could not be fetched from origin" in said, "--no-pull" in said) == (1, True, True)


@pytest.mark.parametrize(
    ("state", "said"),
    [(("checkout", "-q", "HEAD~1"), "No branch is checked out (detached HEAD at "), (("checkout", "-qb", "mine"), "Branch mine follows no"),
     (("remote", "remove", "origin"), "Branch main follows no")],
)  # fmt: skip
def test_without_anything_to_pull_from_what_is_checked_out_is_deployed(clone, state, said):
    _, folder = clone
    git(folder, *state)
    code, shown = pull(folder)
    assert (code, said in shown, "deploying what is checked out" in shown) == (0, True, True)
    code, shown = pull(folder, "--pull")
    assert (code, "there is nothing to pull from" in shown) == (1, True), "asked for in so many words"


def test_a_folder_without_git_is_deployed_as_it_is_and_a_broken_repository_is_not(tmp_path):
    code, said = pull(tmp_path)
    assert (code, "no Git repository: deploying what is checked out" in said) == (0, True)
    (tmp_path / ".git").mkdir()
    code, said = pull(tmp_path)
    assert (code, "git failed: fatal: not a git repository" in said) == (1, True)


def test_a_script_that_came_with_the_pull_does_the_rest(tmp_path):
    with open_server(tmp_path / "server") as server:
        (server.folder / "bin" / "git").unlink()
        (server.folder / ".gitignore").write_text("/*\n!/deploy.sh\n!/deploy/\n!/docker-compose.yml\n")
        git(server.folder, "init", "-qb", "main")
        git(server.folder, "add", "-A")
        git(server.folder, "commit", "-qm", "one")
        origin = tmp_path / "origin"
        git(tmp_path, "clone", "-q", server.folder, origin)
        git(server.folder, "remote", "add", "origin", origin)
        git(server.folder, "fetch", "-q")
        git(server.folder, "branch", "-q", "-u", "origin/main")
        new = (origin / "deploy.sh").read_text().replace("let_nginx_read\n", 'let_nginx_read\n    say "I am new"\n')
        commit(origin, "deploy.sh", f"# longer than before\n{new}")
        done = server.run()
        assert (done.returncode, "I am new" in done.stdout) == (0, True), done.stderr
        assert server.revisions() == [git(origin, "rev-parse", "--short=12", "HEAD")]
        commit(origin, "deploy.sh", new)
        assert server.run("--no-pull").returncode == 0
        assert server.revisions() == [git(server.folder, "rev-parse", "--short=12", "HEAD")]
