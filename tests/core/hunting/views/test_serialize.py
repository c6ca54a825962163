"""Views as JSON."""

import json
from datetime import UTC, datetime

import pytest

from core.domain.chat import Message
from core.domain.parameters import NO_PARAMETERS, Parameters
from core.hunting.views.serialize import JsonFragment, to_json


def test_values_are_objects_and_parameters_only_what_was_chosen():
    view = {
        "message": Message(role="user", content="ä"), "chosen": Parameters(seed=7), "none": NO_PARAMETERS,
        "at": datetime(2026, 3, 1, 12, tzinfo=UTC), "rows": (1, 2), 3: JsonFragment(b'{"a":1}'),
    }  # fmt: skip
    assert json.loads(to_json(view)) == {
        "message": {"role": "user", "content": "ä"}, "chosen": {"seed": 7}, "none": {},
        "at": "2026-03-01T12:00:00Z", "rows": [1, 2], "3": {"a": 1},
    }  # fmt: skip


def test_anything_else_is_an_error():
    with pytest.raises(TypeError):
        to_json({"a": object()})
