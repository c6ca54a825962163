"""Evidence is shown as the reply's own words, so only the reply's own words get through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judge.evidence import passage_of

REPLY = "First line,  with two spaces.\n\n- **Krypton** is a gas\u202f(Kr).\nHe said “no”."


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        ("", ""),
        ("  \n ", ""),
        ('"', ""),
        ("Krypton is a liquid", ""),
        ("First line … a gas", ""),
        ("first line", ""),
        ("First line,  with", "First line,  with"),
        ("First line, with two spaces.", "First line,  with two spaces."),
        ("two spaces. - **Krypton**", "two spaces.\n\n- **Krypton**"),
        ("pton** is a gas (K", "pton** is a gas\u202f(K"),
        ("“a gas (Kr).”", "a gas\u202f(Kr)."),
        ('"He said “no”."', "He said “no”."),
        ("“no”", "“no”"),
    ],
)
def test_a_quote_is_a_passage_of_the_reply_or_nothing(quote, passage):
    assert passage_of(REPLY, quote) == passage


def test_of_several_passages_the_first_is_shown():
    assert passage_of("a  b, then a\nb", "a b") == "a  b"


@given(st.text(), st.text())
def test_what_is_shown_as_a_quote_occurs_in_the_reply(reply, quote):
    assert passage_of(reply, quote) in reply


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), min_size=1), st.data())
def test_a_quote_is_found_whatever_happened_to_its_white_space(words, data):
    gaps = [data.draw(st.sampled_from([" ", "\n", "  ", "\u202f", "\t\n"])) for _ in words]
    reply = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    assert passage_of(reply, " ".join(words)).split() == words
