"""Which problems of a body are about the parameters of a model, and which only follow from others."""

from pydantic import ValidationError

from api.payloads import EstimatePayload
from core.hunting.parameter_problems import holder_of, parameters_rejected, without_consequences


def problems_of(body):
    try:
        EstimatePayload.model_validate(body)
    except ValidationError as error:
        return error.errors(include_url=False)
    raise AssertionError("the body is valid")


def test_a_list_that_is_too_short_for_want_of_its_wrong_items_is_no_problem_of_its_own():
    found = problems_of({"models": [{"model": "a/b", "parameters": {"top_p": 2}}]})
    assert {problem["type"] for problem in found} == {"less_than_equal", "too_short"}
    assert [problem["type"] for problem in without_consequences(found)] == ["less_than_equal"]
    assert [problem["type"] for problem in without_consequences(problems_of({"models": []}))] == ["too_short"]


def test_the_model_is_what_holds_the_parameters():
    assert holder_of(("models", 1, "an object", "parameters", "seed")) == ("models", 1, "an object")
    assert holder_of(("parameters", "provider", "only", 0)) == ()
    assert holder_of(("models", 1, "parameters")) is None
    assert holder_of(("judge_model",)) is None


def test_a_long_name_of_a_model_is_cut():
    error = parameters_rejected("a" * 10_000, [{"loc": ("seed",), "type": "x", "msg": "Value error, no."}])
    assert error.message.endswith("aaa cannot be called with these parameters: seed: no.")
    assert len(error.message) < 1000
