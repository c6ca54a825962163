"""A criterion has an id of one form and a text; a task has each id once, and no more criteria than allowed."""

import pytest
from pydantic import ValidationError

from core.domain.criteria import Criterion, refuse_duplicate_ids, refuse_too_many_criteria
from core.errors import BadTask
from tests.builders import error_values


def with_ids(*ids):
    return tuple(Criterion(id=i, text="x") for i in ids)


@pytest.mark.parametrize(("written", "read"), [("C1", "C1"), ("c12", "C12"), (" c9999\n", "C9999")])
def test_an_id_is_read_in_either_case(written, read):
    assert Criterion(id=written, text=" A text. ") == Criterion.model_construct(id=read, text=" A text. ")


@pytest.mark.parametrize("wrong", ["", "C", "C0", "C01", "C10000", "D1", "C1 C2", "1"])
def test_what_is_no_id_is_refused_by_name(wrong):
    with pytest.raises(ValidationError, match=f"{wrong!r} is not a criterion id"):
        Criterion(id=wrong, text="x")


@pytest.mark.parametrize("empty", ["", " \n\t"])
def test_a_criterion_needs_a_text(empty):
    with pytest.raises(ValidationError, match="a criterion needs a text"):
        Criterion(id="C1", text=empty)


def test_ids_that_occur_once_are_fine():
    refuse_duplicate_ids(())
    refuse_duplicate_ids(with_ids("C1", "C3", "C2"))


def test_ids_that_occur_twice_are_named_once_and_in_order():
    with pytest.raises(BadTask) as refused:
        refuse_duplicate_ids(with_ids("C3", "C1", "c3", "C2", "C1", "C3"))
    assert error_values(refused.value) == {
        "message": "Duplicate criterion ID: C1, C3.",
        "hint": "Give every criterion its own ID.",
        "code": "duplicate_criterion",
        "details": {"ids": ["C1", "C3"]},
    }


@pytest.mark.parametrize(("count", "maximum"), [(0, 1), (17, 17), (16, 17), (10_000, None)])
def test_as_many_criteria_as_allowed_are_fine(count, maximum):
    refuse_too_many_criteria(count, maximum)


def test_more_criteria_than_allowed_are_counted():
    with pytest.raises(BadTask) as refused:
        refuse_too_many_criteria(1001, 1000)
    assert error_values(refused.value) == {
        "message": "The task has 1,001 criteria; at most 1,000 are allowed (MAX_CRITERIA).",
        "hint": "Merge or remove criteria, or split the task into several. An operator can raise MAX_CRITERIA.",
        "code": "too_many_criteria",
        "details": {"criteria": 1001, "max_criteria": 1000},
    }
