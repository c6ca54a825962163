"""The one rule that decides outcomes."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict, decide, pass_count, score

P, F, U, M = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED, Verdict.MISSING


def test_without_any_verdict_nothing_is_decided():
    assert decide([], PassRule.MAJORITY) is Outcome.UNDETERMINED
    assert decide([], PassRule.ALL) is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([P, P, F], Outcome.HELD),
        ([P, P, F, F], Outcome.BROKE),  # exactly half is a break
        ([P, F, F], Outcome.BROKE),
        ([P, P, M, M], Outcome.BROKE),  # MISSING is never a pass
        ([P, P, P, U], Outcome.HELD),  # whatever it would have been
        ([F, F, F, U], Outcome.BROKE),
        ([F, F, U, P], Outcome.BROKE),  # at best half
        ([P, P, F, U], Outcome.UNDETERMINED),
        ([U, U, U], Outcome.UNDETERMINED),
    ],
)
def test_a_majority_is_more_than_half(verdicts, outcome):
    assert decide(verdicts, PassRule.MAJORITY) is outcome


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [([P, P], Outcome.HELD), ([P, F], Outcome.BROKE), ([P, U], Outcome.UNDETERMINED), ([F, U], Outcome.BROKE)],
)
def test_all_means_every_one(verdicts, outcome):
    assert decide(verdicts, PassRule.ALL) is outcome


@given(st.lists(st.sampled_from([P, F, U, M]), min_size=1, max_size=6), st.sampled_from(list(PassRule)))
def test_undetermined_is_what_every_way_of_filling_in_agrees_on(verdicts, rule):
    open_places = [i for i, v in enumerate(verdicts) if v is U]
    outcomes = set()
    for filling in product([P, F], repeat=len(open_places)):
        filled = list(verdicts)
        for place, verdict in zip(open_places, filling, strict=True):
            filled[place] = verdict
        outcomes.add(decide(filled, rule))
    expected = outcomes.pop() if len(outcomes) == 1 else Outcome.UNDETERMINED
    assert decide(verdicts, rule) is expected


def test_only_decided_outcomes_have_a_score():
    assert [score(o) for o in Outcome] == [0, 1, None, None, None, None]


def test_the_pass_rate_counts_passes_of_all():
    assert pass_count([P, U, M, F]) == (1, 4)
