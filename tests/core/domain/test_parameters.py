"""Parameters are all optional, checked, and leave no trace where nothing was chosen; a target has a stable ID."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from core.domain.parameters import (
    MAX_EXTRA_BODY_CHARS,
    MAX_EXTRA_BODY_DEPTH,
    MAX_SEED,
    NO_PARAMETERS,
    Parameters,
    Reasoning,
    Target,
    depth_of,
    is_default,
    target_id,
)

EVERY = {
    "system_prompt": "Answer briefly.",
    "temperature": 0.2,
    "top_p": 0.9,
    "max_output_tokens": 2000,
    "reasoning": {"effort": "high"},
    "seed": 7,
    "stop": ["END"],
    "service_tier": "flex",
    "extra_body": {"top_k": 40},
    "provider": {
        "order": ["azure"],
        "only": ["azure", "openai"],
        "ignore": ["deepinfra"],
        "quantizations": ["fp8"],
        "allow_fallbacks": False,
        "require_parameters": True,
        "data_collection": "deny",
    },
}


def read(values: dict[str, object]) -> Parameters:
    return Parameters.model_validate_json(json.dumps(values), strict=True)


def test_every_parameter_is_kept_as_it_was_chosen():
    assert read(EVERY).chosen == EVERY
    assert set(EVERY) == set(Parameters.model_fields)


@pytest.mark.parametrize("values", [{}, {"temperature": None}, {"extra_body": {}}, {"provider": {}}])
def test_nothing_chosen_is_the_default_and_leaves_no_trace(values):
    parameters = read(values)
    assert is_default(parameters)
    assert Target(model="lab/m", parameters=parameters).model_dump_json() == '{"model":"lab/m"}'


def test_parameters_are_the_same_after_a_program_has_sorted_keys_and_shortened_numbers():
    chosen = read({"temperature": -0.0, "extra_body": {"top_k": 5.0, "min_p": {"b": 0.5, "a": [1.0, -0.0, True]}}})
    rewritten = read({"temperature": 0, "extra_body": {"min_p": {"a": [1, 0, True], "b": 0.5}, "top_k": 5}})
    assert chosen.model_dump_json() == rewritten.model_dump_json()
    assert chosen.extra_body == {"top_k": 5, "min_p": {"a": [1, 0, True], "b": 0.5}}
    assert target_id("lab/m", chosen) == target_id("lab/m", rewritten)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"temperature": 2.1}, "less than or equal to 2"),
        ({"temperature": -0.1}, "greater than or equal to 0"),
        ({"top_p": 1.5}, "less than or equal to 1"),
        ({"max_output_tokens": 0}, "greater than or equal to 1"),
        ({"seed": 1.5}, "valid integer"),
        ({"seed": 2**53}, "less than or equal to"),
        ({"stop": []}, "at least 1 item"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "at most 4 items"),
        ({"stop": [""]}, "at least 1 character"),
        ({"service_tier": "cheap"}, "'auto', 'default', 'flex'"),
        ({"system_prompt": ""}, "at least 1 character"),
        ({"system_prompt": "x" * 20_001}, "at most 20000 characters"),
        ({"reasoning": {"effort": "huge"}}, "'none', 'minimal', 'low'"),
        ({"reasoning": {}}, "exactly one of effort, max_tokens and enabled"),
        ({"reasoning": {"effort": "low", "max_tokens": 5}}, "exactly one of effort, max_tokens and enabled"),
        ({"extra_body": {"model": "x", "stream": False}}, "extra_body never sets model, stream"),
        ({"extra_body": {"a": "x" * 10_000}}, "more than 10000 characters"),
        ({"extra_body": {"a": [[[[[[[[1]]]]]]]]}}, "more than 8 levels deep"),
        ({"extra_body": {"a": 1e300}}, "a number that is too large"),
        ({"extra_body": {"a": [2**53]}}, "a number that is too large"),
        ({"provider": {"only": []}}, "at least 1 item"),
        ({"provider": {"data_collection": "maybe"}}, "'allow' or 'deny'"),
        ({"temprature": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_value_out_of_range_is_rejected_with_its_name_and_range(values, sentence):
    with pytest.raises(ValidationError) as rejected:
        read(values)
    assert sentence in str(rejected.value)
    assert next(iter(values)) in str(rejected.value)


def test_infinity_and_nan_are_no_temperature():
    for number in (float("inf"), float("nan")):
        with pytest.raises(ValidationError):
            Parameters(temperature=number)


def test_a_target_has_the_same_id_wherever_the_same_model_has_the_same_parameters():
    one = Target(model="openai/gpt-5", parameters=read({"temperature": 1, "seed": 7}))
    again = Target(model="openai/gpt-5", label="hot", parameters=read({"seed": 7, "temperature": 1.0}))
    others = {
        target_id("openai/gpt-5", NO_PARAMETERS),
        target_id("openai/gpt-5-mini", NO_PARAMETERS),
        target_id("openai/gpt-5", read({"seed": 8, "temperature": 1})),
        target_id("openai/gpt-5", read({"reasoning": {"effort": "high"}})),
    }
    assert one.target == again.target
    assert len(others | {one.target}) == 5


def test_target_ids_never_change_between_releases():
    """They are stored in telemetry, and rates are counted by them."""
    assert target_id("openai/gpt-5", NO_PARAMETERS) == "t_89e1bcc8b3"
    assert target_id("openai/gpt-5", read(EVERY)) == "t_0624e6903f"
    assert target_id("lab/named-here-only", NO_PARAMETERS) == "t_c2dd6c4078", "computed here, not remembered"
    assert Target(model="lab/\ud800").target == "t_06f461ab2f", "any text is a model's name"


def test_a_target_is_named_by_its_label_else_by_its_model():
    assert [Target(model="lab/m", label=label).name for label in ("", "m · hot")] == ["lab/m", "m · hot"]


@pytest.mark.parametrize(
    ("reasoning", "off"),
    [({"effort": "none"}, True), ({"enabled": False}, True), ({"enabled": True}, False), ({"effort": "low"}, False)],
)
def test_reasoning_is_off_by_its_effort_or_its_switch(reasoning, off):
    parameters = read({"reasoning": reasoning})
    assert parameters.reasoning is not None
    assert parameters.reasoning.off is off


def test_parameters_weigh_what_their_texts_do():
    both = Parameters(system_prompt="x" * 1_000, extra_body={"text": "y" * 200})
    assert Parameters().rough_bytes == 0
    assert Parameters(system_prompt="x" * 1_000).rough_bytes == 1_000
    assert both.rough_bytes == 1_000 + len(json.dumps(both.extra_body))


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else 1


def test_extra_fields_may_be_as_deep_large_and_long_as_their_limits_and_no_more():
    frame = len(json.dumps({"a": ""}))
    for fits, exceeds in (
        (nested(MAX_EXTRA_BODY_DEPTH - 1), nested(MAX_EXTRA_BODY_DEPTH)),
        (MAX_SEED, MAX_SEED + 1),
        ("x" * (MAX_EXTRA_BODY_CHARS - frame), "x" * (MAX_EXTRA_BODY_CHARS - frame + 1)),
    ):
        assert Parameters(extra_body={"a": fits}).extra_body == {"a": fits}
        with pytest.raises(ValidationError, match=r"extra_body (is nested more|has a number that is|has more than)"):
            Parameters(extra_body={"a": exceeds})


def test_the_depth_of_a_value_is_that_of_its_deepest_part():
    assert [depth_of(value) for value in (1, [], {}, [1], {"a": [1]}, [{"a": []}, 1])] == [0, 1, 1, 1, 2, 3]


def test_the_canonical_form_has_texts_as_they_are():
    assert Parameters(system_prompt="é").canonical == '{"system_prompt":"é"}'


def test_reasoning_in_two_ways_says_what_to_choose():
    with pytest.raises(
        ValidationError, match="Value error, reasoning takes exactly one of effort, max_tokens and enabled"
    ):
        Reasoning(effort="high", enabled=True)
