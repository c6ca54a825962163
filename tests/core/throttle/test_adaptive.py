"""Adaptive limits: clean rounds, rate limits, and which rounds count."""

from datetime import timedelta

import pytest

from core.throttle.adaptive import Adaptive, Limit, Rounds, cut_limit, in_cooldown, raise_limit, take_back_cut
from tests.builders import NOW


@pytest.mark.parametrize(
    ("now", "refused", "expected"),
    [(1, False, 2), (20, False, 40), (60, False, 100), (100, False, 100), (20, True, 21), (40, True, 42), (1, True, 2)],
)
def test_a_clean_round_doubles_until_something_was_refused_and_then_adds_five_percent(now, refused, expected):
    assert raise_limit(Limit(now=now, refused=refused), 100, NOW).now == expected


@pytest.mark.parametrize(
    ("refused", "now", "reason"), [(False, 8, "a clean round, nothing refused so far"), (True, 5, "a clean round")]
)
def test_a_raised_limit_records_reason_and_time(refused, now, reason):
    limit = Limit(now=4, version=7, refused=refused, cut_at=NOW)
    later = NOW + timedelta(minutes=1)
    changed = {"now": now, "version": 8, "reason": reason, "changed_at": later}
    assert raise_limit(limit, 100, later) == limit.model_copy(update=changed)


def test_the_limit_is_unchanged_at_the_ceiling():
    for now in (100, 101):
        limit = Limit(now=now)
        assert raise_limit(limit, 100, NOW) is limit


@pytest.mark.parametrize(("now", "expected"), [(100, 80), (10, 8), (2, 1), (1, 1)])
def test_a_rate_limit_cuts_to_four_fifths_and_never_below_one(now, expected):
    assert cut_limit(Limit(now=now, version=3), 100, NOW) == Limit(
        now=expected,
        version=4,
        refused=True,
        reason="the provider asked to slow down",
        changed_at=NOW,
        cut_at=NOW,
        cut_from=now,
    )


def test_a_limit_above_the_ceiling_is_cut_from_the_ceiling():
    assert (cut_limit(Limit(now=100), 10, NOW).now, cut_limit(Limit(now=100), 10, NOW).cut_from) == (8, 10)


def test_a_cut_that_is_taken_back_ends_the_cooldown_and_records_the_share():
    later = NOW + timedelta(seconds=6)
    cut = cut_limit(Limit(now=10), 10, NOW)
    assert take_back_cut(cut, 0.2, later) == Limit(
        now=10,
        version=2,
        refused=True,
        reason="the provider refuses 20% of the calls whatever the load",
        changed_at=later,
        independent_share=0.2,
        independent_until=later + timedelta(minutes=10),
    )


def test_the_limit_of_the_release_before_can_be_read():
    stored = {"now": 8, "version": 3, "refused": True, "reason": "a clean round", "changed_at": None, "cut_at": None}
    assert Limit.model_validate(stored) == Limit(now=8, version=3, refused=True, reason="a clean round")


def test_the_cooldown_starts_with_a_cut():
    limit = cut_limit(Limit(now=8), 8, NOW)
    moments = (0, 14.999, 15, 3600)
    assert [in_cooldown(limit, 15, NOW + timedelta(seconds=s)) for s in moments] == [True, True, False, False]
    assert not in_cooldown(Limit(now=8, changed_at=NOW), 15, NOW)


def played(rounds: Rounds, limit: Limit, *, replies: int, in_flight: int, at=NOW) -> Limit:
    for _ in range(replies):
        limit = rounds.adjust(limit, slow_down=False, in_flight=in_flight, share=limit.now, at=at)
    return limit


def test_a_round_is_as_many_replies_as_the_limit_with_its_slots_in_use():
    limit = Limit(now=10)
    assert played(Rounds(100, 15), limit, replies=9, in_flight=10).now == 10
    assert played(Rounds(100, 15), limit, replies=10, in_flight=8).now == 20
    assert played(Rounds(100, 15), limit, replies=10, in_flight=7).now == 10


def refused(rounds: Rounds, limit: Limit, calls: int, *, at=NOW) -> Limit:
    for _ in range(calls):
        limit = rounds.adjust(limit, slow_down=True, in_flight=5, share=limit.now, at=at)
    return limit


def test_one_episode_cuts_once_and_raises_nothing():
    rounds, limit = Rounds(100, 15), Limit(now=100)
    assert refused(rounds, limit, 9) is limit
    limit = refused(rounds, limit, 30)
    assert limit.now == 80
    assert played(rounds, limit, replies=500, in_flight=80, at=NOW + timedelta(seconds=14)).now == 80
    again = refused(rounds, limit, 10, at=NOW + timedelta(seconds=15))
    assert again.now == 64
    assert played(rounds, again, replies=64, in_flight=64, at=NOW + timedelta(seconds=30)).now == 68


def test_after_a_cut_that_helped_and_a_clean_round_one_refusal_cuts():
    rounds = Rounds(20, 15)
    limit = played(rounds, refused(rounds, Limit(now=20), 10), replies=40, in_flight=16)
    limit = played(rounds, limit, replies=16, in_flight=16, at=NOW + timedelta(seconds=16))
    assert (limit.now, limit.cut_helped) == (17, True)
    again = refused(rounds, limit, 1, at=NOW + timedelta(seconds=17))
    assert (again.now, again.cut_helped) == (13, True)


def test_a_round_counts_only_when_its_own_slots_were_in_use():
    rounds = Rounds(100, 15)
    limit = played(rounds, Limit(now=10), replies=9, in_flight=7)
    assert rounds.adjust(limit, slow_down=False, in_flight=8, share=10, at=NOW).now == 20
    rounds = Rounds(100, 15)
    idle = played(rounds, played(rounds, Limit(now=10), replies=10, in_flight=7), replies=9, in_flight=1)
    assert rounds.adjust(idle, slow_down=False, in_flight=1, share=10, at=NOW) is idle
    assert Rounds(100, 15).adjust(Limit(now=10), slow_down=False, in_flight=0, share=1, at=NOW).now == 10


def test_a_raised_limit_records_the_end_of_the_round():
    later = NOW + timedelta(seconds=9)
    assert played(Rounds(100, 15), Limit(now=1), replies=1, in_flight=1, at=later) == Limit(
        now=2, version=1, reason="a clean round, nothing refused so far", changed_at=later
    )


def test_a_limit_that_another_process_changed_begins_a_new_round():
    rounds, limit = Rounds(100, 15), Limit(now=10)
    played(rounds, limit, replies=9, in_flight=10)
    other = limit.model_copy(update={"version": 1})
    assert played(rounds, other, replies=9, in_flight=10) is other
    assert played(rounds, other, replies=1, in_flight=10).now == 20


def test_at_the_ceiling_nothing_changes():
    limit = Limit(now=8)
    assert played(Rounds(8, 15), limit, replies=100, in_flight=8) is limit


def test_an_account_starts_at_its_ceiling_or_the_configured_start():
    assert Adaptive().first(50).now == 50
    assert Adaptive(start=20).first(50).now == 20
    assert Adaptive(start=20).first(6).now == 6
    assert Adaptive(on=False, start=20).first(50).now == 50


def test_a_limit_above_the_ceiling_stays_until_it_is_cut():
    limit = Limit(now=9)
    assert played(Rounds(8, 15), limit, replies=100, in_flight=9) is limit


def test_refusals_of_another_version_are_not_counted():
    rounds = Rounds(10, 15)
    refused(rounds, Limit(now=10), 9)
    assert refused(rounds, Limit(now=10, version=1), 9).now == 10
    assert refused(rounds, Limit(now=10, version=1), 1).now == 8
