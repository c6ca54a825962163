"""Breaks that a finished review refutes, in counts; nothing while verdicts are sealed."""

from __future__ import annotations

import pytest

from core.domain.confirmation import Confirmation
from core.domain.run import Counts
from core.domain.session import Selection, Visibility
from core.domain.verdict import Outcome
from core.review.refuted import is_refuted, with_refuted
from tests.builders import a_finished_hunt, a_review, a_run, a_session

BREAK = a_finished_hunt(1, confirmation=Confirmation.CONFIRMED)


def reviewed(said="PPP", selected=("r_one.1",), **changes):
    return a_session(
        runs=(a_run(),), selection=Selection(hunt_ids=selected), reviews=(a_review("r_one.1", said),), **changes
    )


@pytest.mark.parametrize(
    ("session", "hunt", "refuted"),
    [
        (reviewed(), BREAK, True),
        (reviewed("PFF"), BREAK, False),  # the person agrees
        (reviewed("PP-"), BREAK, False),  # a draft
        (reviewed(selected=()), BREAK, False),  # no longer selected
        (reviewed(visibility=Visibility.BLIND), BREAK, False),  # would link card and hunt
        (reviewed(), a_finished_hunt(1, Outcome.HELD), False),
        (reviewed(), a_finished_hunt(2), False),
    ],
)
def test_a_finished_review_that_says_held_refutes_a_break(session, hunt, refuted):
    assert is_refuted(session, hunt) is refuted
    counts = with_refuted(session, {"r_one": Counts(total=4, broke=2, confirmed=2)}, [hunt])["r_one"]
    assert (counts.broke, counts.confirmed, counts.refuted) == ((2, 1, 1) if refuted else (2, 2, 0))


def test_a_refuted_break_is_not_contested_too():
    contested = a_finished_hunt(1, confirmation=Confirmation.CONTESTED)
    counts = with_refuted(reviewed(), {"r_one": Counts(total=4, broke=2, contested=1)}, [contested])["r_one"]
    assert (counts.contested, counts.refuted) == (0, 1)
