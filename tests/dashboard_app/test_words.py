"""Formatting of numbers and names; escaping of hostile text."""

import pytest

from dashboard_app import words


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
