"""Texts of cells: line ends, blank lines, half characters."""

import pytest

from core.notebooks.text import MAX_LINES, has_crlf_only, neat, one_line, shortened, source_lines, without_surrogates


@pytest.mark.parametrize(
    ("text", "clean"),
    [("a\ud83d", "a\ufffd"), ("\ud83d\ude00", "\U0001f600"), ("\ude00\ud83d", "\ufffd\ufffd"), ("é", "é")],
)
def test_half_characters_are_replaced_and_two_halves_are_one(text, clean):
    assert without_surrogates(text) == clean


@pytest.mark.parametrize(
    ("text", "only"), [("a\r\nb\r\n", True), ("a\r\nb\n", False), ("a", False), ("", False), ("a\rb", False)]
)
def test_crlf_is_a_convention_of_the_file_if_every_line_ends_with_it(text, only):
    assert has_crlf_only(text) is only


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("\n \n  a\n\nb  \n\n \n", "  a\n\nb  "), (" a ", " a "), ("\n\n", ""), ("a", "a"), ("", ""), ("\n\na b", "a b"),
        ("x\n", "x"),
    ],
)  # fmt: skip
def test_blank_lines_around_a_text_go_and_spaces_of_its_lines_stay(text, body):
    assert neat(text) == body


def test_a_text_on_one_line_has_single_spaces_for_its_breaks():
    assert one_line(" a \r\n\n\tb\rc d ") == "a b c d"
    assert shortened("word " * 20, maximum=10) == "word word…"
    assert shortened("a\nb", maximum=3) == "a b"


@pytest.mark.parametrize(
    ("text", "lines"), [("", []), ("a", ["a"]), ("a\n", ["a\n"]), ("a\n\nb\r\n", ["a\n", "\n", "b\r\n"])]
)
def test_a_source_has_its_lines_with_their_breaks(text, lines):
    assert source_lines(text) == lines


def test_a_source_of_very_many_lines_stays_one_text():
    assert len(source_lines("\n" * MAX_LINES)) == MAX_LINES
    assert source_lines("\n" * (MAX_LINES + 1)) == ["\n" * (MAX_LINES + 1)]
