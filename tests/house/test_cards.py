"""The docstring of every package has five lines: contents, imports, what it never does, owner, tests."""

import ast
from pathlib import Path

import pytest

from tests.house.tree import ROOT, packages

OPENINGS = ("", "May use ", "Never ", "Owned and closed by ", "Tests in ")


def faults_of_card(package: Path) -> list[str]:
    door = package / "__init__.py"
    if not door.is_file():
        return ["there is no __init__.py"]
    card = ast.get_docstring(ast.parse(door.read_text(encoding="utf-8"))) or ""
    lines = card.splitlines()
    if len(lines) != len(OPENINGS):
        return [f"the card has {len(lines)} lines, not {len(OPENINGS)}"]
    pairs = zip(lines, OPENINGS, strict=True)
    return [f"no line begins with {opening!r}: {line!r}" for line, opening in pairs if not line.startswith(opening)]


@pytest.mark.parametrize("package", packages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_package_has_its_card(package: Path) -> None:
    assert faults_of_card(package) == []


def test_a_package_without_a_docstring_is_reported(tmp_path: Path) -> None:
    (tmp_path / "core" / "attic").mkdir(parents=True)
    (tmp_path / "core" / "attic" / "box.py").touch()
    assert packages(tmp_path) == [tmp_path / "core" / "attic"]
    assert faults_of_card(tmp_path / "core" / "attic") == ["there is no __init__.py"]


def test_a_card_without_its_never_is_seen(tmp_path: Path) -> None:
    card = "Parsing of x.\nMay use y.\nMight import z.\nOwned and closed by a.\nTests in b."
    (tmp_path / "__init__.py").write_text(f'"""{card}\n"""\n')
    assert faults_of_card(tmp_path) == ["no line begins with 'Never ': 'Might import z.'"]
    (tmp_path / "__init__.py").write_text('"""Things."""\n')
    assert faults_of_card(tmp_path) == ["the card has 1 lines, not 5"]
