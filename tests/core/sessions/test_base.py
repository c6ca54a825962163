"""What every store refuses alike."""

import pytest

from core.errors import Conflict
from core.sessions.base import check_version, no_events, no_hunt, session_exists
from tests.builders import a_session


def test_a_change_of_an_older_version_is_a_conflict_that_names_the_newer_one():
    session = a_session(version=3)
    check_version(session, None)
    check_version(session, 3)
    with pytest.raises(Conflict) as refused:
        check_version(session, 2)
    assert (refused.value.details, refused.value.code) == ({"version": 3}, "conflict")


def test_what_is_missing_or_there_already_has_a_code_of_its_own():
    assert (no_hunt("r_x.1").code, session_exists().code) == ("no_hunt", "session_exists")
    assert "r_x.1" in no_hunt("r_x.1").message
    assert no_events(a_session()) == ()
