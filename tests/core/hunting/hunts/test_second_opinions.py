"""Second opinions on one reply: only what is missing is asked, and limits count alike for all replies while sealed."""

from __future__ import annotations

import asyncio

from core.domain.confirmation import Confirmation, ConfirmPolicy
from core.domain.parameters import Target
from core.domain.run import Counts
from core.domain.verdict import Outcome
from core.hunting.hunts.second_opinions import calls_left, extra_calls, with_opinions
from core.providers.base import CallContext
from tests.builders import NOW, a_finished_hunt, a_run
from tests.core.hunting.fakes import Bench

OTHER, THIRD = Target(model="told/other"), Target(model="told/third")
RUN = a_run(4, models=("told/a",), judge_model="told/judge", confirm=ConfirmPolicy(policy="breaks", judges=(OTHER,)))


async def test_open_opinions_are_completed_and_earlier_ones_stay():
    bench, saved = Bench(), []

    async def save(hunt):
        saved.append(hunt)

    asked = with_opinions(a_finished_hunt(), RUN, (OTHER,), ("C2", "C1"), NOW, "key")
    hunt = await bench.opinions.ask(asked, RUN, CallContext(), save=save)
    (opinion,) = hunt.opinions
    assert [v.criterion_id for v in opinion.verdicts] == ["C2", "C1"]
    assert (opinion.key, len(opinion.prompt_hash), opinion.outcome) == ("key", 12, Outcome.HELD)  # 2 of 3 pass now
    assert (hunt.outcome, hunt.confirmation) == (Outcome.BROKE, Confirmation.CONTESTED)
    assert [one.progress for one in saved] == sorted({one.progress for one in saved})
    again = await bench.opinions.ask(with_opinions(hunt, RUN, (THIRD,), ("C1",), NOW), RUN, CallContext(), save=save)
    assert (again.opinions[0], bench.provider.judgements) == (opinion, 3)
    assert (again.opinions[1].outcome, again.confirmation) == (Outcome.BROKE, Confirmation.CONTESTED)


async def test_a_question_without_criteria_confirms_without_a_call():
    """A missing criterion: the reply is a break whatever judges say about the others."""
    bench = Bench()

    async def save(_hunt):
        await asyncio.sleep(0)

    asked = with_opinions(a_finished_hunt(), RUN, (OTHER,), (), NOW)
    hunt = await bench.opinions.ask(asked, RUN, CallContext(), save=save)
    assert (hunt.confirmation, bench.provider.judgements) == (Confirmation.CONFIRMED, 0)


def test_the_limit_counts_calls_and_while_sealed_whole_replies():
    counts = Counts(opinions_asked=4, votes_asked=6)
    assert (extra_calls(2, 1, 3, sealed=False), calls_left(RUN, counts, sealed=False)) == (2, 194)
    assert (extra_calls(2, 1, 3, sealed=True), calls_left(RUN, counts, sealed=True)) == (3, 188)
