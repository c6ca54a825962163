"""A reply that stopped at its output limit is no break: it is an error with its text, unless it is to be judged."""

import json

import pytest

from core.domain.hunt import HuntStatus, attempts_made
from core.domain.run import RunStatus
from core.domain.session import Selection
from core.domain.verdict import Outcome
from core.errors import BadInput
from core.hunting.checks.rejudge import refuse_rejudging
from core.hunting.dispatch.local import LocalClaims
from core.hunting.hunts.hunter import OUTPUT_LIMIT
from core.hunting.open_session import opened_notebook
from core.hunting.orders import OpenOrder
from core.hunting.views.hunts import hunt_view
from core.notebooks.document import Bounds
from core.notebooks.export import Export, export_notebook
from core.notebooks.parse import parse_notebook
from core.notebooks.slots import judge_cell
from core.notebooks.write_cells import blank_notebook
from core.review.selection import refuse_unselectable
from core.telemetry.records import HuntRecord
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session, a_task
from tests.core.hunting.fakes import Bench, Reply, passes

CUT_WORDS = ("length", "max_tokens", "MAX_TOKENS", "model_length")


def cut_off(word="length"):
    def answer(request):
        if request.purpose == "judge":
            return Reply(text=json.dumps({"reason": "No.", "evidence": "", "verdict": "FAIL"}), cost_usd=0.001)
        return Reply(text="Danube\nRhi", finish_reason=word, cost_usd=0.01)

    return answer


async def hunted(answer, *, judged=False, hunts=3, **settings):
    bench = Bench(answer, **settings)
    run = a_run(hunts, models=("told/a",), judge_model="told/judge", judge_cut_replies=judged)
    await bench.open(a_session(runs=(run,), judge_cut_replies=judged))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    return bench


@pytest.mark.parametrize("word", CUT_WORDS)
async def test_a_cut_reply_is_an_error_that_keeps_its_text_and_is_neither_judged_nor_asked_for_again(word):
    bench = await hunted(cut_off(word))
    hunts = await bench.hunts()
    assert [(h.outcome, h.error.code, h.reply.text, h.verdicts) for h in hunts] == [
        (Outcome.ERROR, OUTPUT_LIMIT, "Danube\nRhi", ())
    ] * 3
    assert (bench.provider.targets, bench.provider.judgements) == (3, 0)
    counts = (await bench.store.counts("s_one"))["r_one"]
    assert (counts.error, counts.broke, counts.held, counts.replies, counts.break_rate) == (3, 0, 0, 3, None)
    assert attempts_made(hunts) == 3
    assert counts.cost_usd == pytest.approx(0.03)


@pytest.mark.parametrize("word", ["stop", "eos", "end_turn"])
async def test_a_whole_reply_is_judged_and_not_marked(word):
    bench = await hunted(cut_off(word))
    assert [(h.outcome, h.cut_off) for h in await bench.hunts()] == [(Outcome.BROKE, False)] * 3


async def test_a_session_may_judge_cut_replies_and_they_are_marked():
    bench = await hunted(cut_off(), judged=True)
    hunts = await bench.hunts()
    assert [(h.outcome, h.cut_off, len(h.verdicts)) for h in hunts] == [(Outcome.BROKE, True, 3)] * 3
    assert [hunt_view(h, sealed=True, texts=False)["cut_off"] for h in hunts] == [True] * 3
    assert {r.cut_off for r in bench.records if isinstance(r, HuntRecord)} == {True}
    assert judge_cell(hunts[0]).count("The reply was cut off at its output limit.") == 1


async def test_the_hint_names_the_setting_and_how_it_stands():
    bench = Bench(cut_off())
    object.__setattr__(bench.hunter, "target_max_output_tokens", 4096)
    await bench.open(a_session(runs=(a_run(1, models=("told/a",), judge_model="told/judge"),)))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    (hunt,) = await bench.hunts()
    assert "TARGET_MAX_OUTPUT_TOKENS (4,096 now)" in hunt.error.hint


async def test_a_limit_that_cuts_every_reply_stops_the_run_like_any_other_cause():
    bench = await hunted(cut_off(), hunts=60, calls__max_same_failures=5)
    run = await bench.run()
    assert (run.status, OUTPUT_LIMIT in run.stop_reason) == (RunStatus.FAILED, True)
    assert bench.provider.targets < 60


async def test_whole_replies_between_cut_ones_keep_the_run_going():
    turns = iter(range(1000))

    def every_third_is_whole(request):
        return passes(request) if request.purpose == "judge" or next(turns) % 3 == 0 else cut_off()(request)

    bench = await hunted(every_third_is_whole, hunts=30, calls__max_same_failures=5)
    assert (await bench.run()).status is RunStatus.COMPLETED


async def test_a_reply_that_was_saved_before_the_process_died_is_not_judged_either():
    bench = Bench(cut_off())
    await bench.open(a_session(runs=(a_run(1, models=("told/a",), judge_model="told/judge"),)))
    kept = Reply(text="Danube\nRhi", finish_reason="length")
    await bench.store.save_hunt("s_one", a_hunt(1, model="told/a", status=HuntStatus.JUDGING, reply=kept))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    (hunt,) = await bench.hunts()
    assert (hunt.outcome, hunt.error.code, bench.provider.judgements) == (Outcome.ERROR, OUTPUT_LIMIT, 0)


async def test_a_trial_of_a_cut_reply_is_an_error_too():
    bench = Bench(cut_off())
    run = a_run(1, models=("told/a",), judge_model="told/judge", first_number=-1, trial=True)
    await bench.open(a_session(runs=(run,), trials_issued=1))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    hunt = await bench.store.hunt("s_one", "r_one.1")
    assert (hunt.outcome, hunt.error.code, hunt.reply.text) == (Outcome.ERROR, OUTPUT_LIMIT, "Danube\nRhi")


def a_cut_hunt(number=1, **changes):
    made = {"reply": Reply(text="Danube\nRhi", finish_reason="length")} | changes
    return a_finished_hunt(number, **made)


def test_it_can_be_neither_selected_nor_judged_again():
    session = a_session(runs=(a_run(),))
    hunt = a_cut_hunt(outcome=Outcome.ERROR, verdicts=())
    with pytest.raises(BadInput) as refused:
        refuse_unselectable(session, [hunt.hunt_id], [hunt])
    assert refused.value.details["undecided"] == [hunt.hunt_id]
    with pytest.raises(BadInput) as refused:
        refuse_rejudging(session, hunt, 20)
    assert refused.value.code == OUTPUT_LIMIT


def test_a_break_of_an_earlier_release_keeps_its_outcome_and_is_marked_but_not_judged_again():
    hunt = a_cut_hunt()
    view = hunt_view(hunt, sealed=False, texts=True)
    assert (view["outcome"], view["cut_off"], view["judgings"]) == (Outcome.BROKE, True, 1)
    with pytest.raises(BadInput):
        refuse_rejudging(a_session(runs=(a_run(),)), hunt, 20)


def test_where_cut_replies_are_judged_they_can_be_judged_again():
    refuse_rejudging(a_session(runs=(a_run(judge_cut_replies=True),)), a_cut_hunt(), 20)


def test_an_unjudged_reply_counts_no_judging():
    assert a_cut_hunt(outcome=Outcome.ERROR, verdicts=()).judgings == 0


def test_an_export_brings_setting_run_text_and_error_back():
    task = a_task()
    cut = a_cut_hunt(2, outcome=Outcome.ERROR, verdicts=())
    broke = a_cut_hunt()
    session = a_session(
        task=task, runs=(a_run(2, task=task, judge_cut_replies=True, status=RunStatus.COMPLETED),), hunts_issued=2,
        judge_cut_replies=True, selection=Selection(hunt_ids=("r_one.1",)),
    )  # fmt: skip
    raw = export_notebook(
        blank_notebook(task), Export(session=session, hunts=(broke, cut), selected=(broke,), attempts=2)
    )
    record = json.loads(raw)["metadata"]["model_hunter"]
    assert record["delivered"][0]["cut_off"] is True
    loaded = parse_notebook(raw, Bounds(10**7, 1000, 10**6))
    again = opened_notebook(raw, loaded, "task.ipynb", OpenOrder(), "s_two", NOW)
    assert (again.session.judge_cut_replies, again.session.runs[0].judge_cut_replies) == (True, True)
    assert again.hunts == (broke, cut)
