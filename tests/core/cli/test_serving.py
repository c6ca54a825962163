"""`serve` and `dashboard` start the servers as `python -m` would, and name what is missing."""

import runpy
import sys
from importlib import metadata

import pytest

from core.cli import commands, serving
from core.cli.options import parser
from tests.house.tree import ROOT


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    calls: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(sys, "argv", ["model-hunter"])
    monkeypatch.setattr(runpy, "run_module", lambda name, **_: calls.append((name, sys.argv)))
    return calls


def test_serve_is_python_m_api(started) -> None:
    with pytest.raises(SystemExit):
        commands.main(["serve"])
    assert [name for name, _ in started] == ["api"]


def test_dashboard_is_streamlit_with_our_settings(started, monkeypatch) -> None:
    monkeypatch.setenv("DASHBOARD_PORT", "8765")
    with pytest.raises(SystemExit):
        commands.main(["dashboard"])
    script = str(ROOT / "dashboard_app" / "main.py")
    assert started == [("streamlit", ["streamlit", "run", script, "--server.port=8765", "--server.address=127.0.0.1"])]


def test_a_dashboard_for_strangers_without_tokens_is_refused(started, monkeypatch, capsys) -> None:
    monkeypatch.setenv("DASHBOARD_HOST", "0.0.0.0")
    assert commands.main(["dashboard"]) == 2
    assert "DASHBOARD_HOST" in capsys.readouterr().err
    assert started == []


@pytest.mark.parametrize(
    ("installed", "way"),
    [(True, "pip install 'duckdb<3,>=2' 'pandas<4,>=3.1'"), (False, "make setup-run")],
)
def test_missing_packages_are_named_with_the_way_to_have_them(installed, way, started, monkeypatch, capsys) -> None:
    def requires(_name: str) -> list[str]:
        if not installed:
            raise metadata.PackageNotFoundError
        return ["httpx<1", "duckdb<3,>=2; extra == 'dashboard'", "pandas<4,>=3.1; extra == 'dashboard'"]

    monkeypatch.setattr(serving, "find_spec", lambda name: None if name in {"pandas", "duckdb"} else True)
    monkeypatch.setattr(metadata, "requires", requires)
    assert commands.main(["dashboard"]) == 2
    said = capsys.readouterr().err
    assert "not installed: pandas, duckdb." in said
    assert said.strip().endswith(f"Install them: {way}")


@pytest.mark.parametrize(
    ("started_as", "shown"), [("/usr/bin/model-hunter", "model-hunter"), ("x/__main__.py", "python -m core")]
)
def test_help_names_the_command_as_it_was_called(started_as, shown, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", [started_as])
    assert parser().prog == shown
