"""JSON with the places of its parts, and heaps of values, which are refused before they are made."""

from __future__ import annotations

import json

import pytest

from core.errors import TooLarge
from core.notebooks.document import Bounds
from core.notebooks.json_positions import MAX_DIGITS, TooManyElements, elements_at, members_at, skip_space
from core.notebooks.parse import parse_notebook
from tests.core.notebooks.building import CELLS, raw_notebook


@pytest.mark.parametrize("heap", [b"{}", b"[]", b"0", b'"a"', b'"\\\\"', b'"\\""'])
def test_heaps_of_values_are_refused_before_they_are_made(heap):
    raw = CELLS % (b'{"cell_type": "raw", "source": "", "metadata": {"a": [' + b",".join([heap] * 300_000) + b"]}}")
    with pytest.raises(TooLarge, match="more than 200,000 values"):
        parse_notebook(raw, Bounds(max_values=200_000))
    assert parse_notebook(raw, Bounds(max_values=1_000_000)).slots == ()


@pytest.mark.parametrize("text", ["[{," * 100_000, '\\",' * 100_000, "\\\\[," * 100_000])
def test_marks_in_a_text_are_no_values(text):
    assert parse_notebook(raw_notebook("**[prompt]**\n\n" + text), Bounds(max_values=1000)).task.prompt == text


def test_members_and_elements_have_their_places():
    text = ' { "a" : [1, {"b": "]"}] , "cells":[ "x" ,2.5], "a": null }'
    members, end = members_at(text, skip_space(text, 0), whole="cells", max_elements=2)
    assert end == len(text)
    assert [(m.key, text[m.start : m.start + 3]) for m in members] == [("a", '"a"'), ("cells", '"ce'), ("a", '"a"')]
    assert [text[m.node.start : m.node.end] for m in members] == ['[1, {"b": "]"}]', '[ "x" ,2.5]', "null"]
    assert [m.node.value for m in members][::2] == [[1, {"b": "]"}], None]
    assert [(text[n.start : n.end], n.value) for n in members[1].node.value] == [('"x"', "x"), ("2.5", 2.5)]
    assert members_at("{ }", 0) == ((), 3)
    assert elements_at("[ ]", 0) == ((), 3)


def test_more_elements_than_allowed_are_not_read():
    with pytest.raises(TooManyElements):
        elements_at("[1, 2, 3, nonsense", 0, maximum=2)


@pytest.mark.parametrize("text", ['{"a" 1}', '{"a": 1', "{1: 2}", '{"a": 1 "b": 2}', '{"a":}', '{"a": "x\ny"}'])
def test_malformed_text_is_an_error_with_its_place(text):
    with pytest.raises(json.JSONDecodeError):
        members_at(text, 0)


def test_line_breaks_inside_a_text_are_read_where_that_is_wanted():
    assert members_at('{"a": "x\ny"}', 0, raw_breaks=True)[0][0].node.value == "x\ny"


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": ' + "9" * (MAX_DIGITS + 1) + "}"])
def test_what_json_has_no_number_for_is_refused(text):
    with pytest.raises(ValueError, match=r"NaN is not JSON|more than 1,000 digits"):
        members_at(text, 0)
