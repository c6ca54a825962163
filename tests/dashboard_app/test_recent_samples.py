"""Samples of the last minutes: bounded, and told apart by instance."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard_app.api_status import read_status
from dashboard_app.recent_samples import MAX_SAMPLES, RETENTION, Recent

ANY = {"health": {"status": "healthy"}, "sessions": {"backend": "memory", "count": 0}}


@pytest.mark.parametrize(
    ("answers", "in_turn"),
    [
        ("aaaaabbbb", ["b"]),  # one restart
        ("aabbccc", ["c"]),  # two
        ("ababab", ["a", "b"]),
        ("aaa", ["a"]),
        ("xxxababab", ["a", "b"]),  # one became two
    ],
)
def test_a_restart_is_no_second_instance(answers, in_turn):
    recent, now, every = Recent(), datetime(2026, 11, 24, tzinfo=UTC), timedelta(minutes=2)
    alternating = len(set(answers[-2:])) == 2
    for place, name in enumerate(answers):
        first = answers.index("ab") if alternating and name in "ab" else answers.index(name)
        began = now + every * first - timedelta(seconds=5)
        at = now + every * place
        told = {"instance": name, "version": "1", "uptime_s": (at - began).total_seconds(), **ANY}
        recent.add(at, read_status(told))
    assert recent.instances == in_turn


def test_what_a_page_remembers_is_bounded_by_age_and_number():
    status = read_status(
        {
            "instance": "i",
            "version": "v",
            "health": {"status": "healthy"},
            "sessions": {"backend": "memory", "count": 0},
            "providers": [{"name": "a", "limit": 4, "usable": True}, {"name": "b", "usable": False}],
        }
    )
    recent, begin = Recent(), datetime(2026, 11, 24, tzinfo=UTC)
    for number in range(MAX_SAMPLES + 50):
        recent.add(begin + timedelta(milliseconds=100 * number), status)
    assert len(recent.samples) == MAX_SAMPLES
    recent.add(begin + RETENTION * 2, status)
    assert len(recent.samples) == 1
    assert list(recent.frame("a")["what"]) == ["in flight", "queued", "limit"]
