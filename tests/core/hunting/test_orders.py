"""A judge with parameters: in runs, checks, trials, retries and judging again, in stores and exports."""

import pytest
from pydantic import ValidationError

from core.domain.parameters import NO_PARAMETERS, Parameters
from core.hunting.checks.rejudge import judged_again
from core.hunting.orders import CheckOrder, JudgeChoice, RejudgeOrder, RunOrder
from tests.builders import NOW, a_finished_hunt, a_run

SEEDED = Parameters(seed=7)
OTHER = Parameters(seed=8)


@pytest.mark.parametrize("order", [RunOrder, CheckOrder, RejudgeOrder])
def test_either_form_names_the_judge_and_both_must_agree(order):
    plain, full = order(judge_model="a/b"), order(judge={"model": "a/b", "parameters": {"seed": 7}})
    assert plain.chosen_judge == JudgeChoice(model="a/b")
    assert full.chosen_judge == JudgeChoice(model="a/b", parameters=SEEDED)
    assert order(judge_model="a/b", judge={"parameters": {"seed": 7}}).chosen_judge == full.chosen_judge
    assert order().chosen_judge == JudgeChoice()
    with pytest.raises(ValidationError, match=r"judge_model and judge\.model differ"):
        order(judge_model="a/c", judge={"model": "a/b"})


def test_a_system_prompt_is_the_tasks_and_not_a_parameter_of_the_judge():
    with pytest.raises(ValidationError, match="judge_system_prompt"):
        JudgeChoice(model="a/b", parameters=Parameters(system_prompt="Be kind."))


def again(order, **run):
    return judged_again(a_finished_hunt(), a_run(judge_parameters=SEEDED, **run), order, NOW)


@pytest.mark.parametrize(
    ("order", "model", "parameters"),
    [
        (RejudgeOrder(), "simulated/judge", SEEDED),
        (RejudgeOrder(judge_model="a/b"), "a/b", NO_PARAMETERS),
        (RejudgeOrder(judge={"model": "a/b", "parameters": OTHER}), "a/b", OTHER),
        (RejudgeOrder(judge={"parameters": OTHER}), "simulated/judge", OTHER),
    ],
)
def test_judging_again_takes_the_judge_of_before_with_its_parameters_or_a_new_one(order, model, parameters):
    hunt = again(order)
    assert (hunt.judge_model, hunt.judge_parameters) == (model, parameters)
    assert (hunt.judged[-1].judge_model, hunt.judged[-1].judge_parameters) == ("simulated/judge", SEEDED)
    assert a_run(judge_parameters=SEEDED).judge_of(hunt).parameters == parameters


def test_a_run_without_parameters_leaves_no_trace_of_them_in_what_is_stored():
    assert "judge_parameters" not in a_run().model_dump(mode="json")
    assert a_run(judge_parameters=SEEDED).model_dump(mode="json")["judge_parameters"] == {"seed": 7}
