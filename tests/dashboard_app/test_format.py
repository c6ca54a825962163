"""Formatting of numbers and names; escaping of hostile text."""

import pytest

from dashboard_app import format as formatting


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formatting.percent(None), "n/a"),
        (formatting.percent(0.0), "0%"),
        (formatting.usd(None), "n/a"),
        (formatting.usd(0.0), "$0.00"),
        (formatting.usd(0.00042), "$0.0004"),
        (formatting.usd(1234.5), "$1,234.50"),
        (formatting.latency(None), "n/a"),
        (formatting.latency(412.4), "412 ms"),
        (formatting.latency(8123.0), "8.1 s"),
        (formatting.count(1, "hunt"), "1 hunt"),
        (formatting.count(2000, "hunt"), "2,000 hunts"),
        (formatting.span(12), "12 s"),
        (formatting.span(3700), "1 h 1 min"),
        (formatting.span(100_000), "1 d 3 h"),
        (formatting.span(-1), "0 s"),
        (formatting.model_label("openai/gpt-5"), "openai/gpt-5"),
        (formatting.model_label("fireworks/accounts/fireworks/models/x"), "fireworks/…/x"),
        (formatting.plain("a *b* [c](d)\n$e$ :red[f]"), r"a \*b\* \[c\]\(d\) \$e\$ \:red\[f\]"),
    ],
)
def test_words(shown, expected):
    assert shown == expected
