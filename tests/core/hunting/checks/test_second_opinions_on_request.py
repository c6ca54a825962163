"""Second opinions on stored replies: who is asked, what is left out and why, and a job that is safe to repeat."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from core.domain.confirmation import MAX_OPINIONS, Confirmation
from core.domain.hunt import HuntStatus
from core.domain.session import Visibility
from core.domain.verdict import Outcome
from core.errors import BadInput, BudgetSpent, NotFound
from core.hunting.checks.rejudge import judged_again
from core.hunting.checks.second_opinions_on_request import ConfirmChoice, Confirmer, choose, confirming_job, requested
from core.hunting.dispatch.local import LocalClaims
from core.hunting.hunts.second_opinions import with_opinions
from core.hunting.orders import ConfirmOrder, OpenOrder, RejudgeOrder, RunOrder
from core.notebooks.examples import read_example
from core.runtime import open_runtime
from core.sessions.base import Claim, Saved
from core.telemetry.records import HuntRecord
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session
from tests.chaos.hunting import chaos_settings, hunting
from tests.core.hunting.fakes import Bench, fails, passes
from tests.settings import make_settings

RUN = a_run(4, models=("told/a",), judge_model="told/judge", status="completed")
BROKE, HELD = a_finished_hunt(1), a_finished_hunt(2, Outcome.HELD)


def an_order(*judges, **changes):
    named = [{"model": f"told/{judge}"} for judge in judges or ("other",)]
    return ConfirmOrder.model_validate({"hunt_ids": ["r_one.1"], "judges": named} | changes)


def asked(hunt, *judges, criteria=("C1", "C2", "C3"), key="request"):
    return with_opinions(hunt, RUN, an_order(*judges).targets, criteria, NOW, key)


def answered(hunt, outcome, *judges, key="request"):
    opinions = [o.model_copy(update={"outcome": outcome}) for o in asked(hunt, *judges, key=key).opinions]
    return hunt.model_copy(update={"opinions": tuple(opinions)})


OFTEN = BROKE.model_copy(update={"opinions": answered(BROKE, Outcome.BROKE).opinions * MAX_OPINIONS})


def test_the_verdicts_in_question_are_asked_about():
    assert choose(BROKE, RUN, an_order()) == ConfirmChoice(an_order().targets, ("C1", "C2", "C3"))
    assert choose(HELD, RUN, an_order()).criteria == ("C1", "C2", "C3")
    assert "held" in choose(HELD, RUN, an_order(policy="breaks")).skipped


@pytest.mark.parametrize(
    ("hunt", "order", "word"),
    [
        (a_hunt(), an_order(), "neither"),
        (a_finished_hunt(outcome=Outcome.ERROR), an_order(), "neither"),
        (a_finished_hunt(-1), an_order(), "trial"),
        (asked(BROKE), an_order("third"), "still open"),
        (answered(BROKE, Outcome.BROKE), an_order(), "have answered"),
        (answered(BROKE, Outcome.UNDETERMINED, key="k"), an_order(idempotency_key="k"), "request has been answered"),
        (OFTEN, an_order("third"), "at most"),
    ],
)
def test_what_is_left_out_has_a_reason(hunt, order, word):
    choice = choose(hunt, RUN, order)
    assert word in choice.skipped
    assert not choice.judges


def test_a_judge_without_a_usable_answer_is_asked_again_and_others_are_not():
    hunt = answered(BROKE, Outcome.UNDETERMINED, "other")
    hunt = hunt.model_copy(update={"opinions": (*hunt.opinions, *answered(BROKE, Outcome.BROKE, "third").opinions)})
    assert [judge.model for judge in choose(hunt, RUN, an_order("other", "third")).judges] == ["told/other"]


def test_an_open_opinion_is_continued_by_the_same_request():
    assert choose(asked(BROKE), RUN, an_order()).resumes
    assert (requested(asked(BROKE)), requested(asked(BROKE, key="")), requested(BROKE)) == (True, False, False)


def test_a_further_request_on_the_same_reply_is_a_job_of_its_own_and_a_continued_one_is_not():
    """A job that has ended is not done again."""
    first, complete = asked(BROKE), answered(BROKE, Outcome.BROKE)
    partly = first.model_copy(
        update={"opinions": (first.opinions[0].model_copy(update={"verdicts": BROKE.verdicts[:1]}),)}
    )
    assert confirming_job("s_one", partly) == confirming_job("s_one", first)
    assert confirming_job("s_one", asked(complete, "third")) != confirming_job("s_one", first)


def a_confirmer(bench):
    return Confirmer(
        bench.store, bench.opinions, bench.clock, bench.records.append,
        retry_budget_ratio=1.0, outcome_step_s=0.01, max_reply_chars=100,
    )  # fmt: skip


class NumberedClaims(LocalClaims):
    """Claims with a fencing number, as they are in Redis."""

    def __init__(self, fence):
        super().__init__()
        self.number, self.lost = fence, []

    def fence(self, _part):
        return self.number

    def lose(self, part):
        self.lost.append(part)
        self.handing_back = True


async def test_a_process_that_was_paused_saves_no_vote_after_another_one_has_taken_over():
    bench, hunt = Bench(), asked(BROKE)
    await bench.open(a_session(runs=(RUN,)))
    await bench.store.save_hunt("s_one", hunt)
    paused, key = NumberedClaims(1), confirming_job("s_one", hunt).key

    async def overtaken(request, context, complete=bench.provider.complete):
        reply = await complete(request, context)
        await bench.store.accept_claim("s_one", Claim(key, 2))
        return reply

    bench.provider.complete = overtaken
    await a_confirmer(bench).work("s_one", key, paused)
    assert (await bench.store.hunt("s_one", hunt.hunt_id), set(paused.lost)) == (hunt, {0})
    assert (paused.held, bench.records) == (frozenset(), [])
    began = bench.provider.judgements
    await a_confirmer(bench).work("s_one", key, late := NumberedClaims(1))
    assert (bench.provider.judgements, late.lost) == (began, [0])


async def test_votes_that_the_owner_before_saved_meanwhile_are_kept_and_the_rest_is_asked_for():
    bench, hunt = Bench(), asked(BROKE)
    await bench.open(a_session(runs=(RUN,)))
    await bench.store.save_hunt("s_one", hunt)
    voted = hunt.opinions[0].model_copy(update={"verdicts": BROKE.verdicts[:2]})
    later, first_save, calls = [hunt.model_copy(update={"opinions": (voted,)})], asyncio.Event(), iter(range(9))

    async def one_before_the_save(request, context, complete=bench.provider.complete):
        if next(calls):
            await first_save.wait()
        return await complete(request, context)

    async def overtaken(session_id, state, *events, save=bench.store.save_hunt, **claim):
        while later:
            await save(session_id, later.pop())
        first_save.set()
        return await save(session_id, state, *events, **claim)

    bench.provider.complete, bench.store.save_hunt = one_before_the_save, overtaken
    await a_confirmer(bench).work("s_one", confirming_job("s_one", hunt).key, LocalClaims())
    stored = await bench.store.hunt("s_one", hunt.hunt_id)
    assert (stored.open_opinions, stored.opinions[0].verdicts[:2]) == ((), BROKE.verdicts[:2])


async def confirmed(hunt, answer=passes, times=1, **changes):
    bench = Bench(answer)
    await bench.open(a_session(runs=(RUN,), **changes))
    await bench.store.save_hunt("s_one", hunt)
    confirmer = a_confirmer(bench)
    for _ in range(times):
        await confirmer.work("s_one", confirming_job("s_one", hunt).key, LocalClaims())
    return bench, await bench.store.hunt("s_one", hunt.hunt_id)


@pytest.mark.parametrize("visibility", Visibility)
async def test_the_job_asks_once_publishes_counts_and_writes_a_record(visibility):
    bench, hunt = await confirmed(asked(BROKE), times=2, visibility=visibility)
    assert (hunt.outcome, hunt.confirmation, bench.provider.judgements) == (Outcome.BROKE, Confirmation.CONTESTED, 3)
    assert (bench.provider.targets, (await bench.store.counts("s_one"))["r_one"].contested) == (0, 1)
    (record,) = (r for r in bench.records if isinstance(r, HuntRecord))
    assert (record.confirmation, record.votes) == (
        "contested",
        {"told/other": dict.fromkeys(("C1", "C2", "C3"), "PASS")},
    )


async def test_a_judge_that_fails_leaves_the_break_unconfirmed():
    def refuse(_request):
        raise fails("unauthorized")

    _, hunt = await confirmed(asked(BROKE), refuse)
    assert (hunt.confirmation, hunt.opinions[0].outcome) == (Confirmation.UNCONFIRMED, Outcome.UNDETERMINED)


async def test_judging_again_drops_open_opinions_and_keeps_them_in_the_history():
    hunt = asked(BROKE)
    again = judged_again(hunt, RUN, RejudgeOrder(), NOW)
    assert (again.opinions, again.confirmation) == ((), Confirmation.UNCONFIRMED)
    assert again.judged[0].opinions == hunt.opinions
    bench, stored = await confirmed(again)
    assert (stored.status, bench.provider.judgements) == (HuntStatus.JUDGING, 0)


async def test_a_deleted_session_ends_the_job_silently():
    bench, _ = await confirmed(asked(BROKE))
    await bench.store.delete("s_one")
    await a_confirmer(bench).work("s_one", confirming_job("s_one", BROKE).key, LocalClaims())


async def test_a_judge_that_no_budget_pays_for_leaves_the_break_unconfirmed_and_can_be_asked_again():
    def spent(_request):
        raise BudgetSpent("Nothing is left of the daily budget.")

    _, hunt = await confirmed(asked(BROKE), spent)
    assert (hunt.confirmation, {vote.error for vote in hunt.opinions[0].verdicts}) == ("unconfirmed", {"budget_spent"})
    assert [judge.model for judge in choose(hunt, RUN, an_order()).judges] == ["told/other"]


async def judge_again(bench, hunt):
    await bench.store.save_hunt("s_one", judged_again(hunt, RUN, RejudgeOrder(), NOW))


async def delete(bench, _hunt):
    await bench.store.delete("s_one")


@pytest.mark.parametrize("change", [judge_again, delete], ids=lambda c: c.__name__)
async def test_no_vote_is_paid_for_after_the_reply_is_judged_again_or_deleted(change):
    bench, hunt, slots = Bench(), asked(BROKE, "other", "third"), asyncio.Semaphore(1)
    await bench.open(a_session(runs=(RUN,)))
    await bench.store.save_hunt("s_one", hunt)

    async def one_at_a_time(request, context, complete=bench.provider.complete):
        async with slots:
            for _ in range(20):  # a call takes longer than a save
                await asyncio.sleep(0)
            reply = await complete(request, context)
            if bench.provider.judgements == 1:
                await change(bench, hunt)
            return reply

    bench.provider.complete = one_at_a_time
    await a_confirmer(bench).work("s_one", confirming_job("s_one", hunt).key, LocalClaims())
    assert bench.provider.judgements <= 2
    assert bench.records == []


async def test_with_redis_each_request_on_the_same_reply_is_answered(redis_server, tmp_path):
    async with hunting(chaos_settings(redis_server, tmp_path), 1) as h:
        await h.until_ended()
        for asked_so_far, judge in enumerate(("strict", "fallible"), 1):
            order = {"hunt_ids": [f"{h.run_id}.1"], "judges": [{"model": f"simulated/{judge}"}]}
            assert await h.runtime.confirming.confirm(h.sid, ConfirmOrder.model_validate(order)) == {}
            async with asyncio.timeout(10):
                while (hunt := (await h.hunts())[0]).open_opinions or len(hunt.opinions) < asked_so_far:
                    await asyncio.sleep(0.01)
        assert [opinion.judge_model for opinion in hunt.opinions] == ["simulated/strict", "simulated/fallible"]


QUICK = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1, "break_rate": 0.5}


@pytest.fixture
async def runtime(tmp_path):
    settings = make_settings(telemetry__directory=str(tmp_path), providers__simulated_script=json.dumps(QUICK))
    async with open_runtime(settings, seed=1) as opened:
        yield opened


async def hunted(runtime):
    """The session, and the ID of a break."""
    session = await runtime.service.open_notebook(read_example("word-budget"), "words.ipynb", OpenOrder())
    sid = session.session_id
    await runtime.service.start_run(sid, RunOrder(models=("simulated/hasty",), hunts=12))
    async with asyncio.timeout(30):
        while (await runtime.store.read(sid)).active_runs:
            await asyncio.sleep(0.01)
    hunts = await runtime.service.all_hunts(sid)
    return sid, next(hunt.hunt_id for hunt in hunts if hunt.outcome is Outcome.BROKE)


def a_request(hid, judge="simulated/fallible"):
    return ConfirmOrder.model_validate({"hunt_ids": [hid], "judges": [{"model": judge}]})


async def test_a_stored_break_gets_the_opinion_of_another_judge(runtime):
    sid, hid = await hunted(runtime)
    assert await runtime.confirming.confirm(sid, a_request(hid)) == {}
    async with asyncio.timeout(30):
        while (hunt := await runtime.store.hunt(sid, hid)).confirmation is Confirmation.UNCONFIRMED:
            await asyncio.sleep(0.01)
    assert (hunt.outcome, [opinion.judge_model for opinion in hunt.opinions]) == (
        Outcome.BROKE,
        ["simulated/fallible"],
    )


async def test_the_same_judge_and_an_unknown_hunt_are_errors_and_nothing_is_asked(runtime):
    sid, hid = await hunted(runtime)
    with pytest.raises(BadInput, match="is the judge already"):
        await runtime.confirming.confirm(sid, a_request(hid, "simulated/judge"))
    with pytest.raises(NotFound):
        await runtime.confirming.confirm(sid, a_request("r_none.1"))
    assert (await runtime.store.hunt(sid, hid)).opinions == ()


async def test_a_hunt_that_changes_meanwhile_is_left_out_and_no_job_is_submitted(runtime):
    class Outdated:
        """The session store, once another process has saved a later state."""

        def __getattr__(self, name):
            return getattr(runtime.store, name)

        async def save_hunt(self, *_state):
            return Saved.PASSED_OVER

    sid, hid = await hunted(runtime)
    service = replace(runtime.confirming, store=Outdated(), dispatcher=None)
    assert await service.confirm(sid, a_request(hid)) == {hid: "The hunt has changed since the request: ask again."}
