"""Edited criteria written back: the form stays, the prose stays, and what is read again is what was wanted."""

from __future__ import annotations

import pytest

from core.domain.criteria import Criterion
from core.notebooks.criteria.read import read_criteria
from core.notebooks.criteria.write import criteria_array, write_array, write_criteria
from tests.core.notebooks.building import ARRAY, REFERENCE, criteria
from tests.core.notebooks.criteria.test_read import BROKEN, PROSE, READABLE, THREE

EDITS = {
    "a text": (THREE[0], Criterion(id="C2", text="It has {two} stanzas | [x]."), THREE[2]),
    "one removed": (THREE[0], THREE[2]),
    "one added": (*THREE, Criterion(id="C4", text="It is short and sweet.")),
    "with a gap": (*THREE, Criterion(id="C17", text="It is short and sweet.")),
    "another order": (THREE[2], THREE[0], THREE[1]),
    "all new": criteria('Says "no [way]"?', "Has C1: inside", "Two\n\nparagraphs\n- and bullets", "  spaces  "),
    "verdicts and an id": criteria("PASS", "C7", "No"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("form", READABLE)
def test_what_is_read_again_is_what_was_wanted(form, edit):
    before, after = PROSE["brackets"]
    body = write_criteria(before + READABLE[form] + after, EDITS[edit])
    read = read_criteria(body)
    assert (read.criteria, read.problem) == (EDITS[edit], "")
    assert body.startswith(before)
    assert body.endswith(after)


@pytest.mark.parametrize("form", BROKEN)
def test_confirmed_criteria_take_the_place_of_broken_json(form):
    body = write_criteria(f"The criteria:\n\n{BROKEN[form]}\n\nThe end.", THREE)
    assert read_criteria(body).criteria == THREE
    assert body.startswith("The criteria:\n\n")
    assert body.endswith("The end.")


@pytest.mark.parametrize("form", READABLE)
def test_nothing_edited_gives_the_same_text(form):
    body = PROSE["brackets"][0] + READABLE[form]
    assert write_criteria(body, THREE) == body


def test_one_edited_text_changes_nothing_else_in_a_json_array():
    loaded = read_criteria(REFERENCE).criteria
    edited = (loaded[0], Criterion(id="C2", text='At most "40" [characters]?'), loaded[2])
    expected = REFERENCE.replace('"Is every line shorter than 40 characters?"', '"At most \\"40\\" [characters]?"')
    assert write_criteria(REFERENCE, edited) == expected


def test_a_new_criterion_in_a_json_array_has_a_numbered_key_like_the_others():
    loaded = read_criteria(ARRAY).criteria
    written = write_criteria(ARRAY, (*loaded, Criterion(id="C7", text="New?")))
    assert '{ "id": "C7", "criteria7": "New?" }' in written
    assert written.startswith(ARRAY.removesuffix("\n]"))


ONE = '[\n  { "id": "C1", "criteria": "%s" }\n]'


@pytest.mark.parametrize(
    ("body", "edited", "expected"),
    [
        ("C1: a\nC2: b\n\nEnd.", criteria("a", "x|y"), "C1: a\nC2: x|y\n\nEnd."),
        ("- **C1**: a\n- **C2**: b", criteria("a", "b", "c"), "- **C1**: a\n- **C2**: b\n- **C3**: c"),
        ("- C1: a\n* C2: b", criteria("a", "b", "c"), "- C1: a\n* C2: b\n* C3: c"),
        ("Pick:\n1. a b\n2. c d", criteria("a b", "c d", "e 5"), "Pick:\n1. a b\n2. c d\n3. e 5"),
        ("|id|text|\n|-|-|\n| C1 | a |\n| C2 | b |", criteria("a", "x|y"), "|id|text|\n|-|-|\n| C1 | a |\n| C2 | x\\|y |"),
        ("|text|id|\n|-|-|\n| a | C1 |", criteria("a", "longer text"), "|text|id|\n|-|-|\n| a | C1 |\n| longer text | C2 |"),
        ('{"C1": "a b",\n "C2": "c d"}', criteria("a b", "x ä"), '{"C1": "a b",\n "C2": "x ä"}'),
        ('["a b", "c d"]', criteria("a b", "x ä", "z z"), '["a b", "x ä", "z z"]'),
        ('["C1: a b", "C2) c d"]', criteria("a b", "x y", "z z"), '["C1: a b", "C2: x y", "C3: z z"]'),
        ('[{"id": "C1", "criteria ä1": "a b"}]', criteria("a b", "c ä"), '[{"id": "C1", "criteria ä1": "a b"},\n  { "id": "C2", "criteria ä2": "c ä" }]'),
        ('[{"criteria": "a b"}]', criteria("a b", "c d"), '[{"criteria": "a b"},\n  { "criteria": "c d" }]'),
        ('[{"id": "C1", "must": "a b"}]', criteria("a b", "c d"), '[{"id": "C1", "must": "a b"},\n  { "id": "C2", "must": "c d" }]'),
        ('{"C1": "a b"}', criteria("a b", "c d"), '{"C1": "a b",\n  "C2": "c d"}'),
        ('["a b"]', criteria("a b", "c d"), '["a b",\n  "c d"]'),
        ("C1: a", criteria("a", "b"), "C1: a\n\nC2: b"),
        ("C1: a\n\n\nC2: b\nC3: c", criteria("a", "b", "c", "d"), "C1: a\n\n\nC2: b\nC3: c\n\n\nC4: d"),
        ("", criteria("a"), ONE % "a"),
        ("Prose.", criteria("ä"), f"Prose.\n\n{ONE % 'ä'}"),
        ("XProse.X\n", criteria("a"), f"XProse.X\n\n{ONE % 'a'}"),
        ("x\nC1: a\nC1: b", criteria("a"), f"x\n{ONE % 'a'}"),
        ("\n\n  Prose.  \n", criteria("a"), f"  Prose.  \n\n{ONE % 'a'}"),
        ('x [{"id": "C1" "criteria": "a b"}] y', criteria("a b"), f"x {ONE % 'a b'} y"),
    ],
)  # fmt: skip
def test_the_form_is_kept(body, edited, expected):
    assert write_criteria(body, edited) == expected


def test_ids_with_gaps_keep_their_places_and_what_stands_between_them():
    body = '{"C1": "a b", "C17": "c d",\n"C3": "e f"}'
    edited = (Criterion(id="C17", text="x y"), Criterion(id="C3", text="e f"), Criterion(id="C1", text="a b"))
    assert write_criteria(body, edited) == '{"C17": "x y",\n"C3": "e f", "C1": "a b"}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('Pick:\n[{"id": "C1", "criteria": "a b"}]\nEnd', "Pick:\n[]\nEnd"),
        ('Pick:\n{"C1": "a b"}\nEnd', "Pick:\n{}\nEnd"),
        ('Pick:\n["a b", "c d"]\nEnd', "Pick:\n[]\nEnd"),
        ("Pick:\nC1: a\nC2: b\n\nEnd", "Pick:\n\n\nEnd"),
        ('Pick:\n[{"id": "C1" "criteria": "a b"}]\nEnd', "Pick:\n[]\nEnd"),
        ("Only prose.", "Only prose."),
        ("", ""),
    ],
)
def test_without_criteria_the_list_is_empty_or_gone(body, expected):
    assert write_criteria(body, ()) == expected


def test_a_second_list_stays_when_the_first_is_not_edited():
    body = '[{"id": "C1", "criteria": "a b"}] [{"id": "C1", "criteria": "x y"}]'
    assert write_criteria(body, criteria("a b")) == body


def test_criteria_that_no_form_can_carry_are_written_behind_the_prose():
    """PASS alone is no criterion when it is read again: it is the answer of an example."""
    assert write_criteria('Prose.\n\n["a b"]', criteria("PASS")) == f"Prose.\n\n{ONE % 'PASS'}"


def test_an_array_of_nothing_is_empty():
    assert criteria_array(()) == "[]"


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("form", READABLE)
def test_a_list_of_any_form_can_become_an_array_and_the_prose_stays(form, edit):
    before, after = PROSE["brackets"]
    body = write_array(before + READABLE[form] + after, EDITS[edit])
    assert criteria_array(EDITS[edit]) in body
    assert read_criteria(body).criteria == EDITS[edit]
    assert body.startswith(before)
    assert body.endswith(after)


def test_a_list_that_would_not_be_read_as_these_criteria_becomes_no_array():
    assert write_array(REFERENCE, (THREE[0], THREE[0])) is None
