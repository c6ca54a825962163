"""The desk and the reviews: a sealed one links no card to a hunt."""

import pytest

from core.domain.run import RunStatus
from core.domain.session import Selection, Visibility
from core.domain.verdict import Outcome
from core.hunting.views.reviews import desk_view, review_parts, review_view, reviews_view
from tests.builders import NOW, a_finished_hunt, a_review, a_run, a_session, a_task

HUNTS = tuple(a_finished_hunt(n, Outcome.BROKE) for n in range(1, 5))
BLIND = {"visibility": Visibility.BLIND}


def session_of(hunts=HUNTS, **changes):
    selection = Selection(hunt_ids=tuple(hunt.hunt_id for hunt in hunts))
    run = a_run(4, status=RunStatus.COMPLETED, finished_at=NOW)
    return a_session(runs=(run,), selection=selection, card_secret="secret", **changes)


@pytest.mark.parametrize(("changes", "named"), [({}, True), (BLIND, False), (BLIND | {"revealed_at": NOW}, True)])
def test_a_review_names_its_hunt_only_where_nothing_is_sealed(changes, named):
    view = review_view(session_of(**changes), a_review("r_one.1", "FFF"), a_task())
    assert ("hunt_id" in view) is named
    assert (view["complete"], view["words"], view["score"]) == (True, 11, 0)


def test_a_draft_says_what_it_lacks():
    view = review_view(session_of(), a_review("r_one.1", "P--", explanation=""), a_task())
    assert (view["complete"], view["score"], view["words"]) == (False, None, 0)
    assert view["problems"]


@pytest.mark.parametrize("changes", [{}, BLIND])
def test_the_only_card_of_a_sealed_selection_has_no_id(changes):
    one = HUNTS[:1]
    (review,) = reviews_view(session_of(one, reviews=(a_review("r_one.1"),), **changes), one)
    assert ("card_id" in review) is (changes == {})
    reviews = tuple(a_review(hunt.hunt_id) for hunt in HUNTS)
    assert all("card_id" in review for review in reviews_view(session_of(reviews=reviews, **changes), HUNTS))


def test_cards_of_a_sealed_desk_have_no_outcome_and_no_model():
    blind, open_ = desk_view(session_of(**BLIND), HUNTS), desk_view(session_of(), HUNTS)
    assert (blind["sealed"], len(blind["cards"]), len(open_["cards"])) == (True, 4, 4)
    assert {"outcome", "model", "hunt_id"} & {name for card in blind["cards"] for name in card} == set()
    assert {card["hunt_id"] for card in open_["cards"]} == {hunt.hunt_id for hunt in HUNTS}


def test_agreement_is_shown_after_reveal_only():
    reviews = tuple(a_review(hunt.hunt_id, "FFF") for hunt in HUNTS)
    before, after = (review_parts(session_of(reviews=reviews, revealed_at=at, **BLIND), HUNTS) for at in (None, NOW))
    assert (before["agreement"], before["can_reveal"], after["can_reveal"]) == (None, True, False)
    assert after["agreement"] is not None
    assert (before["selection"]["complete"], before["selection"]["problems"]) == (True, ())
