"""Logs: one line an event, and no secret in any of them."""

import json
import subprocess
import sys

import pytest

from core.logs import HIDDEN, secrets
from tests.house.tree import ROOT
from tests.settings import make_settings

PROGRAM = """
import logging
import structlog
from core.logs import configure_logs
from tests.settings import make_settings
configure_logs(make_settings(openai__key="an-unusual-key", server__log_format={form!r}, server__log_level="info"))
log = structlog.get_logger("t")
log.debug("not.logged")
log.warning("run.stopped", hunts=3)
logging.getLogger("alembic.runtime.migration").info("not.logged")
log.info("call", url="redis://me:secret@host/0", sent=["an-unusual-key", {{"key": "sk-1234567890abcdef"}}])
logging.getLogger("library").error("rejected %s", "Bearer abc.def")
"""


def logged(form: str) -> list[str]:
    """A process of its own: the logs of a process are configured once."""
    run = subprocess.run([sys.executable, "-c", PROGRAM.format(form=form)], cwd=ROOT, capture_output=True, check=True)
    assert run.stdout == b""
    return run.stderr.decode().splitlines()


def test_an_event_is_one_line_of_json_without_secrets_at_any_depth():
    events = [json.loads(line) for line in logged("json")]
    assert all(event.pop("timestamp") for event in events)
    assert events == [
        {"event": "run.stopped", "hunts": 3, "level": "warning"},
        {"event": "call", "level": "info", "url": f"redis://{HIDDEN}@host/0", "sent": [HIDDEN, {"key": HIDDEN}]},
        {"event": f"rejected Bearer {HIDDEN}", "level": "error"},
    ]


def test_for_people_an_event_is_a_line_too():
    lines = logged("console")
    assert len(lines) == 3
    assert "run.stopped" in lines[0]
    assert not any(secret in line for line in lines for secret in ("unusual", "abc.def", "sk-12"))


@pytest.mark.parametrize("token", ["abcdef", "abcdef-longer"])
def test_the_longest_secret_is_replaced_first_and_short_ones_are_none(token):
    settings = make_settings(openai__key=token, fireworks__key="abcdef-longer", openrouter__key="abc")
    assert [one for one in secrets(settings) if one.startswith("abc")] == sorted({token, "abcdef-longer"}, key=len)[
        ::-1
    ]
