"""Which verdicts second opinions are asked about, by trying every flip, and what they make of an outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain, combinations, product

import pytest
from pydantic import ValidationError

from core.domain.confirmation import (
    NO_CONFIRM,
    Confirmation,
    ConfirmPolicy,
    Policy,
    SecondOpinion,
    confirmation,
    in_question,
    is_no_policy,
    pivotal,
)
from core.domain.parameters import Parameters, Target, target_id
from core.domain.task import PassRule
from core.domain.verdict import DECIDED, CriterionVerdict, Outcome, Verdict, decide

NOW = datetime(2026, 11, 29, tzinfo=UTC)
EVERY = [states for k in range(1, 6) for states in product(Verdict, repeat=k)]
OTHER = {Verdict.PASS: Verdict.FAIL, Verdict.FAIL: Verdict.PASS}


def by_flipping(states: tuple[Verdict, ...], rule: PassRule) -> set[str]:
    """The criteria of the smallest sets of doubted verdicts whose opposites change the outcome."""
    outcome = decide(states, rule)
    if outcome not in DECIDED:
        return set()
    doubted = Verdict.FAIL if outcome is Outcome.BROKE else Verdict.PASS
    places = [n for n, state in enumerate(states) if state is doubted]
    for size in range(1, len(places) + 1):
        flipping = [
            some
            for some in combinations(places, size)
            if decide((OTHER[s] if n in some else s for n, s in enumerate(states)), rule) is not outcome
        ]
        if flipping:
            return {f"C{n}" for n in chain(*flipping)}
    return set()


@pytest.mark.parametrize("rule", PassRule)
def test_pivotal_verdicts_are_those_whose_flip_can_change_the_outcome(rule: PassRule) -> None:
    for states in EVERY:
        named = {f"C{n}": state for n, state in enumerate(states)}
        assert set(pivotal(named, rule)) == by_flipping(states, rule), (states, rule)


def _verdicts(states: str) -> tuple[CriterionVerdict, ...]:
    words = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED, "M": Verdict.MISSING}
    return tuple(CriterionVerdict(criterion_id=f"C{n}", verdict=words[s]) for n, s in enumerate(states, start=1))


@pytest.mark.parametrize(
    ("policy", "states", "rule", "asked"),
    [
        ("breaks", "FPPF", PassRule.ALL, ("C1", "C4")),
        ("breaks", "FPUF", PassRule.ALL, ("C1", "C4")),
        ("breaks", "FMPP", PassRule.ALL, ()),  # a missing criterion: a break whatever a judge says
        ("breaks", "PPPP", PassRule.ALL, None),
        ("pivotal", "PPPF", PassRule.MAJORITY, ("C1", "C2", "C3")),
        ("pivotal", "FFFP", PassRule.MAJORITY, ("C1", "C2", "C3")),
        ("all", "PPMF", PassRule.ALL, ("C1", "C2", "C4")),
        ("all", "PU", PassRule.ALL, None),  # undetermined
        ("none", "FFFF", PassRule.ALL, None),
    ],
)
def test_a_policy_says_what_is_in_question(
    policy: Policy, states: str, rule: PassRule, asked: tuple[str, ...] | None
) -> None:
    assert in_question(policy, _verdicts(states), rule) == asked


def _opinion(judge: str, outcome: Outcome | None) -> SecondOpinion:
    return SecondOpinion(judge_model=judge, asked_at=NOW, asked=("C1",), outcome=outcome)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], Confirmation.UNCONFIRMED),
        ([Outcome.BROKE], Confirmation.CONFIRMED),
        ([Outcome.BROKE, Outcome.BROKE], Confirmation.CONFIRMED),
        ([Outcome.BROKE, Outcome.HELD], Confirmation.CONTESTED),
        ([Outcome.UNDETERMINED, Outcome.HELD], Confirmation.CONTESTED),
        ([Outcome.BROKE, Outcome.UNDETERMINED], Confirmation.UNCONFIRMED),
        ([Outcome.BROKE, None], Confirmation.UNCONFIRMED),
        ([Outcome.HELD, None], Confirmation.UNCONFIRMED),
    ],
)
def test_confirmation_is_unanimous(outcomes: list[Outcome | None], expected: Confirmation) -> None:
    opinions = [_opinion(f"a/judge{n}", outcome) for n, outcome in enumerate(outcomes)]
    assert confirmation(Outcome.BROKE, opinions) is expected


def test_the_last_opinion_of_a_judge_counts() -> None:
    again = [_opinion("a/x", Outcome.UNDETERMINED), _opinion("a/x", Outcome.BROKE)]
    assert confirmation(Outcome.BROKE, again) is Confirmation.CONFIRMED
    assert confirmation(Outcome.UNDETERMINED, again) is Confirmation.UNCONFIRMED


def test_votes_replace_the_first_judges_verdicts() -> None:
    opinion = _opinion("a/x", None).model_copy(update={"verdicts": _verdicts("P")})
    assert opinion.missing == ()
    assert opinion.outcome_for(_verdicts("FPP"), PassRule.ALL) is Outcome.HELD
    assert opinion.outcome_for(_verdicts("FPF"), PassRule.ALL) is Outcome.BROKE
    assert opinion.outcome_for(_verdicts("FPU"), PassRule.ALL) is Outcome.UNDETERMINED


def test_a_policy_names_its_judges_once() -> None:
    one = Target(model="a/x")
    warm = Target(model="a/x", parameters=Parameters(temperature=1))
    assert ConfirmPolicy(policy="breaks", judges=(one, warm)).asks


@pytest.mark.parametrize(
    ("policy", "judges", "problem"),
    [
        ("breaks", 0, "the policy 'breaks' takes at least one judge"),
        ("none", 1, "the policy 'none' takes no judges; choose 'breaks', 'pivotal' or 'all'"),
        ("all", 2, "a confirming judge is named twice with the same parameters"),
    ],
)
def test_a_policy_that_does_not_fit_its_judges_is_rejected_with_the_reason(policy, judges, problem):
    with pytest.raises(ValidationError) as refused:
        ConfirmPolicy.model_validate({"policy": policy, "judges": (Target(model="a/x"),) * judges})
    assert [error["msg"] for error in refused.value.errors()] == [f"Value error, {problem}"]


def test_a_judge_is_a_model_with_its_parameters_and_what_it_has_not_answered_is_missing():
    warm = Parameters(temperature=1)
    opinion = SecondOpinion(
        judge_model="a/x", judge_parameters=warm, asked_at=NOW, asked=("C1", "C2", "C3"), verdicts=_verdicts("PF")
    )
    assert (opinion.judge, opinion.target) == (Target(model="a/x", parameters=warm), target_id("a/x", warm))
    assert opinion.missing == ("C3",)


def test_a_policy_weighs_what_the_parameters_of_its_judges_do():
    judges = tuple(Target(model=f"lab/{n}", parameters=Parameters(system_prompt="x" * n)) for n in (10, 200))
    policy = ConfirmPolicy(policy="breaks", judges=judges)
    assert (NO_CONFIRM.rough_bytes, policy.rough_bytes) == (0, 210)
    assert (is_no_policy(NO_CONFIRM), is_no_policy(policy)) == (True, False)


def test_an_opinion_takes_a_step_with_each_vote_and_one_with_its_outcome():
    votes = tuple(CriterionVerdict(criterion_id=f"C{n}", verdict=Verdict.FAIL) for n in (1, 2))
    asked = SecondOpinion(judge_model="lab/m", asked_at=NOW, asked=("C1", "C2"))
    voted = asked.model_copy(update={"verdicts": votes})
    complete = voted.model_copy(update={"outcome": Outcome.BROKE})
    assert [opinion.steps for opinion in (asked, voted, complete)] == [1, 3, 4]


def test_nobody_is_asked_without_a_policy_and_all_criteria_must_pass_if_the_task_says_so() -> None:
    assert not ConfirmPolicy(policy="none").asks
    assert in_question("breaks", _verdicts("PPF"), PassRule.ALL) == ("C3",)
    assert in_question("breaks", _verdicts("PPF"), PassRule.MAJORITY) is None
