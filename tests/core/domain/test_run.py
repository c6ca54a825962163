"""A run numbers its hunts and ends as it was told; its counts are derived from hunts, and unknown is never 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.domain.chat import Reply
from core.domain.hunt import Hunt, HuntStatus, Judging
from core.domain.run import MAX_STOP, Counts, StopRule, Tally, total_counts
from core.domain.verdict import Outcome
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_verdict

# -- when a run ends before its last hunt


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "breaks"}, {"rule": "cost"}, {"rule": "all", "breaks": 2}, {"rule": "breaks", "breaks": 0},
        {"rule": "cost", "cost_usd": 0.0}, {"rule": "cost", "cost_usd": float("inf")}, {"rule": "never"},
        {"rule": "breaks", "breaks": 1, "cost_usd": 1.0}, {"rule": "breaks", "breaks": MAX_STOP + 1},
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        StopRule(**wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"breaks": 2}, "the rule 'all' takes no number"),
        ({"rule": "breaks", "cost_usd": 1.0}, "the rule 'breaks' takes breaks"),
        ({"rule": "cost"}, "the rule 'cost' takes cost_usd"),
    ],
)
def test_a_rule_says_which_number_it_takes(wrong, said):
    with pytest.raises(ValidationError, match=said):
        StopRule(**wrong)


def test_a_rule_is_met_by_what_was_asked_for():
    assert StopRule().met(Counts(broke=99, cost_usd=99.0)) == ""
    two, dollar = StopRule(rule="breaks", breaks=2), StopRule(rule="cost", cost_usd=1.0)
    assert (two.met(Counts(broke=1)), dollar.met(Counts()), dollar.met(Counts(cost_usd=0.99))) == ("", "", "")
    assert two.met(Counts(broke=2)) == "Stopped at 2 breaks (limit: 2)."
    assert two.met(Counts(broke=3)) == "Stopped at 3 breaks (limit: 2)."
    assert (
        dollar.met(Counts(cost_usd=1.0)) == dollar.met(Counts(cost_usd=9.0)) == "Stopped at the run's cost limit of $1."
    )


def test_a_limit_that_is_nearly_nothing_is_not_met_by_unknown_costs():
    assert StopRule(rule="cost", cost_usd=1e-9).met(Counts(cost_usd=None)) == ""


# -- its hunts


def test_models_take_turns_and_numbers_count_on():
    run = a_run(3, models=("lab/a", "simulated/b"), first_number=41, turn=2)
    assert [run.hunt(index) for index in range(3)] == [
        Hunt(hunt_id="r_one.1", run_id="r_one", number=41, turn=2, model="lab/a"),
        Hunt(hunt_id="r_one.2", run_id="r_one", number=42, turn=2, model="simulated/b", simulated=True),
        Hunt(hunt_id="r_one.3", run_id="r_one", number=43, turn=2, model="lab/a"),
    ]


def test_a_hunt_id_has_its_place_and_others_have_none():
    run = a_run(2)
    ids = ("r_one.1", "r_one.2", "r_one.3", "r_one.0", "r_two.1", "")
    assert [run.place_of(i) for i in ids] == [0, 1, None, None, None, None]


# -- counts


def test_hunts_that_never_began_are_queued():
    assert Tally().counts(5) == Counts(total=5, queued=5)


def test_a_hunt_is_counted_where_it_stands_now():
    tally, begun, ended = Tally(), a_hunt(status=HuntStatus.CALLING), a_finished_hunt()
    tally.replace(None, begun)
    assert tally.counts(2) == Counts(total=2, queued=1, calling=1)
    tally.replace(begun, ended)
    after = tally.counts(2)
    assert (after.queued, after.calling, after.broke, after.replies) == (1, 0, 1, 1)
    assert round(after.cost_usd, 6) == 0.013
    assert round(after.judge_cost_usd, 6) == 0.003


def test_rates_are_over_decided_hunts_only():
    tally = Tally()
    for number, outcome in enumerate([Outcome.BROKE, Outcome.HELD, Outcome.HELD, Outcome.UNDETERMINED], 1):
        tally.replace(None, a_finished_hunt(number, outcome))
    assert tally.counts(4).break_rate == 1 / 3
    assert Counts(total=3, error=3).break_rate is None


def test_an_unknown_price_is_counted_as_unknown():
    tally = Tally()
    hunt = a_finished_hunt(verdicts=(a_verdict(cost_usd=None),))
    tally.replace(None, hunt.model_copy(update={"reply": hunt.reply.model_copy(update={"cost_usd": None})}))
    counts = tally.counts(1)
    assert (counts.cost_usd, counts.judge_cost_usd, counts.unknown_costs) == (None, None, 2)


def test_while_sealed_costs_are_those_of_the_target_calls_alone():
    tally = Tally()
    for number, judge in enumerate((0.001, 0.5, None), 1):
        tally.replace(None, a_finished_hunt(number, verdicts=(a_verdict(cost_usd=judge),)))
    shown = total_counts([tally.counts(3), Counts(total=1, error=1)]).without_judge()
    assert (shown.cost_usd, shown.judge_cost_usd, shown.unknown_costs) == (0.03, None, 0)
    nothing_known = Counts(total=1, judge_cost_usd=0.5, cost_usd=0.5, unknown_costs=1, target_unknown_costs=1)
    assert (nothing_known.without_judge().cost_usd, nothing_known.without_judge().unknown_costs) == (None, 1)


def test_runs_add_up():
    parts = [Counts(total=2, queued=1, broke=1, cost_usd=0.5), Counts(total=3, held=3)]
    assert total_counts(parts) == Counts(total=5, queued=1, broke=1, held=3, cost_usd=0.5)
    assert total_counts([]) == Counts()


def test_done_is_what_is_neither_waiting_nor_under_way():
    assert Counts(total=10, queued=1, calling=2, judging=3, broke=4).done == 4


def test_while_sealed_nothing_else_changes_and_noise_of_additions_goes():
    counts = Counts(
        total=9, queued=1, calling=1, judging=1, broke=1, held=1, undetermined=1, error=1, cancelled=1, interrupted=1,
        cost_usd=5.0, judge_cost_usd=4.0, unknown_costs=3, replies=4, target_cost_usd=0.1 + 0.2, target_unknown_costs=2,
    )  # fmt: skip
    shown = {"cost_usd": 0.3, "judge_cost_usd": None, "unknown_costs": 2}
    assert counts.without_judge() == counts.model_copy(update=shown)


def test_everything_adds_up_and_costs_are_known_as_soon_as_one_is():
    one = Counts(
        total=1, queued=2, calling=3, judging=4, broke=5, held=6, undetermined=7, error=8, cancelled=9, interrupted=10,
        cost_usd=0.5, judge_cost_usd=0.25, replies=11, unknown_costs=12, target_cost_usd=0.125, target_unknown_costs=13,
    )  # fmt: skip
    doubled = {name: value * 2 for name, value in one.model_dump().items()}
    assert total_counts(iter([one, one])) == Counts(**doubled)
    assert total_counts([one, Counts()]) == one


COSTS = st.none() | st.sampled_from([0.0, 0.25, 0.5, 4.0])
HUNTS = st.builds(
    lambda number, state, reply_cost, replied, costs, again: a_hunt(
        number,
        status=state if isinstance(state, HuntStatus) else HuntStatus.DONE,
        outcome=state if isinstance(state, Outcome) else None,
        reply=Reply(text="x", cost_usd=reply_cost) if replied else None,
        verdicts=tuple(a_verdict(f"C{n}", cost_usd=cost) for n, cost in enumerate(costs, 1)),
        judged=(Judging(at=NOW, judge_model="j", verdicts=(a_verdict(cost_usd=again),)),) if again else (),
    ),
    st.integers(1, 5), st.sampled_from([HuntStatus.QUEUED, HuntStatus.CALLING, HuntStatus.JUDGING, *Outcome]), COSTS,
    st.booleans(), st.lists(COSTS, max_size=2), COSTS,
)  # fmt: skip


@given(st.lists(HUNTS, max_size=12))
def test_a_tally_kept_in_step_is_what_the_hunts_as_they_stand_now_come_to(states):
    """Costs that binary fractions hold exactly, so that sums do not depend on their order."""
    tally, now = Tally(), {}
    for hunt in states:
        tally.replace(now.get(hunt.number), hunt)
        now[hunt.number] = hunt
    hunts = list(now.values())
    known = [h.cost_usd for h in hunts if h.cost_usd is not None]
    judged = [h.judge_cost_usd for h in hunts if h.judge_cost_usd is not None]
    called = [h.target_cost_usd for h in hunts if h.target_cost_usd is not None]
    begun = [(h.outcome or h.status).value for h in hunts if h.outcome or h.status is not HuntStatus.QUEUED]
    assert tally.counts(7) == Counts(
        total=7,
        queued=7 - len(begun),
        **{state: begun.count(state) for state in begun},
        cost_usd=sum(known) if known else None,
        judge_cost_usd=sum(judged) if judged else None,
        target_cost_usd=sum(called) if called else None,
        unknown_costs=sum(h.unknown_costs for h in hunts),
        target_unknown_costs=sum(h.target_unknown_costs for h in hunts),
        replies=sum(h.reply is not None for h in hunts),
    )
