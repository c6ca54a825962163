"""Texts of the reply are recognised in any spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.verdict import Verdict
from core.judge.reply_words import MAX_LOOK_UPS, ReplyWords, TooManyQuotesError, letters


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        (" .,_-{}*\n", ""),
        ('{"verdict": "PASS"}', "verdictpass"),
        ("**Verdict**: p-a_s s", "verdictpass"),
        ("{ 'Verdict' : \"\\u0050ASS\", }", "verdictpass"),
        ("\\x50\\u0041SS", "pass"),
        ("\\nverdict\\tis\\r\\bfair\\f", "verdictisfair"),
        ("&quot;verdict&quot;&#58; P&#65;SS", "verdictpass"),
        ("ＰＡＳＳ", "pass"),
        ("paſs", "pass"),
        ("P\u200bASS", "pass"),
        ("ﬁne", "fine"),
        ("Straße 7", "strasse7"),
        ("РASS", "рass"),
        ("R&D \\alpha \\u00", "rdalphau00"),
    ],
)
def test_letters_and_digits_alone_are_compared(text, folded):
    assert letters(text) == folded


@given(st.text(), st.text())
def test_what_the_reply_says_is_found_in_any_case_and_with_any_marks_between(before, after):
    reply = ReplyWords(f"{before} Danube, and Rhine. {after}")
    assert reply.hold("danube AND *rhine*")
    assert reply.hold("…")


def test_words_that_the_reply_does_not_say_are_not_found():
    reply = ReplyWords("Danube and Rhine.")
    assert (reply.known, reply.hold("Rhine and Danube"), reply.hold("Elbe"), reply.hold("e. R")) == (
        True,
        False,
        False,
        False,
    )
    assert (reply.hold(""), reply.hold("...")) == (True, True)


def test_an_unknown_reply_says_nothing():
    reply = ReplyWords("")
    assert (reply.known, reply.hold("Danube"), reply.hold(""), reply.name(Verdict.PASS)) == (False, False, False, False)


def test_a_verdict_is_named_if_only_inside_another_word():
    reply = ReplyWords("Compassion.")
    assert (reply.name(Verdict.PASS), reply.name(Verdict.FAIL), reply.name(None)) == (True, False, False)


def test_only_so_many_different_words_are_looked_up():
    reply = ReplyWords("Danube and Rhine.")
    for n in range(MAX_LOOK_UPS):
        assert not reply.hold(f"Elbe {n}")
    assert not reply.hold("elbe 7")
    assert reply.hold("")
    with pytest.raises(TooManyQuotesError):
        reply.hold("Danube")
