"""A hunt's costs, and how far it is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.chat import Reply, Usage
from core.domain.confirmation import Confirmation, SecondOpinion
from core.domain.hunt import CacheUse, HuntError, HuntStatus, Judging, attempts_made, sum_known
from core.domain.parameters import Parameters, target_id
from core.domain.verdict import Outcome
from tests.builders import NOW, a_finished_hunt, a_hunt, a_verdict

STATES = st.builds(
    lambda status, replied, verdicts, rounds: a_hunt(
        status=status,
        reply=Reply(text="x") if replied else None,
        verdicts=tuple(a_verdict(f"C{n}") for n in range(1, verdicts + 1)) if replied else (),
        judged=(Judging(at=NOW, judge_model="j"),) * rounds,
    ),
    st.sampled_from(HuntStatus), st.booleans(), st.integers(0, 3), st.integers(0, 2),
)  # fmt: skip


def a_judged_twice(**changes):
    """Judge calls that cost 0.25, 0.5 and an unknown sum; a verdict without a call costs nothing."""
    earlier = Judging(at=NOW, judge_model="j", verdicts=(a_verdict("C1", cost_usd=0.5), a_verdict("C2", cost_usd=None)))
    verdicts = (a_verdict("C1", cost_usd=0.25), a_verdict("C2", cost_usd=None, calls=0))
    made = {"verdicts": verdicts, "judged": (earlier,), "reply": Reply(text="x", cost_usd=1.0)}
    return a_finished_hunt(**(made | changes))


def test_what_is_known_is_added_up_and_nothing_known_is_not_zero():
    assert sum_known([]) is None
    assert sum_known([None, None]) is None
    assert sum_known([0.0]) == 0.0
    assert sum_known([0.5, None, 0.25]) == 0.75


@pytest.mark.parametrize("changes", [
    {"status": HuntStatus.QUEUED},
    {"status": HuntStatus.CALLING, "attempts": 1},
    {"status": HuntStatus.DONE, "outcome": Outcome.CANCELLED, "attempts": 1},
    {"status": HuntStatus.DONE, "outcome": Outcome.INTERRUPTED},
    {"status": HuntStatus.DONE, "outcome": Outcome.ERROR, "error": HuntError(code="timeout", message="Too late.")},
])  # fmt: skip
def test_a_simulated_call_costs_nothing_whatever_becomes_of_it(changes):
    simulated, real = a_hunt(simulated=True, **changes), a_hunt(**changes)
    assert (simulated.cost_usd, simulated.unknown_costs) == (0.0, 0)
    assert (real.cost_usd, real.unknown_costs) == (None, 0)


def test_costs_hold_every_judging_and_name_what_nobody_knows():
    hunt = a_judged_twice()
    assert (hunt.target_cost_usd, hunt.judge_cost_usd, hunt.cost_usd) == (1.0, 0.75, 1.75)
    assert (hunt.target_unknown_costs, hunt.unknown_costs) == (0, 1)
    assert hunt.judged[0].cost_usd == 0.5
    unknown = a_judged_twice(reply=Reply(text="x"))
    assert (unknown.target_cost_usd, unknown.cost_usd) == (None, 0.75)
    assert (unknown.target_unknown_costs, unknown.unknown_costs) == (1, 2)
    queued = a_hunt()
    assert (queued.cost_usd, queued.judge_cost_usd, queued.target_cost_usd, queued.unknown_costs) == (
        None,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("hunt", "judgings"),
    [
        (a_hunt(), 0),
        (a_finished_hunt(), 1),
        (a_judged_twice(), 2),
        (a_finished_hunt(outcome=Outcome.ERROR), 0),
        (a_finished_hunt(outcome=Outcome.ERROR, reply=None), 0),
    ],
)
def test_a_reply_is_judged_once_more_than_it_was_judged_before(hunt, judgings):
    assert hunt.judgings == judgings


def test_a_trial_has_a_number_below_zero_and_a_hunt_is_decided_when_it_broke_or_held():
    assert [a_hunt(n).trial for n in (-1, 0, 1)] == [True, False, False]
    assert [o for o in Outcome if a_finished_hunt(outcome=o).decided] == [Outcome.BROKE, Outcome.HELD]
    assert not a_hunt().decided


def test_only_a_reply_can_be_cut_off():
    assert a_hunt(reply=Reply(text="x", finish_reason="length")).cut_off
    assert not a_hunt(reply=Reply(text="x")).cut_off
    assert not a_hunt().cut_off


def test_attempts_are_replies_over_all_runs_and_what_the_notebook_came_with():
    hunts = [a_hunt(1), a_finished_hunt(2), a_finished_hunt(3, Outcome.ERROR), a_finished_hunt(-1)]
    assert attempts_made(hunts) == 2
    assert attempts_made(hunts, came_with=5) == 7


# -- which state gives way


LADDER = [
    a_hunt(status=HuntStatus.QUEUED),
    a_hunt(status=HuntStatus.JUDGING, reply=Reply(text="x")),
    a_hunt(status=HuntStatus.JUDGING, reply=Reply(text="x"), verdicts=(a_verdict(),)),
    a_finished_hunt(reply=None, verdicts=()),
    a_hunt(status=HuntStatus.JUDGING, reply=Reply(text="x"), judged=(Judging(at=NOW, judge_model="j"),)),
    a_finished_hunt(judged=(Judging(at=NOW, judge_model="j"),)),
]
"""Each is further than the one before it."""


def test_a_state_gives_way_to_what_is_further_only():
    for place, state in enumerate(LADDER):
        assert [state.may_become(other) for other in LADDER] == [
            number > place or (number == place and state.status is not HuntStatus.DONE)
            for number in range(len(LADDER))
        ]  # fmt: skip


def test_a_call_may_begin_again_until_it_has_a_reply():
    queued, calling = a_hunt(status=HuntStatus.QUEUED), a_hunt(status=HuntStatus.CALLING)
    assert queued.may_become(calling)
    assert calling.may_become(queued)


@given(STATES, STATES)
def test_of_two_different_states_at_most_equal_progress_goes_both_ways(one, other):
    if one.may_become(other) and other.may_become(one):
        assert one.progress == other.progress
        assert HuntStatus.DONE not in (one.status, other.status)
    assert one.may_become(other) or other.may_become(one) or one.progress == other.progress


@given(STATES)
def test_what_is_done_stays_until_a_new_round_begins(state):
    if state.status is HuntStatus.DONE:
        assert not state.may_become(state)
    again = state.model_copy(
        update={"status": HuntStatus.JUDGING, "judged": (*state.judged, Judging(at=NOW, judge_model="j"))}
    )
    assert state.may_become(again)
    assert not again.may_become(state)


def an_opinion(judge, *votes, asked_at=NOW, key="request"):
    verdicts = tuple(a_verdict(vote) for vote in votes)
    return SecondOpinion(judge_model=judge, asked_at=asked_at, asked=("C1", "C2"), verdicts=verdicts, key=key)


def test_of_two_requests_for_second_opinions_at_once_none_replaces_the_other():
    """One of them asks more judges."""
    few = a_finished_hunt(opinions=(an_opinion("a"),))
    many = a_finished_hunt(opinions=(an_opinion("b", key="other"), an_opinion("c", key="other")))
    assert not few.may_become(many)
    assert not many.may_become(few)
    voted = a_finished_hunt(opinions=(an_opinion("a", "C1"),))
    assert few.may_become(voted)
    assert not voted.may_become(few)
    further = (an_opinion("a", "C1"), an_opinion("b", asked_at=NOW + timedelta(seconds=1)))
    assert voted.may_become(a_finished_hunt(opinions=further))


# -- what a provider's prompt cache saved


def usage(input_tokens, cached_tokens):
    return Usage(input_tokens=input_tokens, cached_tokens=cached_tokens)


def test_cache_use_counts_calls_that_report_cached_tokens_only():
    judged = (
        a_verdict("C1", usage=usage(100, 60), cache_saved_usd=0.25),
        a_verdict("C2", usage=usage(10, None), cache_saved_usd=None),
        a_verdict("C3", usage=usage(None, 0), cache_saved_usd=None),
    )
    hunt = a_finished_hunt(reply=Reply(text="x", usage=usage(7, 5), cache_saved_usd=0.5), verdicts=judged)
    assert hunt.target_cache == CacheUse(input_tokens=7, cached_tokens=5, saved_usd=0.5)
    assert hunt.judge_cache == CacheUse(input_tokens=100, cached_tokens=60, saved_usd=0.25)
    assert (a_hunt().target_cache, a_hunt().judge_cache) == (CacheUse(), CacheUse())


def test_cache_use_adds_up_and_what_was_saved_is_known_as_soon_as_one_is():
    one = CacheUse(input_tokens=7, cached_tokens=5, saved_usd=0.5)
    assert one.plus(CacheUse(input_tokens=20, cached_tokens=1)) == CacheUse(
        input_tokens=27, cached_tokens=6, saved_usd=0.5
    )
    assert CacheUse().plus(CacheUse()).saved_usd is None


# -- how it is counted


def test_the_target_is_the_model_with_its_parameters():
    warm = Parameters(temperature=1.5)
    assert a_hunt(parameters=warm).target == target_id("simulated/hasty", warm) != a_hunt().target


@pytest.mark.parametrize(
    ("outcome", "share", "rated"),
    [
        (Outcome.BROKE, "", True),
        (Outcome.HELD, "uniform", True),
        (Outcome.BROKE, "adaptive", False),
        (Outcome.UNDETERMINED, "", False),
    ],
)
def test_rates_count_decided_hunts_whose_model_was_not_chosen_by_earlier_outcomes(outcome, share, rated):
    assert a_finished_hunt(outcome=outcome, share=share).rated is rated


def test_an_opinion_is_open_until_it_has_an_outcome_and_every_criterion_asked_takes_a_call():
    open_one = SecondOpinion(judge_model="lab/m", asked_at=NOW, asked=("C1", "C2"))
    complete = open_one.model_copy(update={"asked": ("C3",), "outcome": Outcome.BROKE})
    hunt = a_finished_hunt(opinions=(complete, open_one))
    assert (hunt.open_opinions, hunt.votes_asked) == ((open_one,), 3)


def test_a_hunt_without_second_opinions_is_stored_as_before():
    assert not {"opinions", "confirmation"} & set(a_finished_hunt().model_dump())
    confirmed = a_finished_hunt(confirmation=Confirmation.CONFIRMED)
    assert confirmed.model_dump()["confirmation"] is Confirmation.CONFIRMED
