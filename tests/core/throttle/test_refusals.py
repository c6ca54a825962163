"""Refusals before and after a cut, by counts and at models of providers."""

import random

import pytest

from core.throttle.refusals import CutEffect, RefusalSample, compare
from tests.core.throttle.provider_model import Provider, above, at_random, per_minute, play, token_bucket

SEEDS = range(4)


def sample(pattern: str, times: int, in_flight: int = 10) -> RefusalSample:
    """`pattern`: a dot for a reply, x for a refusal."""
    made = RefusalSample()
    for call in pattern * times:
        made.add(call == "x", in_flight)
    return made


def test_a_row_of_refusals_counts_once():
    assert sample("xx..x.xxx", 1) == RefusalSample(replies=3, refused=6, rows=2, row=3, in_flight=90)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (sample("....x", 20, 8), CutEffect.INDEPENDENT),
        (sample("....x", 20, 9), CutEffect.UNKNOWN),  # as many calls in flight as before
        (sample("....x", 6, 8), CutEffect.UNKNOWN),  # too few
        (sample(".........x", 6, 8), CutEffect.UNKNOWN),  # half as many
        (sample(".x", 50, 8), CutEffect.UNKNOWN),  # more than before
        (sample("." * 50, 1, 8), CutEffect.LOAD),
        (sample("." * 50 + "x" * 20, 1, 8), CutEffect.LOAD),  # a burst
        (RefusalSample(), CutEffect.UNKNOWN),
    ],
)
def test_a_cut_is_judged_by_the_share_of_refused_calls_before_and_after(after, expected):
    assert compare(sample("....x", 20), after) is expected


def test_nothing_is_judged_without_refusals_before():
    assert compare(None, sample("....x", 20)) is compare(RefusalSample(), sample("....x", 20)) is CutEffect.UNKNOWN


def test_after_a_row_of_refusals_few_replies_show_that_the_cut_helped():
    assert compare(sample("x", 10), sample(".", 8)) is CutEffect.LOAD
    assert compare(sample("x", 10), sample(".", 2)) is CutEffect.UNKNOWN


def test_a_cut_needs_many_refusals_or_a_row_of_them():
    assert [sample("....x", n).shows_overload(6, 0.0) for n in (19, 20)] == [False, True]
    assert [sample("x", n).shows_overload(6, 0.0) for n in (9, 10)] == [False, True]
    assert [sample("x", n).shows_overload(20, 0.0) for n in (19, 20)] == [False, True]


def test_known_refusals_cut_when_they_are_clearly_more_frequent():
    assert not sample("....x", 40).shows_overload(6, 0.2)
    assert not sample("..x", 40).shows_overload(6, 0.2)
    assert sample(".x", 50).shows_overload(6, 0.2)
    assert sample("..xx", 40).shows_overload(6, 1 / 3)


@pytest.mark.parametrize(("limit", "jobs", "processes"), [(6, 1500, 1), (30, 6000, 1), (30, 6000, 3)])
def test_random_refusals_cost_a_tenth_of_the_time_at_most(limit, jobs, processes):
    for seed in SEEDS:
        took_s = [
            play(Provider([at_random(0.2, random.Random(seed))]), limit, seed, jobs=jobs, processes=processes, **kind)
            for kind in ({}, {"adaptive": None})
        ]
        assert took_s[0].took_s <= 1.1 * took_s[1].took_s


@pytest.mark.parametrize("refusal_s", [0.04, 0.4])
@pytest.mark.parametrize("room", [12, 20])
def test_a_hard_limit_of_concurrent_calls_is_found_and_rarely_exceeded(room, refusal_s):
    for seed in SEEDS:
        played = play(Provider([above(room)]), 24, seed, for_s=150, refusal_s=refusal_s)
        assert played.first_below(24) < (0.5 if room == 12 and refusal_s < 0.1 else 4)
        assert played.refused_share(80) < 0.01
        assert not [limit for _, limit in played.limits if limit.independent_until]


@pytest.mark.parametrize(("demand", "steady"), [(1.3, 0.15), (2, 0.5), (4, 0.6)])
def test_a_limit_of_calls_per_second_is_not_taken_for_random_refusals(demand, steady):
    for seed in SEEDS:
        per_s = 24 / 0.4 / demand
        played = play(Provider([token_bucket(per_s, per_s)]), 24, seed, for_s=300)
        assert not [limit for _, limit in played.limits if limit.independent_until]
        assert played.refused_share(60) < steady  # as without comparisons, see decision record 0026


@pytest.mark.parametrize(("demand", "steady"), [(1.3, 0.7), (2, 0.88), (4, 0.96)])
def test_a_limit_of_calls_per_minute_is_not_taken_for_random_refusals(demand, steady):
    for seed in SEEDS:
        played = play(Provider([per_minute(int(12 / 0.4 / demand * 60))]), 12, seed, for_s=300)
        assert not [limit for _, limit in played.limits if limit.independent_until]
        assert played.refused_share(60) < steady


def test_overload_beside_random_refusals_cuts_again():
    for seed in SEEDS:
        provider = Provider([at_random(0.2, random.Random(seed)), above(12, from_s=60)])
        played = play(provider, 24, seed, for_s=200)
        before_s = [at_s for at_s, limit in played.limits if limit.independent_until and at_s < 60]
        assert before_s
        assert any(limit.now <= 12 for at_s, limit in played.limits if at_s > 60)
        assert played.refused_share(120) < 0.45  # 0.91 of the calls at the full limit
