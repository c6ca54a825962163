"""Which written words are ids, and which values can be a criterion's text."""

import pytest

from core.notebooks.criteria.forms import Span, id_in, is_id, is_text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("C1", "C1"), ("c12", "C12"), ("C01", "C1"), ("0007", "C7"), (7, "C7"), (" c-3 ", "C3"), ("C. 4", "C4"),
        ("criterion 5", "C5"), ("Criteria_6", "C6"), (" " * 39 + "7", "C7"),
        ("A1", "A1"), ("C0", "C0"), ("C10000", "C10000"), ("  no id ", "no id"), ("x" * 50, "x" * 40), ("", ""),
        (" " * 40 + "7", ""), (True, ""), (False, ""), (None, ""), (1.0, ""), (["C1"], ""),
    ],
)  # fmt: skip
def test_an_id_is_read_in_every_spelling_and_other_words_stay(written, meant):
    assert id_in(written) == meant


@pytest.mark.parametrize(
    ("word", "yes"),
    [("C1", True), ("criterion 12", True), (" 7 ", True), ("7" + " " * 39, True), ("7" + " " * 40, False), ("A1", False),
     ("C0", False), ("C1 C2", False), ("", False)],
)  # fmt: skip
def test_an_id_stands_alone_in_a_short_word(word, yes):
    assert is_id(word) is yes


@pytest.mark.parametrize(
    ("value", "yes"),
    [("It rhymes.", True), ("No!", True), ("", False), (" \n", False), ("pass", False), (" FAIL ", False), ("n/a", False),
     ("Undetermined", False), ("missing", False), ("yes", False), ("No", False), ("true", False), ("False", False),
     ("C7", False), (7, False), (None, False), (["a b"], False)],
)  # fmt: skip
def test_a_text_is_words_and_neither_a_verdict_nor_an_id(value, yes):
    assert is_text(value) is yes


def test_a_span_is_a_piece_of_the_body():
    assert Span(2, 5).of("abcdefg") == "cde"
