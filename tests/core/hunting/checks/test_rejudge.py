"""Judging again: history, cost, counts, and what must not be touched."""

import json

import pytest

from core.domain.hunt import HuntStatus
from core.domain.parameters import Parameters
from core.domain.session import Selection, Visibility
from core.domain.verdict import Outcome, Verdict
from core.errors import BadInput, Conflict
from core.hunting.checks.rejudge import (
    Rejudger,
    hunt_of_job,
    job_key,
    judged_again,
    refuse_partial_rejudging,
    refuse_rejudging,
)
from core.hunting.dispatch.local import LocalClaims
from core.hunting.orders import JudgeChoice, RejudgeOrder
from core.hunting.records import hunt_record
from core.judge.prompt import prompt_hash
from core.telemetry.records import VerdictRecord
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session
from tests.core.hunting.fakes import Bench, fails, passes

RUN = a_run(4, models=("told/a",), judge_model="told/judge")


async def a_bench(answer=passes, **changes):
    bench = Bench(answer)
    await bench.open(a_session(runs=(RUN,), **changes))
    return bench, Rejudger(bench.store, bench.hunter, bench.clock, bench.records.append, 1.0)


async def again(bench, rejudger, hunt, order=None):
    begun = judged_again(hunt, RUN, order or RejudgeOrder(), NOW)
    await bench.store.save_hunt("s_one", begun)
    await rejudger.work("s_one", job_key("s_one", begun), LocalClaims())
    return await bench.store.hunt("s_one", hunt.hunt_id)


async def test_all_is_asked_again_the_reply_stays_and_outcome_counts_and_costs_follow():
    bench, rejudger = await a_bench()
    broke = a_finished_hunt(1)
    await bench.store.save_hunt("s_one", broke)
    hunt = await again(bench, rejudger, broke)
    assert (hunt.status, hunt.outcome, hunt.reply) == (HuntStatus.DONE, Outcome.HELD, broke.reply)
    assert [(j.outcome, j.verdicts, j.judge_model, j.at) for j in hunt.judged] == [
        (Outcome.BROKE, broke.verdicts, "told/judge", broke.finished_at)
    ]
    assert (bench.provider.targets, bench.provider.judgements) == (0, 3)
    assert hunt.judge_cost_usd == pytest.approx(0.006)
    counts = (await bench.store.counts("s_one"))["r_one"]
    assert (counts.broke, counts.held, counts.judging, counts.replies) == (0, 1, 0, 1)
    assert counts.judge_cost_usd == pytest.approx(0.006)


async def test_each_new_verdict_is_in_the_log_with_its_judge_and_its_round():
    bench, rejudger = await a_bench(visibility=Visibility.BLIND)
    hunt = a_finished_hunt(1)
    await bench.store.save_hunt("s_one", hunt)
    order = RejudgeOrder(judge=JudgeChoice(model="told/other", parameters=Parameters(seed=3)), criterion_ids=("C2",))
    await again(bench, rejudger, hunt, order)
    (record,) = (record for record in bench.records if isinstance(record, VerdictRecord))
    assert (record.criterion, record.verdict, record.source, record.round, record.blind) == (
        "C2", "PASS", "again", 1, True,
    )  # fmt: skip
    assert (record.judge_model, record.judge_parameters) == ("told/other", '{"seed":3}')
    assert record.judge_prompt == prompt_hash(RUN.task)
    assert (record.hunt_id, record.reply_mark) == ("r_one.1", hunt_record(a_session(), RUN, hunt).reply_mark)
    assert record.verdict_usd == pytest.approx(0.001)


async def test_one_criterion_is_asked_again_by_another_judge_and_the_others_stand():
    bench, rejudger = await a_bench()
    broke = a_finished_hunt(1)
    await bench.store.save_hunt("s_one", broke)
    hunt = await again(bench, rejudger, broke, RejudgeOrder(criterion_ids=("C2",), judge_model="told/other"))
    assert [(v.criterion_id, v.verdict, v.judge_model) for v in hunt.verdicts] == [
        ("C1", Verdict.FAIL, ""), ("C2", Verdict.PASS, "told/other"), ("C3", Verdict.FAIL, ""),
    ]  # fmt: skip
    assert [[v.criterion_id for v in j.verdicts] for j in hunt.judged] == [["C2"]]
    assert bench.provider.judgements == 1


async def test_interrupted_work_continues_with_what_is_missing():
    bench, rejudger = await a_bench()
    begun = judged_again(a_finished_hunt(1), RUN, RejudgeOrder(), NOW)
    kept = begun.model_copy(update={"verdicts": a_finished_hunt(1).verdicts[:2]})
    await bench.store.save_hunt("s_one", a_finished_hunt(1))
    await bench.store.save_hunt("s_one", kept)
    await rejudger.judge("s_one", "r_one.1")
    await rejudger.judge("s_one", "r_one.1")  # done: nothing to do
    assert bench.provider.judgements == 1
    assert (await bench.store.hunt("s_one", "r_one.1")).outcome is Outcome.BROKE


async def test_a_judge_that_fails_is_undetermined_and_the_earlier_judging_is_kept():
    def fail(_request):
        raise fails("overloaded")

    bench, rejudger = await a_bench(fail)
    await bench.store.save_hunt("s_one", a_finished_hunt(1))
    hunt = await again(bench, rejudger, a_finished_hunt(1))
    assert (hunt.outcome, hunt.judged[0].outcome) == (Outcome.UNDETERMINED, Outcome.BROKE)


async def test_an_older_state_never_overwrites_a_later_round():
    bench, _ = await a_bench()
    broke = a_finished_hunt(1)
    await bench.store.save_hunt("s_one", broke)
    begun = judged_again(broke, RUN, RejudgeOrder(), NOW)
    await bench.store.save_hunt("s_one", begun)
    await bench.store.save_hunt("s_one", broke)
    assert (await bench.store.hunt("s_one", "r_one.1")).status is HuntStatus.JUDGING
    done = begun.model_copy(update={"status": HuntStatus.DONE, "outcome": Outcome.HELD, "verdicts": broke.verdicts})
    await bench.store.save_hunt("s_one", done)
    await bench.store.save_hunt("s_one", begun)
    assert (await bench.store.hunt("s_one", "r_one.1")).outcome is Outcome.HELD


async def test_a_run_leaves_hunts_that_are_judged_again_alone():
    bench, _ = await a_bench()
    begun = judged_again(a_finished_hunt(1), RUN, RejudgeOrder(), NOW)
    await bench.store.save_hunt("s_one", begun)
    await bench.runner.work("s_one", "r_one", LocalClaims())
    assert (await bench.store.hunt("s_one", "r_one.1")) == begun
    assert bench.provider.targets == 3


async def test_while_sealed_the_events_of_judging_again_say_nothing():
    bench, rejudger = await a_bench(visibility=Visibility.BLIND)
    await bench.store.save_hunt("s_one", a_finished_hunt(1))
    await again(bench, rejudger, a_finished_hunt(1))
    told = [
        json.loads(e.data)["hunt"] for e in await bench.log.read("s_one", "0-0", 100) if "hunt" in json.loads(e.data)
    ]
    assert told
    assert {(str(h["verdicts"]), h["passed"], h["judge_cost_usd"]) for h in told} == {("[]", None, None)}
    assert [h["status"] for h in told] == ["done"], "not one event for each verdict"


@pytest.mark.parametrize(
    ("hunt", "changes", "code"),
    [
        (a_hunt(1), {}, "nothing_to_judge"),
        (a_finished_hunt(1, reply=None, outcome=Outcome.ERROR), {}, "nothing_to_judge"),
        (a_finished_hunt(1), {"revealed_at": NOW, "selection": Selection(hunt_ids=("r_one.1",))}, "revealed"),
        (a_finished_hunt(1, turn=2), {}, "turn_over"),
        (
            judged_again(a_finished_hunt(1), RUN, RejudgeOrder(), NOW).model_copy(update={"status": HuntStatus.DONE}),
            {},
            "judged_often",
        ),
    ],
)
def test_what_may_not_be_judged_again_is_refused(hunt, changes, code):
    with pytest.raises((BadInput, Conflict)) as refused:
        refuse_rejudging(a_session(**changes), hunt, 1)
    assert refused.value.code == code


@pytest.mark.parametrize("criteria", [("C1",), ("C1", "C2"), ("C1", "C1", "C1"), ("C9",)])
def test_while_sealed_only_whole_replies_are_judged_again(criteria):
    """Otherwise a judge that cannot answer would turn one verdict UNDETERMINED, and the outcome would reveal it."""
    blind = a_session(visibility=Visibility.BLIND)
    with pytest.raises(Conflict) as refused:
        refuse_partial_rejudging(blind, a_finished_hunt(1), RUN, RejudgeOrder(criterion_ids=criteria))
    assert (refused.value.code, "whole reply" in refused.value.hint) == ("sealed", True)
    for whole in ((), ("C3", "C1", "C2")):
        refuse_partial_rejudging(blind, a_finished_hunt(1), RUN, RejudgeOrder(criterion_ids=whole))
    refuse_partial_rejudging(
        blind, a_finished_hunt(-1), RUN, RejudgeOrder(criterion_ids=criteria)
    )  # a trial hides nothing
    refuse_partial_rejudging(a_session(), a_finished_hunt(1), RUN, RejudgeOrder(criterion_ids=criteria))
    refuse_partial_rejudging(
        a_session(visibility=Visibility.BLIND, revealed_at=NOW),
        a_finished_hunt(1),
        RUN,
        RejudgeOrder(criterion_ids=criteria),
    )


def test_while_sealed_a_reply_is_not_judged_again_with_other_parameters():
    """A limit or a bias that keeps the judge from answering on some criteria would reveal the verdicts on the others."""
    blind, hunt = a_session(visibility=Visibility.BLIND), a_finished_hunt(1)
    brief, judge = Parameters(max_output_tokens=1), RUN.judge_model
    for other in (JudgeChoice(parameters=brief), JudgeChoice(model=judge, parameters=brief)):
        with pytest.raises(Conflict) as refused:
            refuse_partial_rejudging(blind, hunt, RUN, RejudgeOrder(judge=other))
        assert refused.value.code == "sealed"
        refuse_partial_rejudging(a_session(), hunt, RUN, RejudgeOrder(judge=other))
    same = RUN.model_copy(update={"judge_parameters": brief})
    refuse_partial_rejudging(blind, hunt, same, RejudgeOrder(judge=JudgeChoice(parameters=brief)))


@pytest.mark.parametrize("outcome", [Outcome.BROKE, Outcome.HELD])
async def test_the_outcome_of_judging_again_comes_from_one_judging_even_if_it_was_interrupted(outcome):
    """The earlier verdicts, all alike, would decide it together with the one that the judge still gives."""

    def only_c1(request):
        if '"C1"' in str(request.messages) or "C1:" in str(request.messages) or "Says thing 1" in str(request.messages):
            return passes(request)
        raise fails("overloaded")

    bench, rejudger = await a_bench(only_c1, visibility=Visibility.BLIND)
    await bench.store.save_hunt("s_one", a_finished_hunt(1, outcome))
    hunt = await again(bench, rejudger, a_finished_hunt(1, outcome))
    assert (hunt.outcome, len(hunt.judged[0].verdicts)) == (Outcome.UNDETERMINED, 3)


def test_after_reveal_hunts_that_are_not_selected_may_be():
    refuse_rejudging(a_session(revealed_at=NOW), a_finished_hunt(1), 20)


def test_a_copy_of_the_session_has_a_job_of_its_own():
    hunt = judged_again(a_finished_hunt(1), RUN, RejudgeOrder(), NOW)
    keys = {job_key(sid, hunt) for sid in ("s_one", "s_copy")}
    assert len(keys) == 2
    assert {hunt_of_job(key) for key in keys} == {hunt.hunt_id}
    assert not any("s_one" in key for key in keys)
