"""A turn is closed with a held reply, and the next one begins with nothing carried over but the history."""

import pytest

from core.domain.checks import CheckStatus, ReferenceCheck
from core.domain.criteria import Criterion
from core.domain.run import Counts, RunStatus
from core.domain.session import Selection
from core.domain.verdict import Outcome
from core.errors import BadInput, BadTask, Conflict, NotFound
from core.hunting.orders import TurnOrder
from core.hunting.reviews.turns import at_next_turn, at_previous_turn
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
    assert "together" in refused.value.hint


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


def test_a_running_trial_does_not_block_the_turn():
    session = a_hunted_session(runs=(ENDED, a_run(1, run_id="r_t", trial=True, status=RunStatus.RUNNING)))
    assert at_next_turn(session, HELD, ORDER, 20).turn == 2


def test_turns_are_bounded_and_ids_are_not_doubled():
    with pytest.raises(BadInput):
        at_next_turn(a_hunted_session(), HELD, ORDER, 1)
    with pytest.raises(BadTask):
        at_next_turn(a_hunted_session(), HELD, ORDER.model_copy(update={"criteria": (*CRITERIA, CRITERIA[0])}), 20)


def test_an_unused_turn_is_undone_with_the_task_and_the_selection_as_they_were():
    before = a_hunted_session(selection=Selection(hunt_ids=("r_one.1", "r_one.2"), slots=2))
    after = at_previous_turn(at_next_turn(before, HELD, ORDER, 20), "2")
    assert after == before.model_copy(update={"turns_keys": ("k",)})


def test_an_undone_turn_restores_no_more_hunts_than_there_are_slots_by_now():
    before = a_hunted_session(selection=Selection(hunt_ids=("r_one.1", "r_one.2", "r_one.3"), slots=4))
    later = at_next_turn(before, HELD, ORDER, 20)
    later = later.model_copy(update={"selection": later.selection.model_copy(update={"slots": 2})})
    assert at_previous_turn(later, "2").selection == Selection(hunt_ids=("r_one.1", "r_one.2"), slots=2)


def test_of_three_turns_only_the_last_is_undone():
    two = at_next_turn(a_hunted_session(), HELD, ORDER, 20)
    run = a_run(run_id="r_two", turn=2, status=RunStatus.COMPLETED)
    held = HELD.model_copy(update={"run_id": "r_two", "turn": 2})
    two = two.model_copy(update={"runs": (*two.runs, run)})
    three = at_next_turn(two, held, ORDER.model_copy(update={"idempotency_key": "l"}), 20)
    assert at_previous_turn(three, "3").turn == 2
    with pytest.raises(NotFound, match="Turn 2 cannot be undone") as refused:
        at_previous_turn(three, "2")
    assert refused.value.hint == "Turn 3 is the last one."


@pytest.mark.parametrize("number", ["0", "1", "2", "01", "last"])
def test_a_session_of_one_turn_has_nothing_to_undo(number):
    with pytest.raises(NotFound) as refused:
        at_previous_turn(a_hunted_session(), number)
    assert (refused.value.code, refused.value.hint) == ("no_turn", "The session has a single turn.")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"runs": (ENDED, a_run(run_id="r_two", turn=2, status=RunStatus.COMPLETED))}, "it has runs or trials"),
        ({"runs": (ENDED, a_run(1, run_id="r_two", turn=2, trial=True))}, "it has runs or trials"),
        ({"check": ReferenceCheck(status=CheckStatus.ERROR)}, "it has a reference check"),
        ({"revealed_at": NOW}, "revealed"),
    ],
    ids=["a run", "a trial", "a check", "revealed"],
)
def test_a_turn_in_which_something_happened_stays(changes, says):
    session = at_next_turn(a_hunted_session(), HELD, ORDER, 20).model_copy(update=changes)
    with pytest.raises(Conflict, match=says):
        at_previous_turn(session, "2")
