"""What is stored can be sent, and what is too long says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judge.encodable_text import bounded, encodable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""), ("Donau 😀 \ufffd", "Donau 😀 \ufffd"), ("\ud83d\ude00", "😀"), ("a\ud800b\udc00c", "a\ufffdb\ufffdc"),
        ("\ude00\ud83d", "\ufffd\ufffd"), ("😀\ud800", "😀\ufffd"),
    ],
)  # fmt: skip
def test_pairs_are_joined_and_what_has_no_partner_is_replaced(text, expected):
    assert encodable(text) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_that_can_be_sent_stays_what_it_is(text):
    assert encodable(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("abcd", "abcd"), ("abcde", "abcd … (1 more characters are not kept)"), ("x" * 14, "xxxx … (10 more characters are not kept)")],
)  # fmt: skip
def test_a_long_text_is_cut_and_says_by_how_much(text, expected):
    assert bounded(text, 4) == expected
