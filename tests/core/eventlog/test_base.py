"""Ids of events as clients send them."""

import pytest

from core.errors import BadInput
from core.eventlog.base import START, parse_event_id, session_ended, too_far_behind


def test_an_id_is_two_numbers():
    assert [parse_event_id(text) for text in (START, "17-3")] == [(0, 0), (17, 3)]


@pytest.mark.parametrize("text", ["", "x", "1-x", "1-2-3", "-1-0", "x" * 999])
def test_anything_else_is_refused_and_quoted_shortly(text):
    with pytest.raises(BadInput) as refused:
        parse_event_id(text)
    assert refused.value.message == f'"{text[:40]}" is not an event id.'


def test_who_is_too_far_behind_or_too_late_knows_what_to_load():
    assert (too_far_behind().code, too_far_behind().hint) == ("too_far_behind", "Fetch the session's snapshot again.")
    assert (session_ended().code, session_ended().hint) == (
        "no_session",
        "Load your latest export, or the notebook, again.",
    )
