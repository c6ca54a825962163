"""Delimiters that no text can forge."""

import re

from hypothesis import given
from hypothesis import strategies as st

from core.judge.blocks import nonce_for
from tests.core.judge.test_prompt import TEXT


@given(st.lists(TEXT))
def test_a_nonce_is_in_none_of_the_contents_and_the_same_every_time(contents):
    nonce = nonce_for(contents)
    assert re.fullmatch("[0-9a-f]{16}", nonce)
    assert not any(nonce in content for content in contents)
    assert nonce == nonce_for(contents)


@given(st.lists(TEXT, min_size=1), TEXT)
def test_a_nonce_is_not_in_the_reply_and_depends_on_it_only_where_it_must(contents, reply):
    usual = nonce_for(contents)
    assert usual not in nonce_for(contents, reply=usual + reply)
    assert nonce_for(contents, reply=reply) == usual


def test_a_nonce_that_occurs_in_the_contents_is_derived_again():
    class Foreseen(str):
        """Claims to hold the first nonce that it is asked about, as nobody's real text can be made to."""

        asked: tuple[object, ...] = ()

        def __contains__(self, nonce: object) -> bool:
            self.asked += (nonce,)
            return len(self.asked) == 1

    content = Foreseen("text")
    assert nonce_for([content]) == content.asked[1] != content.asked[0]
