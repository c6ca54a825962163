"""Skips tests whose programs are missing, and lists them: a skipped test must not look like a passed one."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = "missing: "
WHERE_DEBIAN_KEEPS_DAEMONS = "/usr/sbin"  # on root's PATH only


def skip_missing(what: str) -> None:
    """Skip the test. `what` names the missing thing and how to get it; the summary lists it once."""
    pytest.skip(MARK + what)


def require_program(name: str, package: str) -> Path:
    """The path of the program; skips with the name of the Debian package if it is missing."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{WHERE_DEBIAN_KEEPS_DAEMONS}")
    if found is None:
        skip_missing(f"{name} (sudo apt-get install -y {package})")
    return Path(str(found))


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Debian's chromium, for Playwright's `executable_path`. Its headless shell takes half of the CPU time."""
    shell = shutil.which("chromium-headless-shell")
    return Path(shell) if shell else require_program("chromium", "chromium-headless-shell")


@pytest.fixture(scope="session")
def nginx_path() -> Path:
    return require_program("nginx", "nginx")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The team's folder with real notebooks; it is beside the repository, not in it."""
    shared = ROOT.parent / "shared"
    if not shared.is_dir():
        skip_missing("shared/ beside the repository (real task notebooks)")
    return shared


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple)]
    missing = [reason.split(MARK, 1)[1] for reason in reasons if MARK in reason]
    if not missing:
        return
    terminalreporter.section("missing", sep="!", red=True, bold=True)
    for what in sorted(set(missing)):
        terminalreporter.line(f"{what}: {missing.count(what)} tests skipped")
