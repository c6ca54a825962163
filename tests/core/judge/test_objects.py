"""The whole JSON objects of a text are found, in the way judges write them, and nothing else is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.judge.objects import MAX_DEPTH, FoundObject, JsonObject, whole_objects


def an_object(*members):
    return JsonObject(list(members))


def values(text):
    return [found.value for found in whole_objects(text)]


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_every_json_object_is_found_whole(value):
    text = json.dumps({"value": value}, ensure_ascii=False)
    assert [(found.start, found.end) for found in whole_objects(f"[ {text}")] == [(2, 2 + len(text))]


def test_members_are_kept_in_order_with_repetitions():
    text = 'x {"a": 1} y {"b": [true, "c", {"d": null}], "b": {}, "a": "e"}'
    assert list(whole_objects(text)) == [
        FoundObject(2, 10, an_object(("a", None))),
        FoundObject(
            13, len(text), an_object(("b", [None, "c", an_object(("d", None))]), ("b", an_object()), ("a", "e"))
        ),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "b" "c": "d",, "e": [],}', an_object(("a", "b"), ("c", "d"), ("e", []))),
        ('{"a": [ {"b": "c"} , "d" ] , }', an_object(("a", [an_object(("b", "c")), "d"]))),
        ('{"a": [1 2, -3.5e+7, false, [], {}, [ ], { }, [[]]]}', an_object(
            ("a", [None, None, None, None, [], an_object(), [], an_object(), [[]]]))),
        ('{"a": [,"b"]}', an_object(("a", ["b"]))),
        ('{\n"a"\t:\n"b\nc"}', an_object(("a", "b\nc"))),
        ('{ "a": "\\u0041\\n\\t\\r\\b\\f\\/\\\\\\"\\alpha\\q\nx"}', an_object(("a", 'A\n\t\r\b\f/\\"\\alpha\\q\nx'))),
        ('{"a": "\\ud83d\\ude00 \\ud800", "\\u0062": "c"}', an_object(("a", "😀 \ufffd"), ("b", "c"))),
        ('{"a": ""}', an_object(("a", ""))),
    ],
)  # fmt: skip
def test_what_judges_write_is_understood(text, value):
    assert values(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "{a: 1}", "{1: 2}", '{"a" "b"}', '{"a"}', '{"a":: "b"}', '{"a": "b"]', '{"a": ["b"}', '{"a": ["b"}}', '{"a": {"b": "c"]}', '{"a": {"b', '{"a": {"b": "c"}',
        '{"a" : }', '{"a", "b": "c"}', '{"a": , "b": "c"}', '{"a": "b": "c"}', '{"a": {"b": "c"}, [}', '{"a": "b"', '{"a": {}, "c"}',
        '{"a": [{"b": "c"}}', '{"a": ["b": "c"]}', '{"a": "b",,', '{"a": [:]}', '{"a": "b":}', '{"a": nul}', '{"a": {"b" }}',
        '{"a": ["b"]', '{"a": 1 2}', '{"a": [1], 2}', '{"a" ["b"]}', '{"a" 1}', '{"a" {}}', '{"a": [], []}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_none_and_the_next_one_is_found(text):
    assert values(text) == []
    assert values(f'{text} {{"x": "y"}}') == [an_object(("x", "y"))]


def test_the_search_continues_after_the_last_parsed_token():
    assert values('{"a": {"b": "c"}, x {"d": "e"}') == [an_object(("d", "e"))]
    assert values('{"a": "never closed {"b": "c"}') == [an_object(("b", "c"))]
    assert values('{"a": "{"b": "c"}') == [an_object(("b", "c"))]
    assert values('{"a": {"b {"c": "d"}') == [an_object(("c", "d"))]
    assert values('{"a" {"b": "c"}}') == [an_object(("b", "c"))]
    assert values('{"a":"b"}{"c":"d"}') == [an_object(("a", "b")), an_object(("c", "d"))]
    assert values('["a", {"b": "c"}]') == [an_object(("b", "c"))]


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_what_is_deeper_than_any_answer_is_not_whole(opening, closing):
    def nested(depth):
        return '{"a":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}"

    assert [found.start for found in whole_objects(nested(MAX_DEPTH))] == [0]
    assert 0 not in [found.start for found in whole_objects(nested(MAX_DEPTH + 1))]
