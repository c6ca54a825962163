"""What one hunt adds to the counts of its run."""

import pytest

from core.domain.allocation import TargetCounts
from core.domain.confirmation import Confirmation
from core.domain.hunt_counts import second_opinion_counts, share_counts, target_counts
from core.domain.verdict import Outcome
from tests.builders import a_finished_hunt, a_hunt

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
