"""Each target of a run has a name of its own, made of its model and parameters unless it was given one."""

import pytest

from core.domain.parameters import Parameters, Target
from core.errors import BadInput
from core.hunting.orders import TargetRequest
from core.hunting.runs.targets import default_label, requested_targets


def entry(label="", model="openai/gpt-5", **parameters):
    return TargetRequest(model=model, label=label, parameters=Parameters.model_validate(parameters))


@pytest.mark.parametrize(
    ("parameters", "label"),
    [
        ({}, ""),
        ({"reasoning": {"effort": "high"}}, "gpt-5 · high"),
        ({"reasoning": {"effort": "none"}}, "gpt-5 · no reasoning"),
        ({"reasoning": {"max_tokens": 900}}, "gpt-5 · reasoning 900"),
        ({"temperature": 0.2, "reasoning": {"enabled": True}}, "gpt-5 · reasoning, t 0.2"),
        ({"max_output_tokens": 2000, "seed": 7, "top_p": 0.5}, "gpt-5 · top p 0.5, max 2000, seed 7"),
        ({"system_prompt": "x", "stop": ["y"], "extra_body": {"z": 1}}, "gpt-5 · system prompt, stop, extra body"),
        ({"service_tier": "flex", "provider": {"only": ["azure"]}}, "gpt-5 · flex, azure"),
        ({"provider": {"ignore": ["azure"]}}, "gpt-5 · routing"),
        ({"provider": {"only": ["a\n\n# b\u202e"]}}, "gpt-5 · a # b"),
        ({"max_output_tokens": 1_234_567, "seed": 2**53 - 1}, "gpt-5 · max 1234567, seed 9007199254740991"),
    ],
)
def test_a_label_says_what_is_particular(parameters, label):
    target = Target(model="openai/gpt-5", parameters=Parameters.model_validate(parameters))
    assert default_label(target) == label


def test_plain_names_stay_as_they_are():
    assert requested_targets(["a/b", "a/c", "a/b"]) == (Target(model="a/b"), Target(model="a/c"), Target(model="a/b"))


def test_targets_with_the_same_name_are_distinguished():
    one, two = requested_targets([entry(system_prompt="x"), entry(system_prompt="y")])
    assert one.label != two.label
    assert one.label.startswith("gpt-5 · system prompt #")
    assert one.target[2:7] in one.label


def test_a_label_that_is_the_models_name_is_none():
    (target,) = requested_targets([entry("openai/gpt-5")])
    assert target == Target(model="openai/gpt-5")


def test_spaces_in_a_label_are_those_between_words():
    assert requested_targets([entry("  very \n hot ", temperature=2)])[0].label == "very hot"


def test_a_label_has_no_control_and_direction_characters_but_joins_letters():
    (target,) = requested_targets([entry("\x1b[31m\u202ehot\x00 نمی\u200cخواهم", seed=1)])
    assert target.label == "[31mhot نمی\u200cخواهم"


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([entry("a", seed=1), entry("b", seed=1)], "two labels with the same parameters: “a” and “b”"),
        ([entry("a", seed=1), entry("a", seed=2)], "Two models of the run have the label “a”"),
        ([entry("a/c", seed=1), "a/c"], "Two models of the run have the label “a/c”"),
    ],
)
def test_labels_that_would_mix_up_targets_are_rejected(entries, says):
    with pytest.raises(BadInput, match=says) as rejected:
        requested_targets(entries)
    assert rejected.value.code == "label_conflict"


def test_an_adaptive_run_needs_two_targets():
    with pytest.raises(BadInput) as rejected:
        requested_targets(["a/b", "a/b"], "adaptive")
    assert rejected.value.code == "one_target"
    assert len(requested_targets(["a/b", entry(model="a/b", seed=1)], "adaptive")) == 2
