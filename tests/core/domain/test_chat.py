"""A reply says whether it was cut, in whichever word its provider says so."""

import pytest

from core.domain.chat import STOPPED, Reply


@pytest.mark.parametrize(
    ("word", "cut"), [("MAX_TOKENS", True), ("length", True), ("STOP", False), ("eos_token", False)]
)
def test_a_reply_says_whether_it_was_cut_and_keeps_the_providers_word(word, cut):
    reply = Reply(text="Danube", finish_reason=word)
    assert (reply.cut_off, reply.finish_reason) == (cut, word)


def test_only_a_reply_that_a_person_stopped_is_stopped():
    assert [Reply(text="Danube", finish_reason=word).stopped for word in (STOPPED, "stop", "length")] == [
        True,
        False,
        False,
    ]
