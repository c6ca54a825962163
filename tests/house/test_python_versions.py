"""Model Hunter runs on every Python that pyproject.toml names: which one is taken, and that a second one works."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.house.missing import skip_missing
from tests.house.tree import ROOT

OTHER = ROOT / ".venv.other" / "bin" / "python"
ON_ANOTHER_PYTHON = (
    "tests/api/test_main.py",
    "tests/api/test_server.py",
    "tests/core/cli/test_hunt.py::test_a_hunt_shows_progress_and_a_table_and_writes_the_notebook",
    "tests/core/cli/test_hunt.py::test_ctrl_c_keeps_what_is_there",
    "tests/e2e/test_trainers_day_end_to_end.py::test_the_whole_day_and_everything_comes_back_from_the_export_alone",
)
"""Start, shutdown, signals, a hunt in the terminal, and a whole day over HTTP in memory and in Redis. To run everything
on another version: PYTHON=python3.13 make test."""


def shell(script: str, **variables: str) -> str:
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail; . tools/pythons.sh; {script}"], cwd=ROOT, env={**os.environ, **variables},
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def stub(folder, name: str, does: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{does}\n")
    (folder / name).chmod(0o755)


def python_of(minor: int) -> str:
    """Behaves like that version where tools/pythons.sh asks, whatever Python runs it."""
    return f'exec {sys.executable} -c "import sys; sys.version_info = (3, {minor}, 0); exec(sys.argv[1])" "$2"'


def test_the_setup_and_the_project_name_the_same_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest, newest_minor = shell("echo $OLDEST $NEWEST_MINOR").split()
    assert project["requires-python"] == f">={oldest},<3.{int(newest_minor) + 1}"


def test_the_newest_supported_python_that_runs_is_taken(tmp_path) -> None:
    stub(tmp_path, "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    stub(tmp_path, "python3.12", python_of(12))
    stub(tmp_path, "python3.11", python_of(11))
    stub(tmp_path, "python3", python_of(14))
    path = f"{tmp_path}:/usr/bin:/bin"
    assert shell("newest_python", PATH=path) == "python3.12"
    (tmp_path / "python3.12").unlink()
    assert shell("newest_python", PATH=f"{tmp_path}:/bin") in ("python3.12", "python3.11")  # the machine may have one


@pytest.mark.parametrize("minor", [10, 14])
def test_a_python_that_is_too_old_or_untried_is_not_taken(minor, tmp_path) -> None:
    stub(tmp_path, "some-python", python_of(minor))
    assert shell(f"is_supported {tmp_path}/some-python && echo yes || echo no") == "no"


def test_setup_says_which_pythons_will_do(tmp_path) -> None:
    stub(tmp_path, "some-python", "echo 'no such version' >&2; exit 127")
    done = subprocess.run(
        ["bash", "tools/setup.sh"], cwd=ROOT, env={**os.environ, "PYTHON": str(tmp_path / "some-python")},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(r"Missing: Python 3\.11 to 3\.\d+ .*some-python", done.stderr)


def test_setup_replaces_a_linked_environment_and_leaves_what_it_links_to(tmp_path) -> None:
    checkout, other = tmp_path / "checkout", tmp_path / "other"
    shutil.copytree(ROOT / "tools", checkout / "tools")
    shutil.copytree(ROOT / "requirements", checkout / "requirements")
    other.mkdir()
    (other / "package").touch()
    (checkout / ".venv").symlink_to(other)
    subprocess.run(
        ["bash", "tools/setup.sh"], cwd=checkout, env={**os.environ, "PYTHON": sys.executable, "PIP_NO_INDEX": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (other / "package").exists()
    assert not (checkout / ".venv").is_symlink()
    assert (checkout / ".venv" / "bin" / "python").exists()


@pytest.mark.long
@pytest.mark.timeout(180)
def test_another_installed_python_passes_the_tests_of_start_shutdown_and_a_whole_day() -> None:
    if not OTHER.exists():
        skip_missing("another supported Python, tried beside this one (apt-get install python3.12, or pyenv)")
    done = subprocess.run(
        [OTHER, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ON_ANOTHER_PYTHON], cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
