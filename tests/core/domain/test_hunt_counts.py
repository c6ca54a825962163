"""What one hunt adds to the counts of its run."""

import pytest

from core.domain.allocation import TargetCounts
from core.domain.chat import Reply
from core.domain.confirmation import Confirmation, SecondOpinion
from core.domain.hunt import Judging
from core.domain.hunt_counts import second_opinion_counts, share_counts, target_counts
from core.domain.verdict import Outcome
from tests.builders import NOW, a_finished_hunt, a_hunt

CONFIRMED = {"confirmation": Confirmation.CONFIRMED}


def test_a_hunt_of_an_even_run_adds_nothing_to_shares_and_targets():
    assert (share_counts(a_finished_hunt()), target_counts(a_finished_hunt())) == ({}, None)


def test_a_confirmed_break_of_the_adaptive_share_is_in_no_rate():
    hunt = a_finished_hunt(share="adaptive", **CONFIRMED)
    names = ("adaptive_finished", "adaptive_broke", "adaptive_held", "adaptive_confirmed")
    assert share_counts(hunt) == dict(zip(names, (1, 1, 0, 1), strict=True))
    assert second_opinion_counts(hunt)["confirmed"] == 1


@pytest.mark.parametrize("share", ["uniform", "adaptive"])
def test_a_target_is_known_by_the_hunts_of_both_shares(share):
    hunt = a_finished_hunt(share=share, **CONFIRMED)
    assert target_counts(hunt) == TargetCounts(finished=1, broke=1, confirmed=1, priced=1, cost_usd=0.01)


def test_a_hunt_that_has_not_ended_or_was_cancelled_says_nothing_about_its_target():
    cancelled = a_finished_hunt(share="adaptive", outcome=Outcome.CANCELLED)
    for hunt in (a_hunt(share="adaptive"), cancelled):
        assert (share_counts(hunt), target_counts(hunt)) == ({}, None)


def an_opinion(*asked):
    return SecondOpinion(judge_model="lab/m", asked_at=NOW, asked=asked)


def test_without_second_opinions_a_hunt_adds_nothing_to_their_counts():
    assert second_opinion_counts(a_finished_hunt()) == {}


@pytest.mark.parametrize(
    ("outcome", "confirmation", "confirmed", "contested"),
    [
        (Outcome.BROKE, Confirmation.CONFIRMED, 1, 0),
        (Outcome.BROKE, Confirmation.CONTESTED, 0, 1),
        (Outcome.BROKE, Confirmation.UNCONFIRMED, 0, 0),
        (Outcome.HELD, Confirmation.CONFIRMED, 0, 0),
        (Outcome.HELD, Confirmation.CONTESTED, 0, 0),
    ],
)
def test_confirmed_and_contested_are_counts_of_breaks_and_asked_opinions_of_every_judging(
    outcome, confirmation, confirmed, contested
):
    earlier = Judging(at=NOW, judge_model="lab/j", opinions=(an_opinion("C1", "C2", "C3"), an_opinion("C1")))
    hunt = a_finished_hunt(
        outcome=outcome, confirmation=confirmation, opinions=(an_opinion("C1", "C2"),), judged=(earlier,)
    )
    assert second_opinion_counts(hunt) == {
        "confirmed": confirmed,
        "contested": contested,
        "opinions_asked": 3,
        "votes_asked": 6,
    }


def test_a_sealed_exports_confirmation_counts_without_its_opinions():
    assert second_opinion_counts(a_finished_hunt(**CONFIRMED)) == {
        "confirmed": 1,
        "contested": 0,
        "opinions_asked": 0,
        "votes_asked": 0,
    }


def test_a_held_hunt_of_the_adaptive_share_and_one_of_the_uniform_share():
    held = a_finished_hunt(share="adaptive", outcome=Outcome.HELD)
    assert share_counts(held) == {
        "adaptive_finished": 1,
        "adaptive_broke": 0,
        "adaptive_held": 1,
        "adaptive_confirmed": 0,
    }
    assert share_counts(a_finished_hunt(share="uniform")) == {}


def test_a_target_is_contested_and_priced_as_its_hunts_are():
    contested = a_finished_hunt(share="uniform", confirmation=Confirmation.CONTESTED)
    assert target_counts(contested) == TargetCounts(finished=1, broke=1, contested=1, priced=1, cost_usd=0.01)
    unpriced = a_finished_hunt(share="uniform", outcome=Outcome.HELD, reply=Reply(text="x"))
    assert target_counts(unpriced) == TargetCounts(finished=1)
