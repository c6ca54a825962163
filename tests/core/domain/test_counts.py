"""Counts are derived from hunts, and unknown is never 0."""

from core.domain.hunt import HuntStatus
from core.domain.run import Counts, Tally, total_counts
from core.domain.verdict import Outcome
from tests.builders import a_finished_hunt, a_hunt, a_verdict


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
