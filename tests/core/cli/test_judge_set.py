"""`--judge-set`: the judge's parameters on the command line, and what a run says about prompt caches."""

import pytest

from core.cli.report import cache_words
from core.cli.targets import judge_choice
from core.domain.hunt import CacheUse
from core.domain.parameters import Parameters
from core.errors import BadInput
from core.hunting.orders import NO_CHOICE, JudgeChoice


def test_settings_become_parameters_of_the_judge():
    assert judge_choice("", []) == NO_CHOICE
    wanted = Parameters.model_validate({"temperature": 0.2, "reasoning": {"effort": "low"}})
    settings = [("temperature", 0.2), ("reasoning.effort", "low")]
    assert judge_choice("a/b", settings) == JudgeChoice(model="a/b", parameters=wanted)
    assert judge_choice("", settings) == JudgeChoice(parameters=wanted)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ([("temperatur", 1)], "temperatur: there is no such parameter"),
        ([("temperature", 9)], "temperature: Input should be less than or equal to 2"),
        ([("system_prompt", "x")], "a judge takes no system_prompt"),
        ([("stop", ["FAIL"])], "a judge takes no stop"),
    ],
)
def test_what_no_parameter_of_a_judge_is_ends_the_command_with_its_name(settings, problem):
    with pytest.raises(BadInput, match=problem):
        judge_choice("a/b", settings)


def test_the_use_of_a_cache_is_a_share_with_what_it_saved():
    use = CacheUse(input_tokens=10_000, cached_tokens=8_200, saved_usd=0.0123)
    assert cache_words(use) == "82% of 10,000 input tokens from the prompt cache, saved $0.0123."
    assert cache_words(use.model_copy(update={"saved_usd": None})).endswith("prompt cache.")
