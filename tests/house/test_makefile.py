"""The Makefile explains itself, and CI runs what people are told to run."""

import os
import re
import subprocess

from tests.house.tree import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WANTED = {"all", "setup", "check", "test", "run", "demo", "simulate", "bench", "soak", "screenshots", "help"}


def phony_targets() -> set[str]:
    return set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, flags=re.MULTILINE))


def make(*words: str) -> str:
    # A test run by make inherits its flags; they are not meant for this make.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    return done.stdout


def test_help_lists_every_target() -> None:
    listed = set(re.findall(r"^  make (\S+) +\S", make("help"), flags=re.MULTILINE))
    assert listed == phony_targets()
    assert listed >= WANTED


def test_every_target_is_phony() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, flags=re.MULTILINE))
    assert targets == phony_targets()


def test_make_alone_does_what_ci_does() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    told = re.findall(r"^make (\w+)", ci, flags=re.MULTILINE)
    assert told == ["check", "test"]
    assert re.search(r"^all: check test ", MAKEFILE, flags=re.MULTILINE)
    assert re.search(r"^\.DEFAULT_GOAL := all$", MAKEFILE, flags=re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_example_environment_sets_nothing_and_names_real_settings() -> None:
    from core.settings import table

    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    named = {match[1] for line in lines if (match := re.match(r"#([A-Z_]+)=", line))}
    assert named
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert named <= {setting.row.variable for setting in table()} | set(re.findall(r"\$\{(HUNTER_\w+):", compose))
