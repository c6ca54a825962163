"""What the judge and the reviews make of a delivery, and when that is asked about."""

from itertools import product

import pytest

from core.domain.review import human_outcome
from core.domain.session import Selection, Visibility
from core.domain.verdict import Outcome
from core.hunting.reviews.delivery import deliver
from core.notebooks.write_cells import blank_notebook
from core.review.comparison import compare_outcomes
from tests.builders import NOW, a_finished_hunt, a_review, a_run, a_session, a_task

BROKE, HELD = Outcome.BROKE, Outcome.HELD
REVIEWS = {"b": "PFF", "h": "PPP", "d": "P--", "-": ""}
"""By letter: a break, a held one, a draft, none."""


def compared(judge, reviews, **changes):
    """`judge`: b or h for each hunt; `reviews`: b, h, d (a draft) or - (none)."""
    hunts = [a_finished_hunt(n, BROKE if letter == "b" else HELD) for n, letter in enumerate(judge, 1)]
    said = tuple(
        a_review(hunt.hunt_id, REVIEWS[letter]) for hunt, letter in zip(hunts, reviews, strict=True) if letter != "-"
    )
    ids = tuple(hunt.hunt_id for hunt in hunts)
    made = {"runs": (a_run(),), "reviews": said, "selection": Selection(hunt_ids=ids), "revealed_at": NOW} | changes
    return compare_outcomes(a_session(**made), hunts)


@pytest.mark.parametrize(
    ("judge", "reviews", "words", "short"),
    [
        ("bbbb", "hhhh", "Judge: 4 breaks, you: 0.", True),
        ("bbbb", "bbbh", "Judge: 4 breaks, you: 3.", False),
        ("bbbb", "bbhh", "Judge: 4 breaks, you: 2.", True),
        ("bbbh", "bbbb", "Judge: 3 breaks, you: 4.", False),
        ("bbbh", "hbbb", "Judge: 3 breaks, you: 3, on different hunts.", False),
        ("bbbb", "h---", "Judge: 4 breaks, you: 0 (of 1 reviewed).", False),
        ("bbbb", "hhdd", "Judge: 4 breaks, you: 0 (of 2 reviewed).", True),
        ("b", "h", "Judge: 1 break, you: 0.", True),
    ],
)
def test_what_the_reviews_see_otherwise_is_said_and_asked(judge, reviews, words, short):
    found = compared(judge, reviews)
    assert (found.differ, found.words) == (True, words)
    assert found.question.startswith(words)
    assert found.question.endswith("Deliver the notebook anyway?")
    assert ("lacks the required 3 breaks" in found.question) is short


@pytest.mark.parametrize("reviews", ["bbbb", "bb--", "bbdd", "dddd", "----"])
def test_nothing_is_asked_where_reviews_agree_or_there_are_none(reviews):
    found = compared("bbbb", reviews)
    assert (found.differ, found.question, found.differing) == (False, "", ())


def test_an_open_session_is_asked_before_reveal_too_and_names_the_hunts():
    found = compared("bbbb", "hbbb", revealed_at=None)
    assert (found.differ, found.differing) == (True, ("r_one.1",))


def test_what_a_sealed_session_is_asked_follows_from_two_known_numbers_alone():
    """Otherwise the response would reveal which card is which hunt: equal counts in any order give the same response."""
    seen = {}
    for judge, reviews in product(product("bh", repeat=3), product("bh-", repeat=3)):
        found = compared(judge, reviews, visibility=Visibility.BLIND, revealed_at=None)
        known = (judge.count("b"), reviews.count("b"), reviews.count("h"))
        assert seen.setdefault(known, found) == found
    assert {found.differing for found in seen.values()} == {()}
    assert seen[3, 0, 3].question.startswith("Judge: 3 breaks, you: 0.")
    assert (seen[2, 2, 1].differ, seen[2, 1, 0].differ, seen[2, 0, 2].differ) == (False, False, True)


def test_the_outcome_of_a_review_follows_the_pass_rule_of_its_run():
    assert human_outcome(a_review(said="PFF"), a_task()) is BROKE
    assert human_outcome(a_review(said="PPF"), a_task()) is HELD


def test_a_delivery_compares_what_it_delivers_and_not_the_selection():
    hunts = [a_finished_hunt(n) for n in (1, 2, 3)]
    session = a_session(
        runs=(a_run(),), reviews=(a_review("r_one.1", "PPP"), a_review("r_one.2", "FFF")),
        selection=Selection(hunt_ids=("r_one.2", "r_one.3")),
    )  # fmt: skip
    raw = blank_notebook(session.task)
    assert deliver(session, raw, None, "kept", hunts).comparison.differ is False
    chosen = deliver(session, raw, ["r_one.1", "r_one.2"], "kept", hunts).comparison
    assert (chosen.words, chosen.differing) == ("Judge: 2 breaks, you: 1.", ("r_one.1",))


def test_while_sealed_drawn_hunts_count_like_selected_ones():
    hunts = [a_finished_hunt(1), a_finished_hunt(2, HELD)]
    for said in product(("PFF", "PPP", None), repeat=2):
        by_hand = [a_review(f"r_one.{n}", verdicts) for n, verdicts in enumerate(said, 1) if verdicts]
        swapped = [a_review(f"r_one.{3 - n}", verdicts) for n, verdicts in enumerate(said, 1) if verdicts]
        seen = [
            compare_outcomes(
                a_session(runs=(a_run(),), reviews=tuple(reviews), visibility=Visibility.BLIND), hunts[:1], hunts
            )
            for reviews in (by_hand, swapped)
        ]
        assert seen[0] == seen[1]
        assert (seen[0].hunts, seen[0].judge_breaks) == (2, 1)
    revealed = a_session(runs=(a_run(),), reviews=(a_review("r_one.2"),), revealed_at=NOW)
    assert compare_outcomes(revealed, hunts[:1], hunts).hunts == 1
