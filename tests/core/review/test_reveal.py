"""What is missing before the reveal: a selection, reviews, verdicts, the end of a run."""

import pytest

from core.domain.session import Audit, Selection
from core.domain.verdict import Outcome
from core.review.reveal import locked_reviews, reveal_problems
from tests.builders import a_finished_hunt, a_review, a_run, a_session

BARE = "because an export made before the reveal leaves them out. Judge"


@pytest.mark.parametrize(
    ("bare", "says"),
    [
        (0, ()),
        (1, (f"1 of 4 selected hunts has no verdicts, {BARE} it again first.",)),
        (4, (f"4 of 4 selected hunts have no verdicts, {BARE} them again first.",)),
    ],
)
def test_reviews_are_not_locked_against_verdicts_that_are_not_there(bare, says):
    hunts = [a_finished_hunt(n, **({"verdicts": ()} if n <= bare else {})) for n in range(1, 5)]
    ids = tuple(hunt.hunt_id for hunt in hunts)
    session = a_session(
        runs=(a_run(finished_at=a_finished_hunt().finished_at, status="completed"),),
        selection=Selection(hunt_ids=ids),
        reviews=tuple(a_review(i) for i in ids),
    )
    assert reveal_problems(session, hunts) == says


def test_unfinished_reviews_and_missing_hunts_are_named_without_numbers_of_hunts():
    hunts = [a_finished_hunt(1)]
    session = a_session(runs=(a_run(),), selection=Selection(hunt_ids=("r_one.1",)))
    problems = reveal_problems(session, hunts)
    assert problems[-2:] == ("1 of 1 reviews is unfinished.", "A run is still active.")
    assert "3 more hunts" in problems[0]


def a_desk(reviews, **changes):
    """Two selected hunts and a drawn one, all on the desk, with these reviewed."""
    hunts = [a_finished_hunt(1), a_finished_hunt(2), a_finished_hunt(3, **({"outcome": Outcome.HELD} | changes))]
    session = a_session(
        runs=(a_run(finished_at=hunts[0].finished_at, status="completed"),),
        selection=Selection(hunt_ids=("r_one.1", "r_one.2"), slots=2, least_breaks=2),
        audit=Audit(held=1, drawn=("r_one.3",)),
        reviews=tuple(a_review(f"r_one.{n}") for n in reviews),
    )
    return session, hunts


def test_a_drawn_hunt_is_waited_for_like_a_selected_one():
    """Otherwise the moment at which the reveal becomes possible would name the cards that were drawn."""
    for reviews in ((1, 2), (1, 3), (2, 3)):
        assert reveal_problems(*a_desk(reviews)) == ("1 of 3 reviews is unfinished.",)
    assert reveal_problems(*a_desk((1, 2, 3))) == ()


def test_a_drawn_hunt_that_is_being_judged_again_is_waited_for():
    session, hunts = a_desk((1, 2, 3), outcome=None, status="judging")
    assert reveal_problems(session, hunts) == ("A drawn hunt is being judged again.",)


def test_complete_reviews_are_locked_also_those_of_hunts_that_are_no_longer_selected():
    session, _ = a_desk((1, 4))
    draft = a_review("r_one.2", "P--")
    session = session.model_copy(update={"reviews": (*session.reviews, draft)})
    assert [review.hunt_id for review in locked_reviews(session)] == ["r_one.1", "r_one.4"]
    later = session.model_copy(update={"runs": (session.runs[0].model_copy(update={"turn": 2}),)})
    assert locked_reviews(later) == ()
