"""How long a provider asks us to wait, in every form that providers write it in."""

from datetime import UTC, datetime

import pytest

from core.providers.retry_after import parse_retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
UNIX_S = NOW.timestamp()


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7.0),
        ({"retry-after": "2", "x-ratelimit-reset-requests": "9s"}, 2.0),
    ],
)
def test_milliseconds_come_before_seconds_and_dates(headers, pause_s):
    assert parse_retry_after(headers, NOW) == pause_s


@pytest.mark.parametrize(
    ("reset", "pause_s"),
    [
        ("6m0s", 360.0), ("1d2h3m4.5s", 93_784.5), ("250ms", 0.25), ("1s20ms", 1.02), ("12", 12.0), ("", None),
        ("later", None), ("1.2.3s", 0.0), (str(UNIX_S + 30), 30.0), (str((UNIX_S + 40) * 1000), 40.0),
        (str(UNIX_S - 30), 0.0),
    ],
)  # fmt: skip
def test_a_limit_is_reset_after_a_span_or_at_a_time(reset, pause_s):
    paused = parse_retry_after({"x-ratelimit-reset": reset}, NOW)
    assert paused == (pause_s if pause_s is None else pytest.approx(pause_s))


def test_of_the_limits_that_are_used_up_the_last_one_to_be_reset_counts():
    headers = {
        "x-ratelimit-reset-requests": "5s", "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-tokens": "3s", "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset": "60s", "x-ratelimit-remaining": "12",
    }  # fmt: skip
    assert parse_retry_after(headers, NOW) == 5.0
    assert parse_retry_after(headers | {"x-ratelimit-remaining": "0"}, NOW) == 60.0
