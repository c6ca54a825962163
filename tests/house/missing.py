"""What could not be had on this machine, said aloud: a skipped test must not look like a passed one."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = "could not be had: "
WHERE_DEBIAN_KEEPS_DAEMONS = "/usr/sbin"  # on root's PATH only


def could_not_be_had(what: str) -> None:
    """Skips the test; `what` names the thing and how to get it, and stands in the closing summary once."""
    pytest.skip(MARK + what)


def require_program(name: str, package: str) -> Path:
    """Where the program is, or a skip that names the Debian package."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{WHERE_DEBIAN_KEEPS_DAEMONS}")
    if found is None:
        could_not_be_had(f"{name} (sudo apt-get install -y {package})")
    return Path(str(found))


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Debian's chromium, for Playwright's `executable_path`."""
    return require_program("chromium", "chromium")


@pytest.fixture(scope="session")
def nginx_path() -> Path:
    return require_program("nginx", "nginx")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The team's folder with real notebooks; it stands beside the repository, not in it."""
    shared = ROOT.parent / "shared"
    if not shared.is_dir():
        could_not_be_had("shared/ beside the repository (real task notebooks)")
    return shared


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple)]
    missing = [reason.split(MARK, 1)[1] for reason in reasons if MARK in reason]
    if not missing:
        return
    terminalreporter.section("could not be had", sep="!", red=True, bold=True)
    for what in sorted(set(missing)):
        terminalreporter.line(f"{what}: {missing.count(what)} tests skipped")
