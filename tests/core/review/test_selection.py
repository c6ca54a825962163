"""Which hunts may be chosen, what a choice still needs, and what is proposed."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.chat import Reply
from core.domain.confirmation import Confirmation
from core.domain.session import Selection, Visibility
from core.domain.verdict import Outcome, Verdict
from core.errors import BadInput
from core.review.selection import Proposal, propose, refuse_unselectable, selection_problems
from tests.builders import a_finished_hunt, a_hunt, a_review, a_run, a_session, a_verdict, error_values

B, H = Outcome.BROKE, Outcome.HELD

EARLIEST = "Of similar hunts the earliest is chosen."


def chosen(*outcomes, **numbers):
    hunts = [a_finished_hunt(n, outcome) for n, outcome in enumerate(outcomes, 1)]
    return Selection(hunt_ids=tuple(h.hunt_id for h in hunts), **numbers), hunts


def failing(number, *criteria, model="simulated/hasty", text=""):
    verdicts = tuple(a_verdict(f"C{n}", Verdict.FAIL if n in criteria else Verdict.PASS) for n in (1, 2, 3))
    outcome = B if len(criteria) > 1 else H
    return a_finished_hunt(
        number, outcome, verdicts=verdicts, model=model, reply=Reply(text=text or f"Reply {number}.")
    )


@pytest.mark.parametrize(
    ("outcomes", "problems"),
    [
        ([], ("Choose 4 more hunts.",)),
        ([B, B, B], ("Choose 1 more hunt.",)),
        ([B, B, B, B], ()),
        ([B, B, B, H], ()),
        ([H, B, B, B], ()),
        ([B, B, H, H], ("At least 3 of the 4 must be breaks; 2 are.",)),
        ([H], ("Choose 3 more hunts.",)),
        ([H, H], ("Choose 2 more hunts.", "At least 3 of the 4 must be breaks; 0 are.")),
        ([B, H, H], ("Choose 1 more hunt.", "At least 3 of the 4 must be breaks; 1 is.")),
        ([B] * 5, ("Remove 1 hunt: there are 4 slots.",)),
        ([B] * 6, ("Remove 2 hunts: there are 4 slots.",)),
    ],
)
def test_what_a_selection_needs(outcomes, problems):
    assert selection_problems(*chosen(*outcomes)) == problems


@given(st.lists(st.sampled_from([B, H]), max_size=6), st.integers(1, 6), st.integers(0, 6))
def test_a_selection_is_complete_exactly_when_its_numbers_are_met(outcomes, slots, minimum):
    selection, hunts = chosen(*outcomes, slots=slots, least_breaks=min(minimum, slots))
    complete = len(outcomes) == slots and outcomes.count(B) >= min(minimum, slots)
    assert (selection_problems(selection, hunts) == ()) is complete


def test_every_way_to_a_valid_set_is_open():
    for way in set(permutations([B, B, B, H])):
        for step in range(4):
            said = selection_problems(*chosen(*way[:step]))
            assert [p for p in said if "breaks" in p] == []


def test_a_hunt_that_is_judged_again_after_the_choice_is_named():
    selection, hunts = chosen(B, B, B, B)
    hunts[1] = hunts[1].model_copy(update={"outcome": Outcome.UNDETERMINED})
    hunts[3] = hunts[3].model_copy(update={"outcome": None})
    assert selection_problems(selection, hunts) == (
        "Hunt 2 is no longer decided.",
        "Hunt 4 is being judged again.",
        "At least 3 of the 4 must be breaks; 2 are.",
    )


def test_what_cannot_be_selected_is_named_id_by_id():
    trial = a_finished_hunt(-1, hunt_id="r_t.1")
    late, calling = a_finished_hunt(2, turn=2), a_hunt(3)
    with pytest.raises(BadInput) as refused:
        refuse_unselectable(
            a_session(), ["r_x.9", "r_t.1", "r_one.2", "r_one.3", "r_one.1", "r_one.1", "r_x.8"],
            [trial, late, calling, a_finished_hunt(1)],
        )  # fmt: skip
    assert error_values(refused.value) == {
        "message": "These hunts cannot be selected: no such hunt: r_x.9, r_x.8; a trial: r_t.1; "
        "of an earlier turn: r_one.2; neither broke nor held: r_one.3; chosen twice: r_one.1.",
        "hint": "Choose hunts of this turn that broke or held, each once.",
        "code": "not_selectable",
        "details": {
            "unknown": ["r_x.9", "r_x.8"], "trials": ["r_t.1"], "other_turn": ["r_one.2"], "undecided": ["r_one.3"],
            "twice": ["r_one.1"],
        },
    }  # fmt: skip


def test_all_slots_can_be_filled_and_more_hunts_are_refused():
    hunts = [a_finished_hunt(n) for n in range(1, 6)]
    refuse_unselectable(a_session(), [h.hunt_id for h in hunts[:4]], hunts)
    with pytest.raises(BadInput) as refused:
        refuse_unselectable(a_session(), [h.hunt_id for h in hunts], hunts)
    assert error_values(refused.value) == {
        "message": "5 hunts do not fit in 4 slots.",
        "hint": "Choose fewer hunts, or raise the number of slots in the session's settings.",
        "code": "too_many_selected",
        "details": {},
    }


def test_a_proposal_spans_patterns_then_models_then_early_numbers():
    hunts = [
        failing(1, 1, 2), failing(2, 1, 2), failing(3, 1, 2, model="other/m"), failing(4, 2, 3), failing(5, 1, 2, 3), failing(6),
    ]  # fmt: skip
    proposal = propose(a_session(), hunts)
    assert proposal.hunt_ids == ("r_one.1", "r_one.4", "r_one.5", "r_one.3")
    assert (
        proposal.why
        == f"4 breaks are proposed, with 3 different patterns of failed criteria, from 2 models. {EARLIEST}"
    )


def test_a_held_one_fills_the_slot_that_may_be_held():
    hunts = [failing(1, 1, 2), failing(2), failing(3, 1, 3), failing(4, 2, 3), failing(5)]
    assert propose(a_session(), hunts) == Proposal(
        ("r_one.1", "r_one.3", "r_one.4", "r_one.2"),
        f"3 breaks and 1 held hunt are proposed, with 4 different patterns of failed criteria, from one model. {EARLIEST}",
    )


def test_the_criteria_that_passed_are_no_pattern():
    """Hunts 1 and 2 failed the same; they differ only in what else was asked of them and passed."""
    more = failing(2, 1, 2).model_copy(update={"verdicts": (*failing(2, 1, 2).verdicts, a_verdict("C4"))})
    two = a_session(selection=Selection(slots=2, least_breaks=2))
    assert propose(two, [failing(1, 1, 2), more, failing(3, 2, 3)]).hunt_ids == ("r_one.1", "r_one.3")


def test_each_pattern_and_then_each_model_is_taken_once_before_one_is_taken_again():
    """Patterns AAABB of models mmmmn: the least used one is chosen next, however often it occurs."""
    hunts = [failing(1, 1, 2), failing(2, 1, 2), failing(3, 1, 2), failing(4, 2, 3), failing(5, 2, 3, model="other/n")]
    six = a_session(selection=Selection(slots=6, least_breaks=3))
    assert propose(six, hunts).hunt_ids == ("r_one.1", "r_one.5", "r_one.2", "r_one.4", "r_one.3")
    same = [failing(n, 1, 2, model=f"lab/{model}") for n, model in enumerate("aaabb", 1)]
    assert propose(six, same).hunt_ids == ("r_one.1", "r_one.4", "r_one.2", "r_one.5", "r_one.3")


@pytest.mark.parametrize(
    ("hunts", "minimum", "proposal"),
    [
        ([a_hunt(1)], 3, Proposal((), "No hunt has broken or held yet.")),
        ([a_hunt(1)], 0, Proposal((), "No hunt has broken or held yet.")),
        ([failing(1)], 3, Proposal((), "No hunt has broken yet: there is nothing to propose.")),
        ([failing(1)], 0, Proposal(
            ("r_one.1",), f"1 held hunt is proposed, with one pattern of failed criteria, from one model. {EARLIEST}")),
        ([failing(1, 1, 2)], 3, Proposal(
            ("r_one.1",), f"1 break is proposed, with one pattern of failed criteria, from one model. {EARLIEST}")),
    ],
)  # fmt: skip
def test_without_a_break_nothing_is_proposed_unless_none_is_needed(hunts, minimum, proposal):
    assert propose(a_session(selection=Selection(least_breaks=minimum)), hunts) == proposal


def test_a_sealed_proposal_does_not_depend_on_the_verdicts():
    texts = {
        1: "the same words again and again",
        2: "the same words again and again",
        3: "something else entirely it is",
    }
    sealed = a_session(visibility=Visibility.BLIND, selection=Selection(slots=2, least_breaks=2))
    with_verdicts = [failing(1, 1, 2, text=texts[1]), failing(2, 2, 3, text=texts[2]), failing(3, 1, 2, text=texts[3])]
    without = [h.model_copy(update={"verdicts": ()}) for h in with_verdicts]
    assert propose(sealed, with_verdicts) == propose(sealed, without)
    assert propose(sealed, with_verdicts) == Proposal(
        ("r_one.1", "r_one.3"), f"2 breaks are proposed, with 2 clearly different replies, from one model. {EARLIEST}"
    )
    assert propose(sealed.model_copy(update={"visibility": Visibility.OPEN}), with_verdicts).hunt_ids == (
        "r_one.1",
        "r_one.2",
    )


def test_trials_and_hunts_of_other_turns_are_not_proposed():
    trial, late = a_finished_hunt(-1, hunt_id="r_t.1"), a_finished_hunt(2, turn=2)
    assert propose(a_session(), [trial, late, a_finished_hunt(1)]).hunt_ids == ("r_one.1",)


def test_hunts_without_a_reply_are_each_a_kind_of_their_own():
    sealed = a_session(visibility=Visibility.BLIND, selection=Selection(slots=3, least_breaks=3))
    hunts = [failing(n, 1, 2).model_copy(update={"reply": None}) for n in (1, 2, 3)]
    assert (
        propose(sealed, hunts).why
        == f"3 breaks are proposed, with 3 clearly different replies, from one model. {EARLIEST}"
    )


def test_confirmed_breaks_are_proposed_first_and_contested_hunts_never():
    states = {1: "unconfirmed", 2: "contested", 3: "confirmed", 4: "contested"}
    hunts = [failing(n, 1, 2).model_copy(update={"confirmation": Confirmation(s)}) for n, s in states.items()]
    proposal = propose(a_session(), hunts)
    assert proposal.hunt_ids == ("r_one.3", "r_one.1")
    assert "1 of the breaks is confirmed" in proposal.why
    assert propose(a_session(), [hunts[1]]) == Proposal(
        (), "Every break is contested by another judge or refuted by a review: there is nothing to propose."
    )


def test_a_break_that_a_review_refutes_is_not_proposed():
    session = a_session(
        runs=(a_run(),), selection=Selection(hunt_ids=("r_one.1",)), reviews=(a_review("r_one.1", "PPP"),)
    )
    assert propose(session, [a_finished_hunt(1), a_finished_hunt(2)]).hunt_ids == ("r_one.2",)
