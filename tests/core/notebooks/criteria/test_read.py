"""Criteria in every form that people write, and what happens when they cannot be read."""

from __future__ import annotations

import json

import pytest

from core.domain.criteria import Criterion
from core.notebooks.criteria.forms import Span
from core.notebooks.criteria.read import MAX_SEARCHED_CHARS, ReadCriteria, read_criteria
from tests.core.notebooks.building import criteria, load, raw_notebook

A, B, C = "It names a bird.", "It rhymes [a] b.", 'It ends with "?"'
THREE = criteria(A, B, C)
J = [json.dumps(text) for text in (A, B, C)]

READABLE = {
    "numbered text keys": f'[{{"id": "C1", "criteria1": {J[0]}}}, {{"id": "C2", "criteria2": {J[1]}}}, {{"id": "C3", "criteria3": {J[2]}}}]',
    "a number other than the id's": f'[{{"id": "C1", "criteria7": {J[0]}}}, {{"id": "C2", "criteria7": {J[1]}}}, {{"id": "C3", "criteria1": {J[2]}}}]',
    "plain key": f'[{{"id": "C1", "criteria": {J[0]}}}, {{"id": "C2", "criteria": {J[1]}}}, {{"id": "C3", "criteria": {J[2]}}}]',
    "key criterion": f'[{{"id": "C1", "criterion": {J[0]}}}, {{"id": "C2", "criterion": {J[1]}}}, {{"id": "C3", "criterion": {J[2]}}}]',
    "description": f'[{{"id": "C1", "description": {J[0]}}}, {{"id": "C2", "description": {J[1]}}}, {{"id": "C3", "description": {J[2]}}}]',
    "text": f'[{{"id": "C1", "text": {J[0]}}}, {{"id": "C2", "text": {J[1]}}}, {{"id": "C3", "text": {J[2]}}}]',
    "criteria before description": f'[{{"description": "x", "criteria": {J[0]}}}, {{"criteria": {J[1]}}}, {{"criteria": {J[2]}}}]',
    "without ids": f'[{{"criteria": {J[0]}}}, {{"criteria": {J[1]}}}, {{"criteria": {J[2]}}}]',
    "lower-case ids": f'[{{"id": "c1", "criteria": {J[0]}}}, {{"id": "c2", "criteria": {J[1]}}}, {{"id": "c3", "criteria": {J[2]}}}]',
    "numbers as ids": f'[{{"id": 1, "criteria": {J[0]}}}, {{"id": "2", "criteria": {J[1]}}}, {{"id": "C03", "criteria": {J[2]}}}]',
    "keys in capitals": f'[{{"ID": "C1", "Criteria1": {J[0]}}}, {{"ID": "C2", "CRITERIA2": {J[1]}}}, {{"ID": "C3", "criteria3": {J[2]}}}]',
    "more keys": f'[{{"weight": 2, "id": "C1", "criteria": {J[0]}, "tags": ["a b"]}}, {{"id": "C2", "criteria": {J[1]}}}, {{"id": "C3", "criteria": {J[2]}}}]',
    "one text under any key": f'[{{"id": "C1", "rule": {J[0]}}}, {{"id": "C2", "rule": {J[1]}}}, {{"id": "C3", "rule": {J[2]}}}]',
    "another key each": f'[{{"id": "C1", "question": {J[0]}}}, {{"id": "C2", "must": {J[1]}}}, {{"id": "C3", "check": {J[2]}}}]',
    "one text beside a weight": f'[{{"id": 1, "rule": {J[0]}, "weight": 2}}, {{"id": 2, "rule": {J[1]}, "kind": "PASS"}}, {{"id": 3, "rule": {J[2]}}}]',
    "a type beside the criteria": f'[{{"id": "C1", "type": "of form", "criteria": {J[0]}}}, {{"id": "C2", "type": "x y", "criteria": {J[1]}}}, {{"id": "C3", "criteria": {J[2]}}}]',
    "strings": f"[{', '.join(J)}]",
    "strings with ids": f'["C1: {A}", "C2: {B}", {json.dumps("C3: " + C)}]',
    "strings on lines": "[\n  " + ",\n\n  ".join(J) + "\n]",
    "mapping": f'{{"C1": {J[0]}, "C2": {J[1]}, "C3": {J[2]}}}',
    "mapping on lines": f'{{\n"C1": {J[0]},\n\n"C2": {J[1]},\n"C3": {J[2]}\n}}',
    "wrapped": f'{{"criteria": [{{"id": "C1", "criteria": {J[0]}}}, {{"id": "C2", "criteria": {J[1]}}}, {{"id": "C3", "criteria": {J[2]}}}]}}',
    "code fence": f'```json\n[{{"id": "C1", "criteria": {J[0]}}}, {{"id": "C2", "criteria": {J[1]}}}, {{"id": "C3", "criteria": {J[2]}}}]\n```',
    "lines with colon": f"C1: {A}\nC2: {B}\nC3: {C}",
    "lines with blank lines": f"C1: {A}\n\nC2: {B}\n\nC3: {C}",
    "full-width colon": f"C1：{A}\nC2：{B}\nC3：{C}",
    "no colon": f"C1 {A}\nC2 {B}\nC3 {C}",
    "dots": f"C1. {A}\nC2. {B}\nC3. {C}",
    "parentheses": f"C1) {A}\n(C2) {B}\nC3) {C}",
    "dashes": f"C1 - {A}\nC2 – {B}\nC3 — {C}",
    "lower-case lines": f"c1: {A}\nc2: {B}\nc3: {C}",
    "bold id": f"**C1**: {A}\n\n**C2**: {B}\n\n**C3**: {C}",
    "bold id and colon": f"**C1:** {A}\n\n**C2:** {B}\n\n**C3:** {C}",
    "all bold": f"**C1: {A}**\n\n**C2: {B}**\n\n**C3: {C}**",
    "bulleted ids": f"- C1: {A}\n- C2: {B}\n* C3: {C}",
    "numbered ids": f"1. C1: {A}\n2. **C2** {B}\n3. C3: {C}",
    "headings": f"### C1\n{A}\n\n### C2\n{B}\n\n### C3\n{C}",
    "text below the id": f"C1:\n{A}\n\nC2:\n\n{B}\n\nC3:\n{C}",
    "bullets": f"- {A}\n- {B}\n- {C}",
    "bullets with blank lines": f"* {A}\n\n* {B}\n\n* {C}",
    "numbered list": f"1. {A}\n2. {B}\n3. {C}",
    "numbered list with parentheses": f"1) {A}\n2) {B}\n3) {C}",
    "checkboxes": f"- [ ] {A}\n- [x] {B}\n- [ ] {C}",
    "table": f"| id | criterion |\n|---|---|\n| C1 | {A} |\n| C2 | {B} |\n| C3 | {C} |",
    "table without borders": f"ID | Criterion\n---|---\nC1 | {A}\nC2 | {B}\nC3 | {C}",
    "table in another order": f"| Description | # |\n|:---|---:|\n| {A} | C1 |\n| {B} | C2 |\n| {C} | **C3** |",
    "table with more columns": f"| id | weight | Criteria |\n|---|---|---|\n| C1 | 1 | {A} |\n| C2 | 1 | {B} |\n| C3 | 1 | {C} |",
    "table with numbers": f"| no. | text |\n|---|---|\n| 1 | {A} |\n| 2 | {B} |\n| 3 | {C} |",
}  # fmt: skip
PROSE = {
    "bare": ("", ""),
    "plain": ("The criteria are listed below:\n\n", "\n\nFailure to PASS more than 50% of the above criteria gives 0."),
    "brackets": ('See [1], {x}, the list [a, "b"] and ["PASS", "FAIL"]:\n\n', "\n\nSee [2] and ] and [ again."),
    "an example grading": ('Answer like {"C1": "PASS", "C2": "FAIL"} for each of the criteria:\n\n', "\n\n[Score]: 0"),
    "an elided example": ('Each looks like {"a": 1, …}. The criteria:\n\n', '\n\nGrade {"answer_score": 0}.'),
}


@pytest.mark.parametrize("prose", PROSE)
@pytest.mark.parametrize("form", READABLE)
def test_every_form_is_read_in_every_prose(form, prose):
    before, after = PROSE[prose]
    body = before + READABLE[form] + after
    read = read_criteria(body)
    assert (read.criteria, read.problem) == (THREE, "")
    assert read.prose(body).startswith(before)
    assert read.prose(body).endswith(after)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C1: one\nC2: two\nC17: three", {"C1": "one", "C2": "two", "C17": "three"}),
        ("C1: one\n  still one\n\nmore of one\n\nC2: two\nand more\nC3: three\n  end", {
            "C1": "one\nstill one\n\nmore of one", "C2": "two\nand more", "C3": "three\nend"}),
        ("C1: one\nC2: two\nC3: three\n\nA closing paragraph.", {"C1": "one", "C2": "two", "C3": "three"}),
        ("C1: one\nC2: two\nThe answer needs more than 50% of the criteria above.", {"C1": "one", "C2": "two"}),
        ("C1 and C2 belong together.\n\nC1: one\nC2: two", {"C1": "one", "C2": "two"}),
        ("C1: says C36\nC2: like C1: but two", {"C1": "says C36", "C2": "like C1: but two"}),
        ('[{"id": "C2", "criteria": "a ] b"}, {"id": "C9", "criteria": "c } d ["}]', {"C2": "a ] b", "C9": "c } d ["}),
        ('[{"id": "C1", "criteria": "line\nbreak"}]', {"C1": "line\nbreak"}),
        ('[{"id": "C1", "criteria": "a\\u2028b"}]', {"C1": "a\u2028b"}),
        ("| id | text |\n|---|---|\n| C1 | a \\| b |\n| C2 | c |", {"C1": "a | b", "C2": "c"}),
        ("- Be strict.\n- Be fair.\n\nThe criteria:\n\n1. one\n2. two\n   more\n3. three", {
            "C1": "one", "C2": "two\nmore", "C3": "three"}),
    ],
)  # fmt: skip
def test_particular_lists(body, expected):
    assert {c.id: c.text for c in read_criteria(body).criteria} == expected


@pytest.mark.parametrize(
    "body", ["", "   \n\n", "Only prose, [1] and {x}.", "[]", "{}", '["PASS", "FAIL"]', "- a single note"]
)
def test_no_criteria_is_said_and_nothing_is_made_up(body):
    read = read_criteria(body)
    assert (read.criteria, read.proposed, read.code) == ((), (), "missing_criteria")


BROKEN = {
    "trailing comma": f'[{{"id": "C1", "criteria1": {J[0]}}}, {{"id": "C2", "criteria2": {J[1]}}}, {{"id": "C3", "criteria3": {J[2]}}},]',
    "missing comma": f'[{{"id": "C1", "criteria1": {J[0]}}} {{"id": "C2", "criteria2": {J[1]}}}, {{"id": "C3", "criteria3": {J[2]}}}]',
    "missing bracket": f'[{{"id": "C1", "criteria1": {J[0]}}}, {{"id": "C2", "criteria2": {J[1]}}}, {{"id": "C3", "criteria3": {J[2]}}}',
    "no brackets": f'{{"id": "C1", "criteria1": {J[0]}}},\n{{"id": "C2", "criteria2": {J[1]}}},\n{{"id": "C3", "criteria3": {J[2]}}}',
    "smart quotes": f"[{{“id”: “C1”, “criteria1”: “{A}”}}, {{“id”: “C2”, “criteria2”: “{B}”}}, {{“id”: “C3”, “criteria3”: {J[2]}}}]",
    "single quotes": f"[{{'id': 'C1', 'criteria1': '{A}'}}, {{'id': 'C2', 'criteria2': '{B}'}}, {{'id': 'C3', 'criteria3': '{C}'}}]",
    "broken mapping": f'{{"C1": {J[0]}, "C2": {J[1]}, "C3": {J[2]},}}',
    "broken sentences": f"[{', '.join(J)},]",
    "a list inside the broken one": f'[{{"id": "C1", "criteria": {J[0]}, "not": ["x y z"]}}, {{"id": "C2", "criteria": {J[1]}}}, {{"id": "C3", "criteria": {J[2]}}},]',
}  # fmt: skip


@pytest.mark.parametrize("form", BROKEN)
def test_broken_json_is_only_proposed(form):
    read = read_criteria(f"The criteria:\n\n{BROKEN[form]}\n\nThe end.")
    assert (read.criteria, read.proposed, read.code) == ((), THREE, "criteria_json_broken")


def test_twice_the_same_id_is_said_and_a_proposal_gives_the_second_a_new_one():
    read = read_criteria(
        '[{"id": "C1", "criteria": "a b"}, {"id": "c1", "criteria": "c d"}, {"id": "C2", "criteria": "e"}]'
    )
    assert (read.criteria, read.code) == ((), "duplicate_criterion")
    assert "C1" in read.problem
    assert read.proposed == (
        Criterion(id="C1", text="a b"), Criterion(id="C3", text="c d"), Criterion(id="C2", text="e"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('[{"id": "A1", "criteria": "a b"}, {"id": "C2", "criteria": "c d"}]', "bad_criterion_id"),
        ('[{"id": "C0", "criteria": "a b"}]', "bad_criterion_id"),
        ('[{"id": "C1", "criteria": "a b"}, {"id": "C2"}]', "empty_criterion"),
        ('[{"id": "C1", "criteria": "a b"}, "c d"]', "empty_criterion"),
        ("C1: a\nC2:\nC3: c", "empty_criterion"),
        ("- Be strict.\n- Be fair.\n\nParagraph.\n\n1. one\n2. two", "criteria_uncertain"),
    ],
)
def test_what_is_half_readable_is_not_taken(body, code):
    read = read_criteria(body)
    assert (read.criteria, read.code) == ((), code)
    assert read.proposed


@pytest.mark.parametrize("key", ["question", "rule", "must"])
def test_several_texts_each_are_only_proposed_by_their_first(key):
    read = read_criteria(
        json.dumps([{"id": f"C{n}", key: text, "hint": "of some use"} for n, text in enumerate((A, B, C), 1)])
    )
    assert (read.criteria, read.proposed, read.code) == ((), THREE, "criteria_uncertain")


def test_objects_that_are_called_criteria_win_over_others():
    read = read_criteria(
        '[{"id": "X", "name": "a table of names"}] and [{"id": "C1", "criteria": "a b"}, {"id": "C2", "criteria": "c d"}]'
    )
    assert read.criteria == criteria("a b", "c d")


def test_two_lists_give_the_first_and_a_word_about_it():
    one, two = '[{"id": "C1", "criteria": "a b"}]', '[{"id": "C1", "criteria": "x y"}]'
    read = read_criteria(f"{one}\n\n{two}")
    assert (read.criteria, read.code) == (criteria("a b"), "two_lists")


def test_criteria_are_never_taken_from_the_judge_system_prompt():
    foreign = '**[judge_system_prompt]**\n\n[{"id": "C1", "criteria1": "of another task"}]'
    loaded = load(raw_notebook("**[prompt]**\n\nx", "**[response_reference]**", foreign))
    assert (loaded.task.criteria, loaded.proposed_criteria) == ((), ())


@pytest.mark.parametrize(
    "piece",
    [
        "[", "{", '[{"id":', '["a b', '["', '{"C1":', "[ ", '["a b", ', "C1: x\n", "- x y\n", "|---|\n",
        "| C1 | x |\n|---|---|\n", " ", "\n", "C1: x\n\n\n\n", "1. x y\n\nprose\n\n- a b\n", "“C1”: ", "more than ",
    ],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_hostile_text_is_read_in_bounded_time(piece):
    body = piece * (MAX_SEARCHED_CHARS // len(piece))
    assert len(read_criteria(body).criteria) <= 1


def test_a_megabyte_of_brackets_is_refused_at_once_and_said():
    assert read_criteria("[" * 1_000_000).code == "criteria_too_long"


# -- everything that is said of a body


CONFIRM = "Compare the recovered criteria with the notebook and confirm them, or rewrite the list."
OWN = f"Give each criterion a different id and a text. {CONFIRM}"
BROKEN_JSON = "The list of criteria is invalid JSON (a missing or surplus comma, bracket or quotation mark)."
ONE, OTHER = '[{"id": "C1", "criteria": "a b"}]', '[{"id": "C1", "criteria": "x y"}]'


def proposal(body, code, problem, span, *texts):
    """How `body` is read when nothing in it is certain: `span` is the list's place, if there is one."""
    place = Span(body.index(span), body.index(span) + len(span)) if span else None
    return ReadCriteria(proposed=criteria(*texts), code=code, problem=problem, span=place)


NOT_CERTAIN = [
    ('x [{"id": 1, "rule": "a b", "hint": "x y"}] y', "criteria_uncertain",
     f"Each criterion has several texts, and none has the key criteria. {CONFIRM}",
     '[{"id": 1, "rule": "a b", "hint": "x y"}]', "a b"),
    ('x {"id": "C1", "text": "a b"}, {"id": "C2", "text": "c d"} y', "criteria_json_broken",
     f"The criteria are separate objects, not a list in [ ]. {CONFIRM}",
     '{"id": "C1", "text": "a b"}, {"id": "C2", "text": "c d"}', "a b", "c d"),
    ("- Be strict.\n- Be fair.\n\nParagraph.\n\n1. one\n2. two\n3. three\n\nEnd.", "criteria_uncertain",
     f"There are several lists, and it is unclear which one contains the criteria. {CONFIRM}",
     "1. one\n2. two\n3. three", "one", "two", "three"),
    ("Only prose.", "missing_criteria",
     "No criteria found under response_reference. Write at least three, each with an id: C1, C2, C3.", ""),
    ('x ] } [{"id": "C1", "criteria": "a b"}, {"id": "C2" "criteria": "c d"}] then } no ] more', "criteria_json_broken",
     f"{BROKEN_JSON} 2 criteria were recovered. {CONFIRM}",
     '[{"id": "C1", "criteria": "a b"}, {"id": "C2" "criteria": "c d"}]', "a b", "c d"),
    ('x ] {"C1": "a b" "C2": "c d"} then ] no } more', "criteria_json_broken",
     f"{BROKEN_JSON} 2 criteria were recovered. {CONFIRM}", '{"C1": "a b" "C2": "c d"}', "a b", "c d"),
    ('x [{"id": "C1", "criteria": "a b"}, {"id": "C2", "criteria": "c d"} and no more', "criteria_json_broken",
     f"{BROKEN_JSON} 2 criteria were recovered. {CONFIRM}",
     '[{"id": "C1", "criteria": "a b"}, {"id": "C2", "criteria": "c d"}', "a b", "c d"),
    ('] x [{"id": "C1", "criteria": ', "criteria_json_broken",
     f"{BROKEN_JSON} Rewrite the list.", '[{"id": "C1", "criteria": '),
    (f'x [{{"id": 7 "criteria": }}] and {ONE} y', "criteria_json_broken",
     f"{BROKEN_JSON} 1 criteria were recovered. {CONFIRM}", '[{"id": 7 "criteria": }]', "a b"),
    ('x ["a b", "c d",] y', "criteria_json_broken",
     f"{BROKEN_JSON} 2 criteria were recovered. {CONFIRM}", '["a b", "c d",]', "a b", "c d"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "problem", "span", "texts"), [(*c[:4], c[4:]) for c in NOT_CERTAIN])
def test_what_is_not_certain_is_proposed_with_what_to_do(body, code, problem, span, texts):
    assert read_criteria(body) == proposal(body, code, problem, span, *texts)


@pytest.mark.parametrize(
    ("body", "code", "problem", "proposed"),
    [
        (f'x {ONE[:-1]}, {{"id": "c1", "criteria": "c d"}}, {{"id": "C3", "criteria": "e"}}, {{"id": "C3", "criteria": "f"}}, '
         '{"id": "Z", "criteria": ""}] y', "duplicate_criterion", f"Criterion id used twice: C1, C3. {OWN}",
         {"C1": "a b", "C2": "c d", "C3": "e", "C4": "f"}),
        ('x [{"id": "A1", "criteria": "a b"}, {"id": "C1", "criteria": ""}, {"id": "C3", "criteria": "c"}, '
         + ", ".join(f'{{"id": "A{n}", "criteria": "x"}}' for n in range(2, 7)) + "] y", "bad_criterion_id",
         f"Not a criterion id: 'A1', 'A2', 'A3', 'A4', 'A5'; write C1, C2, … {OWN}",
         {"C1": "a b", "C3": "c", "C2": "x", "C4": "x", "C5": "x", "C6": "x", "C7": "x"}),
        ("x\nC1: a\nC2:\nC3: c\nC4:\nC5:\nC6:\nC7:\nC8:", "empty_criterion", f"No text for C2, C4, C5, C6, C7. {OWN}",
         {"C1": "a", "C3": "c"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_list_is_said_and_the_list_is_found_all_the_same(body, code, problem, proposed):
    read = read_criteria(body)
    span = Span(2, len(body) - (2 if body.endswith(" y") else 0))
    assert read == ReadCriteria(
        proposed=tuple(Criterion(id=i, text=text) for i, text in proposed.items()), code=code, problem=problem, found=read.found, span=span,
    )  # fmt: skip
    assert read.found is not None
    assert read.found.span == span


def test_a_long_list_of_wrong_ids_is_shortened():
    ids = [f"C{n}" for n in range(1, 90)]
    read = read_criteria(json.dumps([{"id": i, "criteria": "a b"} for i in ids * 2]))
    assert read.problem.startswith(f"Criterion id used twice: {', '.join(sorted(ids))[:199]}…. Give")


def test_a_certain_list_says_where_it_stands_and_the_rest_is_prose():
    read = read_criteria(f"x {ONE} y")
    assert read == ReadCriteria(criteria=criteria("a b"), found=read.found, span=Span(2, 2 + len(ONE)))
    assert (read.found and read.found.span, read.prose(f"x {ONE} y")) == (Span(2, 2 + len(ONE)), "x \n\n y")
    assert read_criteria("Only prose.").prose("Only prose.") == "Only prose."


def test_a_second_list_is_remarked():
    read = read_criteria(f"{ONE} {OTHER} y")
    assert read == ReadCriteria(
        criteria=criteria("a b"), code="two_lists", found=read.found, span=Span(0, len(ONE)),
        problem="The cell has two lists of criteria; only the first one is used. Remove the other one.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (f'{ONE} then [{{"id": 7 "criteria": "c d"}}]', ["a b"]),
        (f'[{{"name" 7}}] then {ONE}', ["a b"]),
        ('C1: a\nC2: b\n["c d", "e f",]', ["a", 'b\n["c d", "e f",]']),
        ("| id | t |\n|-|-|\n| C1 | a |\n\nC2: b", ["a"]),
        ('C1: a\n\n["c d", "e f"]', ["a"]),
        ('["a b", "c d"]\n\n- e\n- f', ["a b", "c d"]),
        ('[{"id": 1, "rule": "a b"}] [{"id": 1, "rule": "c d", "hint": "e f"}] {"id": 2, "text": "g h"}', ["a b"]),
        ("C1: a\ud800b\nC2: c", ["a\ufffdb", "c"]),
    ],
)
def test_the_form_that_says_most_clearly_what_it_is_wins(body, texts):
    read = read_criteria(body)
    assert (read.criteria, read.code) == (criteria(*texts), "")


def test_a_body_as_long_as_is_searched_is_read_and_a_longer_one_says_so():
    body = f"{ONE}{' ' * (MAX_SEARCHED_CHARS - len(ONE))}"
    assert read_criteria(body).criteria == criteria("a b")
    assert read_criteria(body + " ") == ReadCriteria(
        code="criteria_too_long",
        problem="response_reference has 200,001 characters, more than the limit of 200,000. "
        "Shorten it, or rewrite the criteria.",
    )
