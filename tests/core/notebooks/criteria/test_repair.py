"""What broken JSON was probably meant to say; it is only ever proposed."""

import pytest

from core.notebooks.criteria.forms import Span
from core.notebooks.criteria.repair import MAX_REPAIR_CHARS, looks_like_criteria, looks_like_sentences, repaired


def meant(text, before="", after=""):
    body = before + text + after
    return repaired(body, Span(len(before), len(before) + len(text)))


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ('[{"id": 1,', True), ("{'criteria3' : ", True), ("{“Criterion”: “", True), ('{"C1": "It', True), ("„c2„= „", True),
        ('{"C1": "PASS"', False), ('{"C1": "n/a"', False), ('{"name": "x"', False), ("id: C1", False), ('["a b", ', False),
    ],
)  # fmt: skip
def test_a_broken_list_of_criteria_names_itself(text, yes):
    assert looks_like_criteria(text) is yes


@pytest.mark.parametrize(
    ("text", "yes"),
    [('["one two", "x"', True), ("[ “one two”]", True), ('x ["one two", "x"', False), ('["one", "two"]', False), ('["one two', False)],
)  # fmt: skip
def test_a_broken_list_of_sentences_begins_with_one(text, yes):
    assert looks_like_sentences(text) is yes


def test_only_the_beginning_is_looked_at_for_a_sentence():
    words = "x " * 1_000
    assert looks_like_sentences(f'["{words[:-1]}"]' + " " * 10_000)
    assert not looks_like_sentences(f'["x {"y" * 3_994}" ]')


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('[{"id": "C1", "criteria1": "a b"}, {"ID": 2, "text": "c d"},]', [("C1", "a b"), ("C2", "c d")]),
        ('[{"id": "C1", "criteria1": "a b"', [("C1", "a b")]),
        ('[{"criteria": "a b"} {"criteria": "c d"}]', [("", "a b"), ("", "c d")]),
        ('{"id": "C4", "criteria": "a b",}', [("C4", "a b")]),
        ('{"C1": "a b", "c 2": "c d", "C3": "PASS",}', [("C1", "a b"), ("C2", "c d")]),
        ('{"C1": "a b", "other": "c d",}', []),
        ('["a b", "c d",]', [("", "a b"), ("", "c d")]),
        ('[["a b"], [{"id": "C2", "criteria": "c d"},]]', [("", "a b"), ("C2", "c d")]),
        ('[7, "PASS", {"id": "C1"}, null,]', []),
        ("nothing at all", []),
        ("[", []),
    ],
)
def test_each_form_is_understood(text, pairs):
    assert meant(text) == pairs


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("[{“id”: “C1”, “criteria”: “a b”}]", [("C1", "a b")]),
        ("[{”id”: ”C1”, ”criteria”: ”a b”}]", [("C1", "a b")]),
        ("{ „C1“: „a b“}", [("C1", "a b")]),
        ("[\n„a b“, „c d“]", [("", "a b"), ("", "c d")]),
        ('[{"id": "C1", "criteria": "says “yes” or „no“"},]', [("C1", "says “yes” or „no“")]),
    ],
)
def test_typographic_marks_are_read_as_jsons_own_where_they_stand_for_them(text, pairs):
    assert meant(text) == pairs


def test_of_what_is_never_closed_the_prose_behind_it_is_left_out():
    assert meant('["a b", ["c d"] "e f", "g h"') == [("", "a b"), ("", "c d")]
    assert meant('["a b", {"text": "c d"} "e f", "g h"') == [("", "a b"), ("", "c d")]


@pytest.mark.parametrize("last", ["]", "}"])
def test_what_follows_the_last_bracket_is_no_part_of_it(last):
    text = {"]": '["a b", "c d",]', "}": '{"C1": "a b",}'}[last]
    expected = {"]": [("", "a b"), ("", "c d")], "}": [("C1", "a b")]}[last]
    assert meant(f'{text} "C9": "e f", "g h"', before='{"C8": "x y"} ', after=', "i j"]') == expected


def test_longer_text_is_not_repaired():
    text = f'["{"a " * ((MAX_REPAIR_CHARS - 4) // 2)}"]'
    assert len(text) == MAX_REPAIR_CHARS
    assert len(meant(text)) == 1
    assert meant(text + " ]") == []
