"""Event ids are compared as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.events import id_key

parts = st.tuples(st.integers(0, 10**20 - 1), st.integers(0, 10**20 - 1))


@given(parts, parts)
def test_ids_are_in_the_order_of_their_numbers(one, other):
    assert id_key("{}-{}".format(*one)) == one
    assert (id_key("{}-{}".format(*one)) < id_key("{}-{}".format(*other))) is (one < other)


def test_without_a_sequence_it_is_the_first_of_its_millisecond():
    assert id_key("1700000000000") == (1700000000000, 0)


@pytest.mark.parametrize("wrong", ["", "-", "1-", "-1", "1-2-3", "1 -2", "x", "1-x", "1.5-0", "$", "1" * 21, "٣-1"])
def test_what_is_no_id_is_refused_with_its_words(wrong):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the whole of it is compared)
        id_key(wrong)
    assert refused.value.args == (wrong,)
