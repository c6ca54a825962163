"""deploy.sh reads .env as compose does, and says at once what is wrong with it."""

import subprocess

import pytest

from tests.house.tree import ROOT

READ = """set -euo pipefail
fail() { printf '%s\\n' "$*"; exit 1; }
. "$1/deploy/machine.sh"
read_env
require_numbers
refuse_open_house
value_of HUNTER_BIND none"""


def read(folder, env, **variables):
    """(exit code, what it says) of a deploy.sh that reads this .env and shows HUNTER_BIND."""
    if env is not None:
        (folder / ".env").write_bytes(env if isinstance(env, bytes) else env.encode())
    done = subprocess.run(
        ["bash", "-c", READ, "deploy.sh", ROOT], cwd=folder, env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "line",
    ["HUNTER_BIND=127.0.0.5", "export HUNTER_BIND=127.0.0.5", "  HUNTER_BIND = 127.0.0.5  ", 'HUNTER_BIND="127.0.0.5"',
     "HUNTER_BIND='127.0.0.5'", "HUNTER_BIND=127.0.0.5 # here", 'export HUNTER_BIND="127.0.0.5"\t# here', "HUNTER_BIND=127.0.0.5\r",
     "\ufeffHUNTER_BIND=127.0.0.5", "HUNTER_BIND=0.0.0.0\nHUNTER_BIND=127.0.0.5", "#HUNTER_BIND=1\n\nHUNTER_BIND=127.0.0.5",
     "HUNTER_BIND=127.0.0.5\nMY_HUNTER_BIND=0.0.0.0\nHUNTER_BIND_2=0.0.0.0"],
)  # fmt: skip
def test_a_value_is_found_in_whatever_way_env_files_write_it(tmp_path, line):
    assert read(tmp_path, line) == (0, "127.0.0.5")


@pytest.mark.parametrize(
    "line", ["export HUNTER_BIND=0.0.0.0", "HUNTER_BIND='0.0.0.0' # all", "\ufeffHUNTER_BIND=0.0.0.0\r\n"]
)
def test_an_open_house_is_seen_in_all_of_them(tmp_path, line):
    code, said = read(tmp_path, line)
    assert (code, "HUNTER_TOKENS is empty" in said) == (1, True)
    assert read(tmp_path, f'{line}\nexport HUNTER_TOKENS="ann:trainer:abc" # ann') == (0, "0.0.0.0")


def test_the_environment_wins_as_in_compose_also_with_nothing(tmp_path):
    env = "HUNTER_BIND=0.0.0.0\nHUNTER_TOKENS=ann:trainer:abc\n"
    assert read(tmp_path, env, HUNTER_BIND="127.0.0.9") == (0, "127.0.0.9")
    assert read(tmp_path, env, HUNTER_BIND="") == (0, "none")
    code, said = read(tmp_path, env, HUNTER_TOKENS="")
    assert (code, "HUNTER_TOKENS is empty" in said) == (1, True)
    assert read(tmp_path / "..", None) == (0, "none"), "without a .env"


@pytest.mark.parametrize(
    ("text", "advice"),
    [("HUNTER_BIND=x\n".encode("utf-16"), "-f UTF-16"), ("HUNTER_BIND=x\n".encode("utf-16-le"), "-f UTF-16"),
     ("# Schlüssel\n".encode("cp1252"), "-f WINDOWS-1252"), (b"HUNTER_BIND=1\xff\n", "-f WINDOWS-1252")],
)  # fmt: skip
def test_a_file_that_is_no_utf8_is_named(tmp_path, text, advice):
    code, said = read(tmp_path, text)
    assert code == 1
    assert said.startswith(".env is not UTF-8 text")
    assert advice in said


@pytest.mark.parametrize("value", ["300s", "5m", "-1", "1.5", "3_000", "$WAIT"])
@pytest.mark.parametrize("name", ["HUNTER_READY_WAIT", "HUNTER_API_PORT"])
def test_a_number_that_is_none_is_found_before_anything_is_built(tmp_path, name, value):
    code, said = read(tmp_path, f"{name}={value}\n")
    assert (code, said.startswith(f"{name} must be a whole number; got '{value}'")) == (1, True)


def test_a_remark_behind_a_number_is_none_of_it(tmp_path):
    assert read(tmp_path, "HUNTER_READY_WAIT=300 # slow disk\nHUNTER_REPLICAS='2'\n") == (0, "none")
    assert read(tmp_path, "HUNTER_REPLICAS=0\n")[0] == 1
