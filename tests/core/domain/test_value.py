"""A value is frozen, rejects unknown fields, and may leave out what is empty."""

import pytest
from pydantic import Field, ValidationError

from core.domain.value import Value, is_empty, is_none


class Point(Value):
    x: int
    label: str = Field(default="", exclude_if=is_empty)


def test_a_value_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Point(x=1).x = 2


def test_an_unknown_field_is_rejected():
    with pytest.raises(ValidationError, match="z"):
        Point(x=1, z=3)


@pytest.mark.parametrize(("label", "text"), [("", '{"x":1}'), ("a", '{"x":1,"label":"a"}')])
def test_an_empty_field_leaves_no_trace_in_json(label, text):
    assert Point(x=1, label=label).model_dump_json() == text


def test_only_none_is_none():
    assert [is_none(value) for value in (None, "", 0, ())] == [True, False, False, False]
