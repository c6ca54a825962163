"""Events of a session: nothing sealed is in them, nor in their number."""

import json

import pytest

from core.domain.hunt import HuntStatus
from core.domain.run import Counts
from core.hunting.views.events import hunt_events, run_events, session_event, text_event
from core.livetext.base import TextDelta
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session, a_verdict


def judging(**changes):
    return a_hunt(**{"number": 1} | changes, status=HuntStatus.JUDGING, verdicts=(a_verdict("C1"),))


@pytest.mark.parametrize(
    ("hunt", "sealed", "events"),
    [
        (judging(), False, 1), (judging(), True, 0), (judging(number=-1), True, 1),
        (a_hunt(status=HuntStatus.JUDGING), True, 1), (a_finished_hunt(), True, 1),
    ],
)  # fmt: skip
def test_single_verdicts_of_a_sealed_hunt_cause_no_event(hunt, sealed, events):
    assert len(hunt_events(hunt, sealed=sealed)) == events


def test_a_sealed_hunts_event_has_its_outcome_and_no_verdict():
    (sealed,), (whole,) = (hunt_events(a_finished_hunt(), sealed=sealed) for sealed in (True, False))
    shown = json.loads(sealed.data)["hunt"]
    assert (sealed.type.value, shown["outcome"]) == ("hunt.changed", "broke")
    assert "FAIL" not in sealed.data
    assert "FAIL" in whole.data


def test_a_trials_run_has_no_event_of_its_own():
    counts = Counts(total=4)
    (event,) = run_events(a_run(4), counts, NOW, sealed=False)
    assert json.loads(event.data)["run"]["counts"]["total"] == 4
    assert run_events(a_run(1, trial=True), counts, NOW, sealed=False) == ()


def test_other_changes_say_that_the_session_is_newer():
    assert json.loads(session_event(a_session(version=7)).data) == {"version": 7}


def test_text_on_its_way_says_what_to_drop():
    delta = TextDelta(restart=True, response="Hel", reasoning="so", truncated=False)
    assert json.loads(text_event("r_one.1", delta)) == {
        "hunt_id": "r_one.1", "restart": True, "response": "Hel", "reasoning": "so", "truncated": False,
    }  # fmt: skip
