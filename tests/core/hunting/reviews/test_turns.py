"""A turn is closed with a held reply, and the next one begins with nothing carried over but the history."""

import pytest

from core.domain.criteria import Criterion
from core.domain.run import Counts, RunStatus
from core.domain.session import CheckStatus, ReferenceCheck, Selection
from core.domain.verdict import Outcome
from core.errors import BadInput, BadTask, Conflict
from core.hunting.orders import TurnOrder
from core.hunting.reviews.turns import at_next_turn
from core.hunting.views.sessions import session_view
from tests.builders import NOW, a_finished_hunt, a_run, a_session

CRITERIA = tuple(Criterion(id=f"C{n}", text=f"New thing {n}.") for n in (1, 2, 3))
ORDER = TurnOrder(hunt_id="r_one.1", prompt="And now?", response="Then.", criteria=CRITERIA, idempotency_key="k")
HELD = a_finished_hunt(1, Outcome.HELD)
ENDED = a_run(status=RunStatus.COMPLETED)


def a_hunted_session(**changes):
    return a_session(**({"runs": (ENDED,)} | changes))


def test_the_next_turn_asks_something_else_and_remembers_what_was_said():
    before = a_hunted_session(
        check=ReferenceCheck(status=CheckStatus.PASSED), selection=Selection(hunt_ids=("r_one.1",), slots=2)
    )
    after = at_next_turn(before, HELD, ORDER, 20)
    assert (after.turn, after.task.prompt, after.task.response, after.task.criteria) == (
        2,
        "And now?",
        "Then.",
        CRITERIA,
    )
    assert (after.check, after.selection) == (ReferenceCheck(), Selection(slots=2))
    assert after.missing_criteria == ()
    assert [(m.role, m.content) for m in after.history(2)] == [
        ("user", before.task.prompt), ("assistant", HELD.reply.text),
    ]  # fmt: skip
    assert after.history(1) == ()
    assert (after.turns[0].task, after.turns_keys, after.runs) == (before.task, ("k",), before.runs)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"criteria": ()}, "there are 0 criteria and at least 3"),
        ({"criteria": CRITERIA[:2]}, "there are 2 criteria"),
        ({"prompt": " "}, "the prompt is empty"),
        ({"response": ""}, "the reference response is empty"),
        ({"criteria": (), "prompt": ""}, "the prompt is empty; there are 0 criteria"),
    ],
)
def test_a_turn_that_could_not_be_hunted_does_not_begin(changes, says):
    with pytest.raises(BadTask, match=says) as refused:
        at_next_turn(a_hunted_session(), HELD, ORDER.model_copy(update=changes), 20)
    assert refused.value.code == "task_incomplete"
    assert "cannot be undone" in refused.value.hint


def test_criteria_of_a_later_turn_are_not_measured_by_those_that_were_loaded():
    after = at_next_turn(a_hunted_session(), HELD, ORDER, 20)
    counts = {run.run_id: Counts() for run in after.runs}
    seen = session_view(after, counts, (), now=NOW, ttl_s=60, default_judge="simulated/judge", last_event_id="0-0")
    assert (seen["loaded_criteria"], seen["task"]["missing_criteria"]) == ((), ())


def test_a_later_edit_of_the_task_does_not_change_what_was_said():
    after = at_next_turn(a_hunted_session(), HELD, ORDER, 20)
    edited = after.model_copy(update={"task": after.task.model_copy(update={"prompt": "Other."})})
    assert edited.history(2) == after.history(2)


@pytest.mark.parametrize(
    ("hunt", "changes", "code"),
    [
        (a_finished_hunt(1), {}, "not_held"),
        (a_finished_hunt(1, Outcome.UNDETERMINED), {}, "not_held"),
        (a_finished_hunt(-1, Outcome.HELD), {}, "not_held"),
        (a_finished_hunt(1, Outcome.HELD, turn=2), {}, "not_held"),
        (HELD, {"runs": (a_run(status=RunStatus.RUNNING),)}, "run_active"),
        (HELD, {"revealed_at": NOW}, "revealed"),
    ],
)
def test_a_turn_that_cannot_be_closed_says_why(hunt, changes, code):
    with pytest.raises((BadInput, Conflict)) as refused:
        at_next_turn(a_hunted_session(**changes), hunt, ORDER, 20)
    assert refused.value.code == code


def test_a_trial_that_goes_on_does_not_hold_the_turn():
    session = a_hunted_session(runs=(ENDED, a_run(1, run_id="r_t", trial=True, status=RunStatus.RUNNING)))
    assert at_next_turn(session, HELD, ORDER, 20).turn == 2


def test_turns_are_bounded_and_ids_are_not_doubled():
    with pytest.raises(BadInput):
        at_next_turn(a_hunted_session(), HELD, ORDER, 1)
    with pytest.raises(BadTask):
        at_next_turn(a_hunted_session(), HELD, ORDER.model_copy(update={"criteria": (*CRITERIA, CRITERIA[0])}), 20)
