"""Criteria as JSON inside prose: which kind a value is, and where its parts stand."""

import json

import pytest

from core.notebooks.criteria.forms import Form, Span
from core.notebooks.criteria.json_lists import (
    MAX_BRACKETS,
    MAX_REPAIR_CHARS,
    criterion_key,
    id_key,
    looks_like_criteria,
    looks_like_sentences,
    other_text_keys,
    repaired,
    search_json,
    text_key,
)
from tests.core.notebooks.building import pieces

KINDS = ("strong", "further", "other", "uncertain", "weak")


def found(body):
    """Of each kind that was found: form, the whole list, and its items."""
    search = search_json(body)
    lists = {kind: getattr(search, kind) for kind in KINDS}
    return {kind: (one.form, one.span.of(body), pieces(body, one)) for kind, one in lists.items() if one}


OBJECTS = '[{"id": "C1", "criteria": "a\nb"}, {"Criterion_ID": 2, "text": "c d"}, {"text": "e"}, "f", {"id": "C9"}]'
MAPPING = '{"C7": "a\nb", "c 2": 7, "3": "PASS"}'
STRINGS = '["a\nb c", "  C2: c d", "c3) e f", "C4 : g"]'
OTHER = '[{"id": 4, "rule": "a\nb", "weight": 2}, {"criteriaid": "C2", "must": "c d"}]'
SEVERAL = '[{"id": 1, "rule": "a b", "hint": "x y"}, {"id": 2, "rule": "c d"}]'
READ = {
    OBJECTS: ("strong", Form.OBJECTS, [
        ("C1", "a\nb", '{"id": "C1", "criteria": "a\nb"}', '"a\nb"', ""),
        ("C2", "c d", '{"Criterion_ID": 2, "text": "c d"}', '"c d"', ""),
        ("", "e", '{"text": "e"}', '"e"', ""), ("", "", '"f"', '"f"', ""), ("C9", "", '{"id": "C9"}', '{"id": "C9"}', ""),
    ]),
    MAPPING: ("strong", Form.MAPPING, [
        ("C7", "a\nb", '"C7": "a\nb"', '"a\nb"', ""), ("C2", "", '"c 2": 7', "7", ""), ("C3", "PASS", '"3": "PASS"', '"PASS"', ""),
    ]),
    STRINGS: ("weak", Form.STRINGS, [
        ("", "a\nb c", '"a\nb c"', '"a\nb c"', ""), ("C2", "c d", '"  C2: c d"', '"  C2: c d"', '"  C2: c d"'),
        ("C3", "e f", '"c3) e f"', '"c3) e f"', '"c3) e f"'), ("C4", "g", '"C4 : g"', '"C4 : g"', '"C4 : g"'),
    ]),
    OTHER: ("other", Form.OTHER_OBJECTS, [
        ("C4", "a\nb", '{"id": 4, "rule": "a\nb", "weight": 2}', '"a\nb"', ""),
        ("C2", "c d", '{"criteriaid": "C2", "must": "c d"}', '"c d"', ""),
    ]),
    SEVERAL: ("uncertain", Form.OTHER_OBJECTS, [
        ("C1", "a b", '{"id": 1, "rule": "a b", "hint": "x y"}', '"a b"', ""), ("C2", "c d", '{"id": 2, "rule": "c d"}', '"c d"', ""),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("See [1], {x} and (", "), then ] or }.")])
def test_each_kind_is_read_with_the_places_of_its_parts(text, before, after):
    kind, form, items = READ[text]
    assert found(before + text + after) == {kind: (form, text, items)}
    assert search_json(before + text + after).broken == []


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", '{"a": 1}', "[1, 2]", "[[1]]", '["PASS", "FAIL"]', '["one", "two"]', '["a b", "PASS"]', '["a b", 7]', '[7, "a b"]',
     '{"C1": "PASS"}', '{"C1": "a b", "x": "c d"}', '[{"rule": "a b"}]', '{"a": "b c"}'],
)  # fmt: skip
def test_other_json_is_left_alone(body):
    search = search_json(body)
    assert (found(body), search.loose, search.broken) == ({}, [], [])


def test_of_each_kind_the_first_is_taken():
    body = " ".join([OTHER, SEVERAL, STRINGS, OBJECTS, MAPPING] * 2 + [MAPPING])
    assert {kind: text for kind, (_, text, _) in found(body).items()} == {
        "strong": OBJECTS, "further": MAPPING, "other": OTHER, "uncertain": SEVERAL, "weak": STRINGS,
    }  # fmt: skip


def test_what_stands_inside_a_list_is_not_looked_at_again_and_what_is_wrapped_is():
    inner = '["x y", "z w"]'
    for outer in (OBJECTS, OTHER, SEVERAL):
        assert list(found(outer.replace('"c d"', f'"c d", "of": {inner}'))) == [READ[outer][0]]
    assert list(found(f'{{"C1": "a b", "C2": {inner}}}')) == ["strong"]
    assert list(found(f'["a b c"] {inner}')) == list(found(inner)) == ["weak"]
    assert found(f'{{"criteria": {OBJECTS}}}') == found(OBJECTS)


def test_objects_outside_a_list_are_loose_until_a_list_comes():
    one, two, late = (
        '{"id": "C1", "criteria": "a b"}',
        '{"criterion_id": 2, "text": "c d"}',
        '{"id": "C3", "text": "e f"}',
    )
    body = f'{one} and {two} and {{"id": "C3"}} and {{"criteria": "x y"}} {OBJECTS} {late}'
    assert [(i.id, i.text, i.whole.of(body)) for i in search_json(body).loose] == [
        ("C1", "a b", one),
        ("C2", "c d", two),
    ]


@pytest.mark.parametrize(
    "body",
    [
        '{"id": 1, "rule": "a b"}, {"id": 2, "must": "c d"}',
        '[{"id": 1, "rule": "a b"}, {"id": 2}, {"id": 2, "rule": "c d"}]',
        '[{"id": 1, "kind": "x", "rule": "a b"}, 7, {"id": 2, "must": "c d", "by": "e"}]',
    ],
)
def test_loose_objects_may_hold_their_text_under_any_key(body):
    search = search_json(body)
    assert found(body) == {}
    assert [(i.id, i.text) for i in search.loose] == [("C1", "a b"), ("C2", "c d")]


@pytest.mark.parametrize(
    ("element", "key"),
    [
        ({"id": "C1", "type": "format", "rule": "Ends with a full stop."}, "rule"),
        ({"id": "C1", "type": "format", "text": "short", "rule": "Ends with a full stop."}, "text"),
        ({"id": "C1", "weight": 2, "kind": "PASS"}, ""),
        ({"rule": "Ends with a full stop."}, ""),
    ],
)
def test_the_longest_text_beside_the_id_is_proposed(element, key):
    assert criterion_key(element) == key


@pytest.mark.parametrize(
    "broken",
    [
        '[{"id": "C1", "criteria": "a b"}, {"id": "C2" "criteria": "c ] } d"}]',
        '[{"id": "C1", "criteria": "a \\" ] b"},]',
        '{"C1": "a b", "C2": [{"c"}, ["d"]]}',
        "[“a b”, “c d”]",
        "{'C1': 'a b'}",
    ],
)
def test_a_broken_piece_ends_with_its_bracket_and_the_search_continues_after_it(broken):
    for before in ("", 'See "this", or [that]: '):
        body = f"{before}{broken} then {OBJECTS}"
        assert [span.of(body) for span in search_json(body).broken] == [broken]
        assert found(body) == found(OBJECTS)


def test_what_is_never_closed_is_broken_to_the_end():
    body = 'x [{"id": "C1", "criteria": "a b"}, {"id": "C2"} and ["a b", "c d"] more'
    assert [span.of(body) for span in search_json(body).broken] == [body[2:]]
    assert found(body) == {}


def test_so_many_brackets_are_tried_and_no_more():
    tries = '{"a": 1} '
    assert found(tries * (MAX_BRACKETS - 1) + MAPPING) == found(MAPPING)
    body = tries * MAX_BRACKETS + MAPPING
    assert (found(body), [span.of(body) for span in search_json(body).broken]) == ({}, [MAPPING])


def test_a_text_in_which_everything_is_read_again_and_again_is_given_up():
    """Each inner object of the nest is a value of its own, as long as the rest."""
    nest = '{"a":' * 300 + '"' + "x" * 20_000 + '"' + "}" * 300
    body = f"{nest} {MAPPING}"
    search = search_json(body)
    assert (search.strong, len(search.broken), search.broken[0].end) == (None, 1, len(body))
    few = '{"a":' * 4 + '"' + "x" * 20_000 + '"' + "}" * 4
    assert found(f"{few} {MAPPING}") == found(MAPPING)


# -- which keys hold what


@pytest.mark.parametrize(
    ("element", "text", "id_", "others"),
    [
        ({"criteria": "a b"}, "criteria", "", []),
        ({" Criteria12": "a b", "id": "C1"}, " Criteria12", "id", [" Criteria12"]),
        ({"text": "x y", "description": "z w", "criterion": "a b", "criteria": "c d"}, "criteria", "", []),
        ({"text": "x y", "description": "z w", "CRITERION 1": "a b"}, "CRITERION 1", "", []),
        ({"text": "x y", "Description ": "z w"}, "Description ", "", []),
        ({"TEXT": "x y", "descriptions": "z w"}, "TEXT", "", []),
        ({"criteria_id": "a b", "text": "c d"}, "text", "criteria_id", ["text"]),
        ({"criterionID": "a b"}, "", "criterionID", []),
        ({"criteria": "PASS", "description": 7, "text": "c d"}, "text", "", []),
        ({"criteria": "", "text": None}, "", "", []),
        ({"CriteriaId": "C1", "rule": "a b", "hint": "c d", "kind": "FAIL", "n": 1}, "", "CriteriaId", ["rule", "hint"]),
        ({"criterion_id ": 1, "id": 2, "why": "x y"}, "", "criterion_id ", ["why"]),
        ({"ids": "C1", "rule": "a b"}, "", "", []),
        ({}, "", "", []),
    ],
)  # fmt: skip
def test_keys_are_known_by_their_names(element, text, id_, others):
    assert (text_key(element), id_key(element), other_text_keys(element)) == (text, id_, others)
    keys = [
        (i.text_key, i.id_key)
        for kind in KINDS
        if (one := getattr(search_json(json.dumps([element])), kind))
        for i in one.items
    ]
    assert keys == ([(text or others[0], id_)] if text or others else [])


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


def test_only_the_beginning_is_searched_for_a_sentence():
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
        ('[{"id": "C1", "rule": "a b"}, {"id": "C2", "type": "c", "must": "c d",}', [("C1", "a b"), ("C2", "c d")]),
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
