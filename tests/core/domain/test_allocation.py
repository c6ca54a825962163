"""Which hunts of an adaptive run are uniform, and the counts of its targets."""

from core.domain.allocation import TargetCounts, is_even, share_of_place


def test_at_least_a_fifth_of_every_run_is_uniform():
    for hunts in range(1, 1001):
        assert 5 * sum(share_of_place(place) == "uniform" for place in range(hunts)) >= hunts


def test_counts_of_a_target_are_added_and_taken_away():
    one = TargetCounts(finished=1, broke=1, confirmed=1, priced=1, cost_usd=0.25)
    two = TargetCounts(finished=1, contested=1)
    both = TargetCounts(finished=2, broke=1, confirmed=1, contested=1, priced=1, cost_usd=0.25)
    assert (one.plus(two, 1), both.plus(two, -1)) == (both, one)


def test_a_run_is_even_unless_it_says_otherwise():
    assert [is_even(allocation) for allocation in ("even", "adaptive")] == [True, False]


def test_the_first_hunt_and_every_fifth_from_there_are_uniform_and_the_others_adaptive():
    uniform = [place for place in range(12) if share_of_place(place) == "uniform"]
    adaptive = [place for place in range(12) if share_of_place(place) == "adaptive"]
    assert (uniform, adaptive) == ([0, 5, 10], [1, 2, 3, 4, 6, 7, 8, 9, 11])
