"""Hostile markdown becomes harmless HTML."""

import pytest

from api.markdown import render


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/pixel.png)",
        "<iframe src=https://evil.example></iframe>",
        '<a href="https://x" style="position:fixed" onclick="x">y</a>',
        "<svg/onload=alert(1)>",
        "`<script>`\n\n```html\n<script>alert(1)</script>\n```",
    ],
)
def test_nothing_in_a_reply_can_act(hostile):
    html = render(hostile)
    for tag in ("<script", "<img", "<iframe", "<svg", 'href="javascript', 'href="data', '<a href="https://x" style'):
        assert tag not in html


def test_markdown_reads_as_markdown():
    assert render("**a** | b\n\n1. c") == (
        '<p dir="auto"><strong>a</strong> | b</p>\n<ol dir="auto">\n<li value="1">c</li>\n</ol>\n'
    )
    assert "<table" in render("| a | b |\n|---|---|\n| 1 | 2 |")
    assert 'rel="noopener noreferrer nofollow"' in render("[x](https://example.org)")


def test_a_very_long_reply_is_text():
    html = render("<b>" * 100_000)
    assert html.startswith("<pre>&lt;b&gt;")
