"""Edited criteria written back: the form stays, the prose stays, and what is read again is what was wanted."""

from __future__ import annotations

import pytest

from core.domain.criteria import Criterion
from core.notebooks.criteria import read_criteria
from core.notebooks.criteria_write import write_criteria
from tests.core.notebooks.building import ARRAY, REFERENCE, criteria
from tests.core.notebooks.test_criteria import BROKEN, PROSE, READABLE, THREE

EDITS = {
    "a text": (THREE[0], Criterion(id="C2", text="It has {two} stanzas | [x]."), THREE[2]),
    "one removed": (THREE[0], THREE[2]),
    "one added": (*THREE, Criterion(id="C4", text="It is short and sweet.")),
    "with a gap": (*THREE, Criterion(id="C17", text="It is short and sweet.")),
    "another order": (THREE[2], THREE[0], THREE[1]),
    "all new": criteria('Says "no [way]"?', "Has C1: inside", "Two\n\nparagraphs\n- and bullets", "  spaces  "),
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


@pytest.mark.parametrize(
    ("body", "edited", "expected"),
    [
        ("C1: a\nC2: b\n\nEnd.", criteria("a", "x"), "C1: a\nC2: x\n\nEnd."),
        ("- **C1**: a\n- **C2**: b", criteria("a", "b", "c"), "- **C1**: a\n- **C2**: b\n- **C3**: c"),
        ("1. a b\n2. c d", criteria("a b", "c d", "e f"), "1. a b\n2. c d\n3. e f"),
        (
            "|id|text|\n|-|-|\n| C1 | a |\n| C2 | b |",
            criteria("a", "x|y"),
            "|id|text|\n|-|-|\n| C1 | a |\n| C2 | x\\|y |",
        ),
        ('{"C1": "a b",\n "C2": "c d"}', criteria("a b", "x y"), '{"C1": "a b",\n "C2": "x y"}'),
        ('["a b", "c d"]', criteria("a b", "x y", "z z"), '["a b", "x y", "z z"]'),
        ("", criteria("a"), '[\n  { "id": "C1", "criteria1": "a" }\n]'),
        ("Prose.", criteria("a"), 'Prose.\n\n[\n  { "id": "C1", "criteria1": "a" }\n]'),
        ('Pick:\n[{"id": "C1", "criteria": "a b"}]\nEnd', (), "Pick:\n[]\nEnd"),
    ],
)
def test_the_form_is_kept(body, edited, expected):
    assert write_criteria(body, edited) == expected
