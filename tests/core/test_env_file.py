"""`.env`: read alike by every entry point; what is wrong with the file is one sentence that names it."""

import os
import subprocess
import sys

import pytest

from core import env_file
from core.env_file import UNDER_SYSTEMD, VARIABLE, load_env_file, read_env_file
from core.errors import BadSettings
from tests.house.tree import ROOT


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1\n", {"A": "1"}),
        ("# nothing\n\nA=1 # slow disk\n", {"A": "1"}),
        ("A=300 # slow disk\n", {"A": "300"}),
        ("export A=1\n", {"A": "1"}),
        ("A='sk-1 2'\nB=\"x\"\n", {"A": "sk-1 2", "B": "x"}),
        ("A=pa$word\n", {"A": "pa$word"}),
        ("A=a#b\n", {"A": "a#b"}),
        ("A=\r\nB=2\r\n", {"A": "", "B": "2"}),
        ("\ufeffA=1\n", {"A": "1"}),
        ("  A = 1\n", {"A": "1"}),
        ("", {}),
        ("# only words\n", {}),
    ],
)
def test_it_is_read_as_shells_and_compose_read_it(tmp_path, text, values):
    (tmp_path / ".env").write_bytes(text.encode())
    assert read_env_file(tmp_path / ".env") == values


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("A=1\n".encode("utf-16"), "not UTF-8 text; it looks like UTF-16"),
        ("A=1\n".encode("utf-16-le"), "not UTF-8 text; it looks like UTF-16"),
        ("A=ü\n".encode("cp1252"), "not UTF-8 text; it looks like Windows-1252"),
        (b"just some words\n", "contains no setting: line 1 is not NAME=value"),
        (b'{"A": 1}\n', "contains no setting"),
        (b"B=1\nA='sk-1\nC=3\n", "line 2: unclosed quotation mark"),
        (b'HUNTER_TOKENS="a:b\n', "line 1: unclosed quotation mark"),
        (b"A='it's'\n", "line 1: unclosed quotation mark"),
        (b'export A="x" y\n', "line 1: unclosed quotation mark"),
        (b"A=1\n" * 300_000, "more than 1,000,000 bytes"),
    ],
)
def test_what_cannot_be_read_names_the_file_and_the_way_out(tmp_path, raw, says):
    (tmp_path / ".env").write_bytes(raw)
    with pytest.raises(BadSettings, match=says) as refused:
        read_env_file(tmp_path / ".env")
    assert str(tmp_path / ".env") in refused.value.message
    assert refused.value.hint


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(BadSettings, match="cannot be read: Is a directory"):
        read_env_file(tmp_path)


def test_the_environment_wins_and_an_empty_name_reads_nothing(tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("A_TEST_ONLY=file\nB_TEST_ONLY=file\n")
    monkeypatch.setenv("A_TEST_ONLY", "environment")
    monkeypatch.setenv("B_TEST_ONLY", "")
    monkeypatch.delenv("B_TEST_ONLY")
    monkeypatch.setenv(VARIABLE, "")
    load_env_file()
    assert "B_TEST_ONLY" not in os.environ
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    load_env_file()
    assert (os.environ["A_TEST_ONLY"], os.environ["B_TEST_ONLY"]) == ("environment", "file")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(BadSettings, match="No such file"):
        load_env_file()


def test_a_service_of_systemd_needs_not_read_what_is_roots_alone(tmp_path, monkeypatch, caplog):
    path = tmp_path / ".env"
    path.write_text("A_TEST_ONLY=file\n")
    monkeypatch.setattr(env_file, "DEFAULT", path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # who runs tests may be root, for whom no file is unreadable
    monkeypatch.setattr(env_file, "_decoded", refuse)
    monkeypatch.delenv(VARIABLE)
    monkeypatch.delenv(UNDER_SYSTEMD, raising=False)
    with pytest.raises(BadSettings, match="cannot be read"):
        load_env_file()
    monkeypatch.setenv(UNDER_SYSTEMD, "0123456789abcdef0123456789abcdef")
    load_env_file()
    assert "A_TEST_ONLY" not in os.environ
    assert str(path) in caplog.text
    monkeypatch.setenv(VARIABLE, str(path))
    with pytest.raises(BadSettings, match="cannot be read"):
        load_env_file()


def refuse(path):
    raise BadSettings(f"{path} cannot be read: Permission denied.")


@pytest.mark.parametrize("command", [("-m", "api"), ("-m", "core", "check", "x.ipynb"), ("-m", "tools.run")])
def test_every_entry_point_reads_it(tmp_path, command):
    (tmp_path / "mine").write_text("OPENROUTER_CONCURRENCY=six # as the environment would say\n")
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
        env={**os.environ, VARIABLE: str(tmp_path / "mine"), "PYTHONPATH": str(ROOT), "TELEMETRY_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode in {1, 2}
    assert "OPENROUTER_CONCURRENCY: must be a whole number (calls); got 'six'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_dashboard_reads_it_too(tmp_path, monkeypatch):
    from dashboard_app.configuration import settings

    (tmp_path / "mine").write_text("HUNTER_HOSTS=hunter.example\n")
    monkeypatch.setenv("HUNTER_HOSTS", "")
    monkeypatch.delenv("HUNTER_HOSTS")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    settings.clear()
    assert settings().access.hosts == ("hunter.example",)
    settings.clear()
