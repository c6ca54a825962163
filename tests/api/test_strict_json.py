"""Bodies become payloads strictly: nothing that a client sends is ignored, and every problem is listed."""

import json

import pytest

from api.payloads import SelectionPayload, TrialPayload
from api.strict_json import MAX_VALUES, parse_open_payload, parse_payload
from core.errors import BadInput, TooLarge

SELECTION = b'{"hunt_ids": ["r_a.1"]}'


def refusal(raw, kind=SelectionPayload):
    with pytest.raises(BadInput) as refused:
        parse_payload(raw, kind)
    return refused.value


def test_a_body_becomes_the_payload_that_it_says():
    assert parse_payload(SELECTION, SelectionPayload) == SelectionPayload(hunt_ids=["r_a.1"])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"hunt_ids": ["a"], "hunt_ids": ["b"]}', "Duplicate JSON key: hunt_ids."),
        (b'{"hunt_ids": [1]}', "hunt_ids.0"),
        (b'{"hunt_ids": ["a"], "more": 1}', "more"),
        (b'{"hunt_ids": ["\xff"]}', "Invalid request: body"),
        (b"[" * 1000, "Invalid request: body"),
        (b"", "Invalid request: body"),
        (b'{"hunt_ids": [' + b"1," * MAX_VALUES + b"1]}", f"more than {MAX_VALUES:,} values"),
    ],
)
def test_what_is_not_exactly_a_payload_is_refused_with_the_reason(raw, said):
    assert said in refusal(raw).message


def test_every_problem_is_in_the_details():
    error = refusal(b'{"hunt_ids": [1, "a", null], "x": 1}')
    assert [problem["field"] for problem in error.details["problems"]] == ["hunt_ids.0", "hunt_ids.2", "x"]


def test_wrong_parameters_of_a_model_name_the_model():
    error = refusal(b'{"model": "simulated/hasty", "parameters": {"temperature": 9}}', TrialPayload)
    assert "simulated/hasty" in error.message
    assert "temperature" in error.message


def test_a_notebook_in_a_body_becomes_the_file_that_jupyter_would_write():
    notebook = {"cells": [{"source": ["ä\n", "b"]}], "nbformat": 4, "metadata": {}}
    payload, file = parse_open_payload(json.dumps({"name": "t.ipynb", "notebook": notebook}).encode(), 100)
    assert (payload.name, payload.notebook) == ("t.ipynb", {})
    assert json.loads(file) == notebook
    assert file.decode() == json.dumps(notebook, indent=1, ensure_ascii=False)


def test_without_a_notebook_there_is_no_file():
    payload, file = parse_open_payload(b'{"example": "word-budget"}', 100)
    assert (payload.example, file) == ("word-budget", b"")


@pytest.mark.parametrize(
    ("raw", "kind", "said"),
    [
        (b'{"notebook": {"a": NaN}}', BadInput, ""),
        (b'{"notebook": {"a": 1, "a": 2}}', BadInput, "Duplicate JSON key: a."),
        (b'{"notebook": {"a": "\\ud83d"}}', BadInput, "half a character"),
        (b'{"notebook": [' + b"1," * (MAX_VALUES + 100) + b"1]}", TooLarge, "Remove images"),
    ],
)
def test_a_notebook_that_cannot_be_a_file_is_refused(raw, kind, said):
    with pytest.raises(kind) as refused:
        parse_open_payload(raw, 100)
    assert said in f"{refused.value.message} {refused.value.hint}"
