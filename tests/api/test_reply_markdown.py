"""What a reply says is shown as it says it: nothing is lost or altered but the signs of Markdown's own markup."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.markdown import render

WITHOUT_TAGS = re.compile(r"<[^>]+>")


def text_of(reply: str) -> str:
    return html.unescape(WITHOUT_TAGS.sub("", render(reply))).strip()


@pytest.mark.parametrize("reply", [
    r"$\int_0^1 f(x)\,dx$", r"\(a_1 * b * c_1\)", r"\[ \{x \mid x > 0\} \]", r"$$\begin{pmatrix} a & b \\ c & d \end{pmatrix}$$",
    r"\begin{align} x &= 1 \\ y &= 2 \end{align}", "\\[\na\n= b\n- c\n+ d\n\\]", "$$\nx\n===\n$$", r"outside of a formula: a\,b \; \{c\} \% \\ \(",
    r"C:\new\,dir \\server\share", "$5 and $6", "a cut formula \\[ x\\,y", "&lt;b&gt; &nbsp; &copy; &#42;", "<b>bold</b> <!-- no -->",
    "![a chart](https://example.org/a.png)", '![a chart](https://example.org/a.png "of 2026")', "[ftp](ftp://example.org/a)",
    "[1]: https://example.org/source", "[^1]: A note.", "said[^1] and[^b]\n[^1]: https://example.org/a\n[^b]: note",
])  # fmt: skip
def test_text_that_is_not_markup_is_shown_as_written(reply: str) -> None:
    assert text_of(reply) == reply


def test_a_backslash_that_is_markup_is_read_as_markup() -> None:
    assert (
        text_of(r"\*no emphasis\*, 1\. no list, \# no heading, a\_b") == "*no emphasis*, 1. no list, # no heading, a_b"
    )
    assert render("one  \ntwo\\\nthree") == '<p dir="auto">one<br>two<br>three</p>\n'


def test_prices_are_no_formula_and_what_stands_between_them_is_markup() -> None:
    assert "<strong>now</strong>" in render("from $5 **now** to $6")
    assert render("$x*y*z$").count("<em>") == 0


def test_a_table_keeps_its_alignment_and_all_cells() -> None:
    shown = render("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 | four |\n| **5** |")
    assert re.findall(r'<t[hd](?: align="(\w+)")?>([^<]*)', shown) == [
        ("left", "a"), ("center", "b"), ("right", "c"), ("left", "1"), ("center", "2"), ("right", "3"), ("", "four"),
        ("left", ""), ("center", ""), ("right", ""),
    ]  # fmt: skip
    assert "<strong>5</strong>" in shown


def test_a_list_keeps_the_numbers_that_it_was_given() -> None:
    assert re.findall(r'<li value="(\d+)">', render("3. c\n5. e\n5. e again")) == ["3", "5", "5"]


def test_a_footnote_is_no_link() -> None:
    reply = "said[^1]\n\n[^1]: https://example.org/a"
    assert text_of(reply) == reply.replace("\n\n", "\n")
    assert "<a" not in render(reply)


def test_a_list_keeps_the_sign_behind_its_numbers() -> None:
    assert re.findall(r"<ol[^>]*>", render("1) a\n2) b\n\n1. c")) == [
        '<ol dir="auto" class="paren">',
        '<ol dir="auto">',
    ]


def test_code_keeps_its_language_and_text_its_direction() -> None:
    assert '<pre data-language="python"><code>a &lt; b\n</code></pre>' in render("```python\na < b\n```")
    for reply in ("مرحبا", "- שלום", "> שלום", "# שלום", "| שלום |\n|---|\n| a |"):
        assert 'dir="auto"' in render(reply)


def test_a_link_whose_definition_is_given_leads_there_and_the_definition_is_shown() -> None:
    shown = render("As [they say][1].\n\n[1]: https://example.org/source")
    assert 'href="https://example.org/source"' in shown
    assert "[1]: https://example.org/source" in text_of(shown)


SHAPES = (
    "{} ", "*{}* ", "**{}** ", "`{}` ", "~~{}~~ ", "[{}](https://{}) ", "![{}]({}) ", "![{}]({} '{}') ", "[{}](ftp://{}) ", "[{}]: {}\n",
    "[{}]: {} '{}'\n", "[{}][{}] ", "<{}> ", "<https://{}> ", "&{}; ", "\\{} ", "\\,{} ", "\\[{}\\] ", "\\[\n{}\n= {}\n\\]\n", "$${}$$ ", "${}$ ",
    "\n\n", "\n", "# {}\n", "> {}\n", "- {}\n", "1. {}\n", "```{}\n{}\n```\n", "    {}\n", "|{}|{}|\n|-|-|\n|{}|{}|{}|\n", "|{}", "---\n", "===\n", "\\",
    "$", "`", "|", "<!-- {} -->", "<{} {}='{}'>", "\\begin{{x}}\n{}\n\\end{{x}}\n",
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(SHAPES), max_size=12))
def test_no_word_of_a_reply_vanishes(shapes: list[str]) -> None:
    """In the text, a URL, a title or a language, and in any combination."""
    words: list[str] = []
    reply = ""
    for shape in shapes:
        new = [f"w{len(words) + n}w" for n in range(shape.replace("{{", "").count("{}"))]
        words += new
        reply += shape.format(*new)
    shown = render(reply)
    assert [word for word in words if word not in shown] == []
