"""A run numbers its hunts and ends as it was told; its counts are derived from hunts, and unknown is never 0."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.domain.allocation import Share
from core.domain.chat import Reply, Usage
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy, SecondOpinion
from core.domain.hunt import CacheUse, Hunt, HuntStatus, Judging
from core.domain.parameters import Parameters, Reasoning, Target
from core.domain.run import Counts, Run, Tally, rotate, total_counts
from core.domain.verdict import Outcome
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_verdict

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
    once = CacheUse(input_tokens=14, cached_tokens=15, saved_usd=0.0625)
    twice = CacheUse(input_tokens=28, cached_tokens=30, saved_usd=0.125)
    one = Counts(
        total=1, queued=2, calling=3, judging=4, broke=5, held=6, undetermined=7, error=8, cancelled=9, interrupted=10,
        cost_usd=0.5, judge_cost_usd=0.25, replies=11, unknown_costs=12, target_cost_usd=0.125, target_unknown_costs=13,
        target_cache=once, judge_cache=twice,
    )  # fmt: skip
    numbers = one.model_dump(exclude={"target_cache", "judge_cache", "by_target"})
    doubled = Counts(**{name: value * 2 for name, value in numbers.items()}, target_cache=twice)
    assert total_counts(iter([one, one])) == doubled.model_copy(update={"judge_cache": twice.plus(twice)})
    assert total_counts([one, Counts()]) == one


def opinions(*outcomes, asked=("C1", "C2")):
    return tuple(
        SecondOpinion(judge_model="lab/other", asked_at=NOW, asked=asked, outcome=outcome) for outcome in outcomes
    )


def test_second_opinions_on_a_reply_that_was_judged_again_still_count_against_the_limit():
    tally, asked = Tally(), a_finished_hunt(opinions=opinions(Outcome.BROKE))
    again = asked.model_copy(
        update={"opinions": (), "judged": (Judging(at=NOW, judge_model="j", opinions=asked.opinions),)}
    )
    tally.replace(None, asked)
    tally.replace(asked, again)
    assert (tally.counts(1).opinions_asked, tally.counts(1).votes_asked) == (1, 2)


BREAKS, ALL = (ConfirmPolicy(policy=name, judges=(Target(model="lab/other"),)) for name in ("breaks", "all"))


@pytest.mark.parametrize(
    ("confirm", "hunt", "changes"),
    [
        (NO_CONFIRM, a_hunt(status=HuntStatus.JUDGING), True),
        (NO_CONFIRM, a_finished_hunt(), False),
        (BREAKS, a_finished_hunt(), True),
        (BREAKS, a_finished_hunt(outcome=Outcome.HELD), False),
        (ALL, a_finished_hunt(outcome=Outcome.HELD), True),
        (ALL, a_finished_hunt(outcome=Outcome.ERROR), False),
        (BREAKS, a_finished_hunt(opinions=opinions(None)), True),
        (BREAKS, a_finished_hunt(opinions=opinions(Outcome.BROKE)), False),
        (BREAKS, a_finished_hunt(judged=(Judging(at=NOW, judge_model="j"),)), False),
    ],
)
def test_a_done_hunt_may_change_until_its_second_opinions_are_complete(confirm, hunt, changes):
    assert a_run(confirm=confirm).may_change(hunt) is changes


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


# -- targets: a model with its parameters

HIGH = Target(model="lab/m", label="m · high", parameters=Parameters(reasoning=Reasoning(effort="high")))
PLAIN, OTHER = Target(model="lab/m"), Target(model="lab/other")


def test_hunts_of_one_model_with_two_settings_are_of_two_targets():
    run = a_run(hunts=5, **rotate([HIGH, PLAIN]))
    hunts = [run.hunt(place) for place in range(5)]
    assert [hunt.label for hunt in hunts] == ["m · high", "", "m · high", "", "m · high"]
    assert [hunt.target for hunt in hunts[:2]] == [HIGH.target, PLAIN.target]
    assert [hunt.parameters for hunt in hunts[:2]] == [HIGH.parameters, PLAIN.parameters]
    assert {hunt.model for hunt in hunts} == {"lab/m"}
    assert run.entries == (HIGH, PLAIN)


def test_a_target_that_is_named_twice_has_twice_the_hunts_and_is_kept_once():
    run = a_run(**rotate([HIGH, OTHER, HIGH]))
    assert run.targets == (HIGH, OTHER)
    assert [run.target_of(place) for place in range(4)] == [HIGH, OTHER, HIGH, HIGH]


def test_a_run_without_parameters_is_stored_as_before():
    run = a_run(**rotate([PLAIN, OTHER, PLAIN]))
    assert not {"targets", "rotation"} & json.loads(run.model_dump_json()).keys()
    assert not {"label", "parameters"} & json.loads(run.hunt(0).model_dump_json()).keys()
    assert not {"upstream", "system_fingerprint"} & json.loads(Reply(text="x").model_dump_json()).keys()
    assert run.entries == (PLAIN, OTHER)
    assert run.target_of(2) == PLAIN


def test_a_run_with_parameters_is_read_as_it_was_stored():
    run = a_run(**rotate([HIGH, PLAIN]))
    assert Run.model_validate_json(run.model_dump_json()) == run
    assert Hunt.model_validate_json(run.hunt(0).model_dump_json()) == run.hunt(0)


@pytest.mark.parametrize("rotation", [(), (0,), (0, 2), (1, 0)])
def test_a_run_whose_targets_do_not_fit_its_models_is_rejected(rotation):
    with pytest.raises(ValidationError, match="do not fit"):
        a_run(models=("lab/m", "lab/other"), targets=(HIGH, OTHER), rotation=rotation)


def test_an_even_run_is_stored_as_the_release_before_did():
    stored = a_run(4).model_dump(mode="json")
    assert {"allocation", "shares"}.isdisjoint(stored)
    assert "share" not in a_run(4).hunt(1).model_dump(mode="json")
    assert Run.model_validate(stored) == a_run(4)


def test_of_an_adaptive_run_every_fifth_hunt_has_its_model_in_turn_and_the_others_have_none():
    run = a_run(13, models=("told/a", "told/b", "told/a"), allocation="adaptive")
    hunts = [run.hunt(place) for place in range(13)]
    assert [(h.number, h.model) for h in hunts if h.share == "uniform"] == [
        (1, "told/a"),
        (6, "told/b"),
        (11, "told/a"),
    ]
    assert {(h.model, h.share) for h in hunts if h.share != "uniform"} == {("", "adaptive")}
    assert (run.has_parameters, a_run(4).has_parameters) == (True, False)


def test_a_retry_keeps_the_shares_of_its_hunts():
    run = a_run(2, models=("told/a", "told/b"), shares=("adaptive", "uniform"))
    assert [(run.hunt(place).model, run.hunt(place).share) for place in (0, 1)] == [
        ("told/a", "adaptive"),
        ("told/b", "uniform"),
    ]
    with pytest.raises(ValueError, match="shares do not fit"):
        a_run(3, shares=("adaptive",))


def test_the_judge_of_a_hunt_is_the_runs_unless_it_was_judged_again():
    cold, warm = Parameters(temperature=0.0), Parameters(temperature=1.0)
    run = a_run(judge_parameters=cold)
    assert run.judge_of(a_finished_hunt()) == Target(model="simulated/judge", parameters=cold)
    again = a_finished_hunt(judge_model="lab/other", judge_parameters=warm)
    assert run.judge_of(again) == Target(model="lab/other", parameters=warm)


def test_finished_hunts_have_an_outcome_or_an_error_and_rates_leave_the_adaptive_share_out():
    counts = Counts(
        total=99, broke=40, held=30, undetermined=7, error=2, cancelled=11, interrupted=9, confirmed=20,
        adaptive_finished=50, adaptive_broke=25, adaptive_held=21, adaptive_confirmed=13,
    )  # fmt: skip
    assert (counts.finished, counts.rated_finished) == (79, 29)
    assert (counts.rated_broke, counts.rated_decided, counts.rated_confirmed) == (15, 24, 7)


def test_uses_of_prompt_caches_and_counts_of_targets_follow_the_hunts():
    def a_cached(number: int, share: Share = "") -> Hunt:
        use = Usage(input_tokens=100 * number, cached_tokens=10 * number)
        reply = Reply(text="Reply.", cost_usd=0.01, usage=use, cache_saved_usd=0.5 * number)
        verdict = a_verdict(usage=use, cache_saved_usd=0.25 * number)
        return a_finished_hunt(number, reply=reply, verdicts=(verdict,), share=share)

    one, two, other = a_cached(1, "uniform"), a_cached(2, "uniform"), a_cached(3)
    tally = Tally()
    for hunt in (one, two):
        tally.replace(None, hunt)
    counts = tally.counts(2)
    assert counts.target_cache == CacheUse(input_tokens=300, cached_tokens=30, saved_usd=1.5)
    assert counts.judge_cache == CacheUse(input_tokens=300, cached_tokens=30, saved_usd=0.75)
    assert counts.without_judge().judge_cache == CacheUse()
    found = counts.by_target[one.target]
    assert (found.finished, found.broke, found.priced, found.cost_usd) == (2, 2, 2, 0.02)
    tally.replace(two, other)
    after = tally.counts(2)
    assert after.target_cache == CacheUse(input_tokens=400, cached_tokens=40, saved_usd=2.0)
    assert after.by_target[one.target].finished == 1
