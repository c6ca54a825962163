"""LIBRARY_DAYS: for all states, or state by state."""

import pytest

from core.domain.task_state import TaskState
from core.errors import BadSettings
from core.settings import read_settings
from core.settings.library import ARCHIVED, STATES, read_state_days


def test_the_states_are_those_of_tasks():
    assert set(STATES) == set(TaskState)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", ()),
        ("0", ()),
        ("365", tuple((name, 365) for name in (*STATES, ARCHIVED))),
        ("archived=90, draft = 365", (("archived", 90), ("draft", 365))),
        ("30,delivered=0", tuple((name, 30) for name in (*STATES, ARCHIVED) if name != "delivered")),
    ],
)
def test_days_by_state(text, days):
    assert read_settings({"LIBRARY_DAYS": text}).library.retention_days == days


@pytest.mark.parametrize(
    "text", ["soon", "-1", "1.5", "draft", "draft=", "=5", "finished=5", "36501", "٣", "draft=1=2"]
)
def test_anything_else_is_rejected_before_the_server_starts(text):
    with pytest.raises(ValueError, match="state"):
        read_state_days(text)
    with pytest.raises(BadSettings, match="LIBRARY_DAYS"):
        read_settings({"LIBRARY_DAYS": text})
