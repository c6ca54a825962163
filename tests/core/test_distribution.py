"""What comes with the code is found beside it in a checkout, and inside the package in an installed wheel."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.distribution import INSTALLED, data_path
from tests.house.tree import ROOT

ASK = "from core.distribution import data_path; from core import env_file; print(data_path('examples')); print(env_file.DEFAULT)"


def test_a_checkout_has_them_beside_the_code() -> None:
    assert not INSTALLED
    assert data_path("docs/api.md") == ROOT / "docs" / "api.md"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The modules that say so, as an installed wheel has them."""
    package = tmp_path / "site-packages" / "core"
    (package / "data" / "examples").mkdir(parents=True)
    for name in ("__init__.py", "distribution.py", "env_file.py", "errors.py"):
        (package / name).write_bytes((ROOT / "core" / name).read_bytes())
    return package


def test_a_wheel_has_them_inside_and_reads_env_of_the_working_directory(wheel: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=wheel.parent, capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout.split() == [str(wheel / "data" / "examples"), ".env"]
