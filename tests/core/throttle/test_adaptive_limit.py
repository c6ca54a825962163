"""The limit's arithmetic: what a clean round and a rate limit make of it, and which rounds count."""

from datetime import timedelta

import pytest

from core.throttle.adaptive import Adaptive, Limit, Rounds, cut, raised
from tests.builders import NOW


@pytest.mark.parametrize(
    ("now", "refused", "expected"),
    [(1, False, 2), (20, False, 40), (60, False, 100), (100, False, 100), (20, True, 21), (40, True, 42), (1, True, 2)],
)
def test_a_clean_round_doubles_until_something_was_refused_and_then_adds_five_percent(now, refused, expected):
    assert raised(Limit(now=now, refused=refused), 100, NOW).now == expected


@pytest.mark.parametrize(("now", "expected"), [(100, 80), (10, 8), (2, 1), (1, 1)])
def test_a_rate_limit_cuts_to_four_fifths_and_never_below_one(now, expected):
    lower = cut(Limit(now=now), NOW)
    assert (lower.now, lower.refused, lower.changed_at, lower.version) == (expected, True, NOW, 1)
    assert "slow down" in lower.reason


def played(rounds: Rounds, limit: Limit, *, replies: int, in_flight: int, at=NOW) -> Limit:
    for _ in range(replies):
        limit = rounds.note(limit, slow_down=False, in_flight=in_flight, share=limit.now, at=at)
    return limit


def test_a_round_is_as_many_replies_as_the_limit_with_its_slots_in_use():
    limit = Limit(now=10)
    assert played(Rounds(100, 15), limit, replies=9, in_flight=10).now == 10
    assert played(Rounds(100, 15), limit, replies=10, in_flight=8).now == 20
    assert played(Rounds(100, 15), limit, replies=10, in_flight=7).now == 10


def test_one_episode_cuts_once_and_nothing_is_raised_while_it_rests():
    rounds, limit = Rounds(100, 15), Limit(now=100)
    for _ in range(30):
        limit = rounds.note(limit, slow_down=True, in_flight=100, share=100, at=NOW)
    assert limit.now == 80
    assert played(rounds, limit, replies=500, in_flight=80, at=NOW + timedelta(seconds=14)).now == 80
    again = rounds.note(limit, slow_down=True, in_flight=80, share=80, at=NOW + timedelta(seconds=15))
    assert again.now == 64
    assert played(rounds, limit, replies=80, in_flight=80, at=NOW + timedelta(seconds=16)).now == 84


def test_at_the_ceiling_nothing_changes():
    limit = Limit(now=8)
    assert played(Rounds(8, 15), limit, replies=100, in_flight=8) is limit


def test_an_account_begins_with_its_ceiling_or_what_is_set():
    assert Adaptive().first(50).now == 50
    assert Adaptive(start=20).first(50).now == 20
    assert Adaptive(start=20).first(6).now == 6
    assert Adaptive(on=False, start=20).first(50).now == 50
