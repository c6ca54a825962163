"""What a session derives from its parts."""

import pytest

from core.domain.checks import ReferenceCheck
from core.domain.criteria import Criterion
from core.domain.parameters import Parameters
from core.domain.run import RunStatus
from core.domain.session import Audit, Selection, Visibility
from core.domain.sharing import Transfer
from core.domain.slot import Slot
from core.domain.turn import Turn
from core.domain.verdict import Verdict
from core.errors import NotFound, TooLarge
from tests.builders import NOW, a_review, a_run, a_session, a_task, a_verdict, error_values

P, F, U, M = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED, Verdict.MISSING


def a_turn(number, **changes):
    return Turn(**({"number": number, "task": a_task(prompt=f"Prompt {number}."), "hunt_id": f"r_{number}.1",
                    "response": f"Reply {number}."} | changes))  # fmt: skip


# -- what is derived


@pytest.mark.parametrize(
    ("visibility", "revealed", "sealed"),
    [
        (Visibility.BLIND, None, True),
        (Visibility.BLIND, NOW, False),
        (Visibility.OPEN, None, False),
        (Visibility.OPEN, NOW, False),
    ],
)
def test_a_blind_session_is_sealed_until_reveal(visibility, revealed, sealed):
    assert a_session(visibility=visibility, revealed_at=revealed).sealed is sealed


def test_turns_are_counted_from_one_and_their_messages_are_the_history_of_later_ones():
    session = a_session(turns=(a_turn(1), a_turn(2)))
    assert (a_session().turn, session.turn) == (1, 3)
    first, second = a_turn(1).messages, a_turn(2).messages
    assert [session.history(turn) for turn in (1, 2, 3)] == [(), first, (*first, *second)]


def test_a_session_has_hunted_when_a_run_that_is_no_trial_has_begun():
    trial = a_run(trial=True)
    assert [a_session(runs=runs).hunted for runs in ((), (trial,), (trial, a_run()))] == [False, False, True]


def test_runs_that_have_not_ended_are_active():
    runs = tuple(a_run(run_id=f"r_{status}", status=status) for status in RunStatus)
    assert [run.status for run in a_session(runs=runs).active_runs] == [RunStatus.QUEUED, RunStatus.RUNNING]


def test_criteria_that_were_loaded_and_have_gone_are_missing():
    left = (Criterion(id="C2", text="Reworded."), Criterion(id="C9", text="New."))
    session = a_session(loaded_task=a_task(3), task=a_task(criteria=0).model_copy(update={"criteria": left}))
    assert session.missing_criteria == ("C1", "C3")
    assert session.model_copy(update={"turns": (a_turn(1),)}).missing_criteria == ()


def test_a_review_is_found_by_its_hunt():
    session = a_session(reviews=(a_review("r_one.1"), a_review("r_one.2", said="PPP")))
    assert session.review("r_one.2") == a_review("r_one.2", said="PPP")
    assert session.review("r_one.3") is None


def test_a_run_is_found_by_its_id_or_named_as_unknown():
    session = a_session(runs=(a_run(), a_run(run_id="r_two", hunts=2)))
    assert session.run("r_two") == a_run(run_id="r_two", hunts=2)
    with pytest.raises(NotFound) as refused:
        session.run("r_three")
    assert error_values(refused.value) == {
        "message": "This session has no run r_three.",
        "hint": "Reload the session to see its runs.",
        "code": "no_run",
        "details": {},
    }


def test_a_changed_run_keeps_its_position_and_a_new_one_is_last():
    one, two, three = a_run(), a_run(run_id="r_two"), a_run(run_id="r_three")
    changed = one.model_copy(update={"status": RunStatus.COMPLETED})
    session = a_session(runs=(one, two))
    assert session.with_run(changed) == a_session(runs=(changed, two))
    assert session.with_run(three) == a_session(runs=(one, two, three))


# -- its size


def a_heavy_session():
    """Texts of 1, 10, 100, … characters, in everything that a change of the session writes."""
    empty = a_task(0, prompt="", response="")
    return a_session(
        task=empty.model_copy(update={"prompt": "x"}),
        loaded_task=empty.model_copy(update={"prompt": "x" * 10}),
        runs=(a_run(task=empty.model_copy(update={"prompt": "x" * 100})),),
        turns=(a_turn(1, task=empty.model_copy(update={"prompt": "x" * 1_000}), response="x" * 10_000),),
        reviews=(a_review(explanation="x" * 100_000),),
        slots=(Slot(number=1, model="m", response="x" * 1_000_000, reasoning="x" * 2_000_000),),
        check=ReferenceCheck(verdicts=(a_verdict(reason="x" * 4_000_000),)),
    )


def test_a_session_weighs_what_its_texts_do():
    assert a_heavy_session().rough_bytes == 7_111_111


def test_a_session_may_grow_to_its_limit_and_no_further():
    session = a_heavy_session()
    session.refuse_growth(889, 7_112_000)
    with pytest.raises(TooLarge) as refused:
        session.refuse_growth(890, 7_112_000)
    assert error_values(refused.value) == {
        "message": "The session's texts would have more than 7,112,000 bytes.",
        "hint": "Every run keeps a copy of its task. Open a new session, or shorten the task.",
        "code": "session_too_large",
        "details": {},
    }


def test_a_session_that_is_too_large_already_may_get_shorter():
    session, limit = a_heavy_session(), 7_000_000
    longer = session.model_copy(update={"task": session.task.model_copy(update={"prompt": "xx"})})
    with pytest.raises(TooLarge):
        session.grown(longer, limit)
    assert longer.grown(session, limit) is session
    assert session.grown(longer, 7_111_112) is longer


def test_proposed_criteria_count():
    proposed = a_session(proposed_criteria=(Criterion(id="C1", text="x" * 1000),))
    assert proposed.rough_bytes - a_session().rough_bytes == 1000


def test_parameters_of_judges_count_as_those_of_targets():
    judge = Parameters(extra_body={"text": "x" * 9_000})
    plain, chosen = a_session(runs=(a_run(),)), a_session(runs=(a_run(judge_parameters=judge),))
    assert chosen.rough_bytes - plain.rough_bytes == judge.rough_bytes > 9_000


# -- the desk


def test_the_desk_has_the_selection_and_the_first_drawn_hunts_of_this_turn():
    audit = Audit(held=2, drawn=("r_one.1", "r_one.2", "r_old.1", "r_one.3", "r_one.4"))
    runs = (a_run(run_id="r_old"), a_run(turn=2))
    session = a_session(
        audit=audit, selection=Selection(hunt_ids=("r_one.7", "r_one.1")), runs=runs, turns=(a_turn(1),)
    )
    assert session.audited_ids == ("r_one.2", "r_one.3")
    assert session.desk_ids == ("r_one.7", "r_one.1", "r_one.2", "r_one.3")


def test_without_a_selection_the_desk_is_empty():
    """It would have the drawn hunts alone, and so name them."""
    assert a_session(audit=Audit(held=2, drawn=("r_one.1",)), runs=(a_run(),)).desk_ids == ()


def test_a_session_without_an_audit_is_stored_as_before():
    assert "audit" not in a_session().model_dump()
    assert a_session(audit=Audit(held=2)).model_dump()["audit"]["held"] == 2


# -- who has seen it


def test_former_owners_are_those_before_every_transfer_and_those_who_kept_access():
    transfers = tuple(
        Transfer(by=before, before=before, to=to, at=NOW) for before, to in (("ann", "bob"), ("bob", "cyd"))
    )
    session = a_session(owner="cyd", transfers=transfers, readers=("ann", "dan"))
    assert session.former_owners == {"ann", "bob", "dan"}
    assert a_session(owner="cyd").former_owners == frozenset()
