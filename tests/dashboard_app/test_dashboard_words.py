"""Formatting of numbers and names; escaping of hostile text in pages and files."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from dashboard_app import words
from dashboard_app.components.tables import as_csv
from dashboard_app.live import read_status
from dashboard_app.recent import MAX_SAMPLES, RETENTION, Recent


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (words.percent(None), "n/a"),
        (words.percent(0.0), "0%"),
        (words.usd(None), "n/a"),
        (words.usd(0.0), "$0.00"),
        (words.usd(0.00042), "$0.0004"),
        (words.usd(1234.5), "$1,234.50"),
        (words.latency(None), "n/a"),
        (words.latency(412.4), "412 ms"),
        (words.latency(8123.0), "8.1 s"),
        (words.count(1, "hunt"), "1 hunt"),
        (words.count(2000, "hunt"), "2,000 hunts"),
        (words.span(12), "12 s"),
        (words.span(3700), "1 h 1 min"),
        (words.span(100_000), "1 d 3 h"),
        (words.span(-1), "0 s"),
        (words.model_label("openai/gpt-5"), "openai/gpt-5"),
        (words.model_label("fireworks/accounts/fireworks/models/x"), "fireworks/…/x"),
        (words.plain("a *b* [c](d)\n$e$ :red[f]"), r"a \*b\* \[c\]\(d\) \$e\$ \:red\[f\]"),
    ],
)
def test_words(shown, expected):
    assert shown == expected


def test_no_reply_becomes_a_formula_in_a_spreadsheet():
    frame = pd.DataFrame({"excerpt": ["=cmd()", "+1", "-1", "@x", "plain, with comma", None], "n": [-1, 2, 3, 4, 5, 6]})
    lines = as_csv(frame).decode("utf-8-sig").splitlines()
    assert lines == ["excerpt,n", "'=cmd(),-1", "'+1,2", "'-1,3", "'@x,4", '"plain, with comma",5', ",6"]


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
