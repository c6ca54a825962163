"""`.env`, read by every entry point (`make run`, `python -m api`, `python -m core`, `model-hunter`, the dashboard)."""

from __future__ import annotations

import io
import logging
import os
import re
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from core.distribution import INSTALLED, data_path
from core.errors import BadSettings

VARIABLE = "ENV_FILE"
"""Path of the file; empty: read none."""
DEFAULT = Path(".env") if INSTALLED else data_path(".env")
"""In the working directory for an installed wheel, else in the project folder."""
UNDER_SYSTEMD = "INVOCATION_ID"
"""A variable that systemd sets for every service."""
MAX_BYTES = 1_000_000
_log = logging.getLogger(__name__)
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=")


def load_env_file() -> None:
    """Load the file into the process's environment; existing variables take precedence.

    Raises BadSettings with the file and a fix. A missing file is an error only if ENV_FILE names it. An unreadable
    default file is not an error under systemd, which has already read it as root.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen == "":
        return
    path = Path(chosen or DEFAULT)
    if not path.is_file() and not chosen:
        return
    if not chosen and UNDER_SYSTEMD in os.environ and not os.access(path, os.R_OK):
        _log.warning(
            "%s belongs to another user and is not read; systemd provides its variables. Set %s= to read no file.",
            path,
            VARIABLE,
        )
        return
    for name, value in read_env_file(path).items():
        os.environ.setdefault(name, value)


def read_env_file(path: Path) -> dict[str, str]:
    """The names and values of a file: `export`, quotes and comments as in shells and Compose; `$` is literal."""
    text = _decoded(path)
    lines = text.splitlines()
    for binding in parse_stream(io.StringIO(text)):
        if binding.error and _ASSIGNMENT.match(binding.original.string):
            raise BadSettings(  # skipping it could drop HUNTER_TOKENS and open the server to everyone
                f"{path}, line {binding.original.line}: unclosed quotation mark.",
                hint="Write NAME=value or NAME='value', optionally followed by a comment.",
            )
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    unread = [number for number, line in enumerate(lines, 1) if line.strip() and not _is_understood(line)]
    if unread and not any(value is not None for value in values.values()):
        raise BadSettings(
            f"{path} contains no setting: line {unread[0]} is not NAME=value.",
            hint=f"Write one NAME=value per line (see .env.example), or set {VARIABLE}= to read no file.",
        )
    return {name: value for name, value in values.items() if value is not None}


def _is_understood(line: str) -> bool:
    return line.lstrip().startswith("#") or _ASSIGNMENT.match(line) is not None


def _decoded(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadSettings(
            f"{path} cannot be read: {error.strerror}.", hint=f"Make it readable, or set {VARIABLE}= to read no file."
        ) from error
    if len(raw) > MAX_BYTES:
        raise BadSettings(f"{path} has more than {MAX_BYTES:,} bytes.", hint="Keep only settings in it.")
    if b"\0" in raw:
        raise _not_utf8(path, "UTF-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, "Windows-1252") from error


def _not_utf8(path: Path, likely: str) -> BadSettings:
    return BadSettings(
        f"{path} is not UTF-8 text; it looks like {likely}.",
        hint=f"Save it as UTF-8, for example: iconv -f {likely.upper()} -t UTF-8 {path.name} > new.env",
    )
