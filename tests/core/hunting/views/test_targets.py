"""A target in views: a model with what was chosen for it."""

from core.domain.parameters import Parameters, Target
from core.hunting.views.targets import MAX_PROMPT_CHARS, target_view, without_long_prompt

LONG = Parameters(system_prompt="Be brief. " * 50, seed=7)


def test_a_long_system_prompt_is_shortened_only_where_texts_are_left_out():
    target = Target(model="openai/gpt-5", parameters=LONG, label="brief")
    whole, short = target_view(target, texts=True), target_view(target, texts=False)
    assert (whole["model"], whole["label"], whole["target"]) == ("openai/gpt-5", "brief", target.target)
    assert whole["parameters"] == LONG
    assert len(short["parameters"].system_prompt) <= MAX_PROMPT_CHARS + 1
    assert LONG.system_prompt.startswith(short["parameters"].system_prompt.rstrip("…"))
    assert short["parameters"].seed == 7


def test_short_and_missing_prompts_stay():
    for parameters in (Parameters(), Parameters(system_prompt="x" * MAX_PROMPT_CHARS)):
        assert without_long_prompt(parameters) == parameters
