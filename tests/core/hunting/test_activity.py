"""What a process has done since its start."""

from core.domain.verdict import Outcome
from core.hunting.activity import Activity
from tests.builders import a_finished_hunt, a_hunt


def test_finished_hunts_are_counted_by_outcome_and_unexpected_errors_one_by_one():
    activity = Activity()
    for hunt in (a_finished_hunt(1), a_finished_hunt(2), a_finished_hunt(3, Outcome.HELD), a_hunt(4)):
        activity.note_hunt(hunt)
    activity.record_unexpected_error(RuntimeError("a bug"))
    assert (dict(activity.outcomes), activity.bugs) == ({"broke": 2, "held": 1}, 1)
