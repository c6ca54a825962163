"""What one object says of the asked criterion, and under which of its keys."""

import json

import pytest

from core.domain.verdict import Verdict
from core.judge.objects import whole_objects
from core.judge.statements import EVIDENCE_KEYS, REASON_KEYS, VERDICT_KEYS, key_of, statements_on, verdict_of, words_in

P, F = Verdict.PASS, Verdict.FAIL


def an_object(text):
    (found,) = whole_objects(text)
    return found.value


def said(text, asked="C1"):
    """(verdict, key, named criterion) of each statement; those of parts are followed by "inner"."""
    statements = statements_on(asked, an_object(text))
    assert {type(s.inner) for s in statements} <= {bool}
    return [(s.verdict, s.key, s.about, *(["inner"] if s.inner else [])) for s in statements]


OWN = [
    *((f'{{"{key}": "PASS"}}', [(P, key, None)]) for key in (*VERDICT_KEYS, "answer")),
    ('{"reason": "x"}', []),
    ('{"status": "open"}', []),
    ('{"answer": "42"}', []),
    ('{"verdict": "maybe"}', [(None, "verdict", None)]),
    ('{"result": "PASS", "grade": "FAIL", "verdict": 1}', [(P, "result", None), (F, "grade", None), (None, "verdict", None)]),
    ('{"answer": "FAIL", "status": "PASS"}', [(P, "status", None)]),
    ('{"answer": "FAIL", "status": "open"}', [(F, "answer", None)]),
    ('{"answer": "FAIL", "verdict": "maybe"}', [(None, "verdict", None)]),
    ('{"**Verdict** ": "**FAIL**"}', [(F, "verdict", None)]),
    ('{"verdict": ["PASS"]}', []),
]  # fmt: skip
NAMED = [
    ('{"C1": "FAIL", "C2": "PASS"}', [(F, "row", "C1")]),
    ('{"C2": "PASS"}', []),
    ('{"C1": "maybe"}', [(None, "row", "C1")]),
    ('{" *c1*: ": "PASS"}', [(P, "row", "C1")]),
    ('{"C1 text": "PASS"}', []),
    ('{"C12": "PASS"}', []),
    ('{"XC1": "PASS"}', []),
    *((f'{{"{key}": "c1", "verdict": "PASS"}}', [(P, "verdict", "C1")]) for key in ("id", "criterion_id", "criterion", "criteria_id")),
    ('{"Criterion ID": "C1", "verdict": "PASS"}', [(P, "verdict", "C1")]),
    ('{"criterion": "**C1**: names rivers", "verdict": "PASS"}', [(P, "verdict", "C1")]),
    ('{"criterion": "C1 names rivers", "verdict": "PASS"}', [(P, "verdict", None)]),
    ('{"criterion": "names C2 rivers", "id": "C1", "verdict": "PASS"}', [(P, "verdict", "C1")]),
    ('{"id": 1, "verdict": "PASS"}', [(P, "verdict", None)]),
    ('{"id": "C2", "verdict": "PASS"}', []),
    ('{"verdict": "PASS", "C1": "FAIL"}', [(F, "row", "C1"), (P, "verdict", None)]),
    ('{"verdict": "PASS", "C2": "FAIL"}', []),
    ('{"reason": {"C1": "PASS"}, "C1": "FAIL"}', [(F, "row", "C1")]),
    ('{"evidence": {"verdict": "PASS"}, "verdict": "FAIL"}', [(F, "verdict", None)]),
]  # fmt: skip
INSIDE = [
    ('{"verdicts": [{"id": "C2", "verdict": "FAIL"}, {"id": "C1", "verdict": "PASS"}]}', [(P, "verdict", "C1")]),
    ('{"C1": {"verdict": "PASS"}, "C2": {"verdict": "FAIL"}}', [(P, "verdict", "C1")]),
    ('{"c1": {"id": "C1", "verdict": "PASS"}}', [(P, "verdict", "C1")]),
    ('{"C1": [{"verdict": "PASS"}]}', [(P, "verdict", "C1")]),
    ('{"C1": ["PASS"]}', []),
    ('{"a": {"b": {"id": "C1", "verdict": "PASS"}}, "c": {"d": "e"}}', [(P, "verdict", "C1")]),
    ('{"verdicts": [{"verdict": "PASS"}]}', [(P, "verdict", None)]),
    ('{"verdicts": [{"verdict": "PASS"}, {"verdict": "FAIL"}]}', []),
    ('{"anything": [{"verdict": "PASS"}]}', []),
    ('{"anything": {"verdict": "PASS"}}', [(P, "verdict", None)]),
    ('{"anything": {"verdict": "PASS"}, "score": 1}', []),
    ('{"Result": {"verdict": "PASS"}, "score": 1}', [(P, "verdict", None)]),
    ('{"result": {"verdict": "PASS"}, "other": {"a": "b"}}', []),
    ('{"result": {"verdict": "PASS"}, "reason": {"C1": "b"}, "quote": ["c"]}', [(P, "verdict", None)]),
    ('{"result": {"evaluation": {"status": "PASS"}}}', [(P, "status", None)]),
    ('{"step": {"evaluation": {"status": "PASS"}}}', []),
    *((f'{{"{part}": {{"verdict": "PASS"}}}}', []) for part in ("step_1", "checks", "examples", "quoted", "reply", "replies", "response", "students", "test", "items", "cases", "parts", "tasks")),
]  # fmt: skip
PARTS = [
    ('{"verdict": "FAIL", "steps": [{"verdict": "PASS"}, {"status": "PASS"}]}', [(P, "verdict", None, "inner"), (F, "verdict", None)]),
    ('{"steps": [{"verdict": "PASS"}], "C1": "FAIL"}', [(F, "row", "C1"), (P, "verdict", None, "inner")]),
    ('{"steps": {"a": {"verdict": "maybe"}}, "grade": "FAIL"}', [(None, "verdict", None, "inner"), (F, "grade", None)]),
    ('{"result": {"verdict": "PASS"}, "verdict": "FAIL"}', [(P, "verdict", None, "inner"), (F, "verdict", None)]),
    ('{"steps": [{"C1": "PASS"}, {"id": "C1", "status": "FAIL"}]}', [(P, "row", "C1"), (F, "status", "C1")]),
    ('{"steps": [{"verdict": "PASS"}]}', []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "statements"), [*OWN, *NAMED, *INSIDE, *PARTS])
def test_each_verdict_is_read_with_its_key_and_the_criterion_that_is_named(text, statements):
    assert said(text) == statements


def test_the_object_that_contains_a_statement_is_its_source():
    whole = an_object('{"verdicts": [{"id": "C1", "verdict": "PASS", "reason": "x"}]}')
    (statement,) = statements_on("C1", whole)
    assert statement.source is whole.members[0][1][0]
    (row,) = statements_on("C1", an_object('{"a": {"C1": "PASS", "reason": "x"}}'))
    assert row.source == an_object('{"C1": "PASS", "reason": "x"}')


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("PASS", P), ("fail", F), ("Passed", P), ("FAILED.", F), (" **PASS** ", P), ("`pass`", P), ("'fail'", F), ('"FAIL".', F),
        ("PASS, mostly", None), ("PASSES", None), ("compass", None), ("PASS FAIL", None), ("", None), ("paſs", None), (None, None),
        (["PASS"], None),
    ],
)  # fmt: skip
def test_a_verdict_is_the_word_and_nothing_else(value, verdict):
    assert verdict_of(value) is verdict


@pytest.mark.parametrize(
    ("name", "key"),
    [("verdict", "verdict"), (" **Verdict**", "verdict"), ("`Criterion ID`", "criterion_id"), ("_RESULT_", "result"), ("ſtatus", "ſtatus"),
     ("Ｓtatus X", "Ｓtatus X"), ("", "")],
)  # fmt: skip
def test_keys_are_compared_without_case_and_decoration(name, key):
    assert key_of(name) == key


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, ""),
        ({"reason": " why ", "explanation": "other"}, "why"),
        ({"explanation": "why", "message": "other"}, "why"),
        ({"reason": "", "Message": "why"}, "why"),
        ({"reason": None, "rationale": ["a ", "b", ["c"]]}, "a\nb"),
        ({"reason": ["", " "], "justification": "why"}, "why"),
        ({"reason": {"C1": "other", "c2": " why "}}, "why"),
        ({"reason": {"C1": "other"}, "reasoning": "why"}, "why"),
        ({"reason": {"C2": ["x"]}}, ""),
        ({"quote": "said"}, ""),
    ],
)
def test_the_first_words_in_the_order_of_the_keys_count(members, words):
    value = an_object(json.dumps({"x": "y"} | members))
    assert words_in(value, REASON_KEYS, "C2") == words


def test_evidence_has_keys_of_its_own():
    value = an_object('{"reason": "why", "quote": "said", "evidence": ""}')
    assert (words_in(value, EVIDENCE_KEYS, "C1"), words_in(value, REASON_KEYS, "C1")) == ("said", "why")
