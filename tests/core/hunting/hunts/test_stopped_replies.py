"""A hunt that a person stops keeps what had arrived of its reply, which is never judged and never a break."""

import asyncio
from contextlib import aclosing

import pytest

from core.domain.chat import STOPPED, Reply
from core.domain.hunt import HuntStatus, attempts_made
from core.domain.run import RunStatus
from core.domain.verdict import Outcome
from core.errors import BadInput
from core.hunting.checks.rejudge import refuse_rejudging
from core.hunting.dispatch.local import LocalClaims
from core.hunting.open_session import opened_notebook
from core.hunting.orders import OpenOrder
from core.hunting.views.hunts import hunt_view
from core.notebooks.document import Bounds
from core.notebooks.export import Export, export_notebook
from core.notebooks.parse import parse_notebook
from core.notebooks.session_record_checks import implausible
from core.notebooks.write_cells import blank_notebook
from core.review.selection import refuse_unselectable
from core.telemetry.records import HuntRecord
from tests.builders import NOW, a_finished_hunt, a_hunt, a_run, a_session, a_task
from tests.core.hunting.fakes import Bench
from tests.core.livetext.test_transcript import Growing

PART = Reply(text="Danube\nRhi", reasoning="Rivers.", finish_reason=STOPPED)
THOUGHT = PART.model_copy(update={"text": ""})


def a_stopped_hunt(number=1, reply=PART, **changes):
    return a_finished_hunt(number, Outcome.CANCELLED, reply=reply, verdicts=(), **changes)


async def stop_first_hunt(part, hunts=2):
    """A run of which the first hunt is stopped while its reply is written."""
    bench = Bench()
    bench.provider.growing = Growing(part.text, part.reasoning)
    bench.provider.gate.clear()
    await bench.open(a_session(runs=(a_run(hunts, models=("told/a",), judge_model="told/judge"),)))
    working = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    async with asyncio.timeout(10):
        while bench.provider.targets < hunts:
            await asyncio.sleep(0.01)
        await bench.store.change(
            "s_one", lambda s: s.with_run(s.runs[0].model_copy(update={"cancelled_hunts": ("r_one.1",)}))
        )
        while not any(hunt.outcome for hunt in await bench.hunts()):
            await asyncio.sleep(0.01)
        bench.provider.gate.set()
        await working
    return bench


async def test_what_had_arrived_is_kept_and_the_run_continues():
    bench = await stop_first_hunt(PART)
    stopped, other = await bench.hunts()
    assert (stopped.outcome, stopped.reply, stopped.verdicts, stopped.stopped) == (Outcome.CANCELLED, PART, (), True)
    assert (other.outcome, other.stopped) == (Outcome.HELD, False)
    assert bench.provider.judgements == 3  # of the other one
    run, counts = await bench.run(), (await bench.store.counts("s_one"))["r_one"]
    assert (run.status, counts.cancelled, counts.broke, counts.held) == (RunStatus.COMPLETED, 1, 0, 1)
    assert counts.replies == attempts_made([stopped, other]) == 2
    record = next(r for r in bench.records if isinstance(r, HuntRecord) and r.number == 1)
    assert (record.outcome, record.verdicts, record.reply) == ("cancelled", {}, PART.text)


async def test_reasoning_alone_is_kept_but_no_attempt():
    bench = await stop_first_hunt(THOUGHT)
    stopped, other = await bench.hunts()
    assert (stopped.outcome, stopped.reply) == (Outcome.CANCELLED, THOUGHT)
    assert (await bench.store.counts("s_one"))["r_one"].replies == attempts_made([stopped, other]) == 1


async def test_nothing_arrived_leaves_no_reply():
    bench = await stop_first_hunt(PART.model_copy(update={"text": "", "reasoning": ""}))
    assert [hunt.reply is None for hunt in await bench.hunts()] == [True, False]


async def test_it_is_not_judged_even_when_the_release_before_has_asked_for_it():
    bench = Bench()
    await bench.open(a_session(runs=(a_run(1, models=("told/a",), judge_model="told/judge"),)))
    await bench.store.save_hunt("s_one", a_hunt(1, model="told/a", status=HuntStatus.JUDGING, reply=PART))
    await bench.runner.work("s_one", "r_one", LocalClaims())
    (hunt,) = await bench.hunts()
    assert (hunt.outcome, hunt.reply, bench.provider.judgements) == (Outcome.CANCELLED, PART, 0)


async def test_the_text_of_a_call_can_be_watched_and_nothing_is_remembered_after_it():
    bench = Bench()
    bench.provider.growing = Growing("Danube")
    bench.provider.gate.clear()
    await bench.open(a_session(runs=(a_run(1, models=("told/a",), judge_model="told/judge"),)))
    working = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    async with asyncio.timeout(10), aclosing(bench.live_text.watch("s_one", "r_one.1")) as deltas:
        assert (await anext(deltas)).response == "Danube"
        bench.provider.growing.text += ", Rhine"
        assert (await anext(deltas)).response == ", Rhine"
        bench.provider.gate.set()
        await working
    assert (bench.live_text.watchers(), bench.live_text._calls, bench.live_text._transcripts) == (0, {}, {})


def test_it_can_neither_be_selected_nor_judged_nor_counted_as_judged():
    session, hunt = a_session(runs=(a_run(),)), a_stopped_hunt()
    with pytest.raises(BadInput) as refused:
        refuse_rejudging(session, hunt, 20)
    assert refused.value.code == "stopped"
    with pytest.raises(BadInput):
        refuse_unselectable(session, [hunt.hunt_id], [hunt])
    shown = hunt_view(hunt, sealed=True, texts=True)
    assert (shown["response"], shown["reasoning"], shown["stopped"], shown["judgings"]) == (
        PART.text,
        "Rivers.",
        True,
        0,
    )
    assert not shown["cut_off"]


def test_an_export_brings_it_back_as_it_was():
    session = a_session(runs=(a_run(1, status=RunStatus.COMPLETED),), hunts_issued=1)
    exported = Export(session=session, hunts=(a_stopped_hunt(),), selected=(), attempts=1)
    raw = export_notebook(blank_notebook(a_task()), exported)
    opened = opened_notebook(raw, parse_notebook(raw, Bounds()), "a.ipynb", OpenOrder(), "s_two", NOW)
    assert [(hunt.outcome, hunt.reply.text, hunt.stopped) for hunt in opened.hunts] == [
        (Outcome.CANCELLED, PART.text, True)
    ]


def test_an_export_in_which_it_is_a_break_is_not_believed():
    session = a_session(runs=(a_run(1),), hunts_issued=1)
    assert "not cancelled" in implausible(session, [a_finished_hunt(1, Outcome.BROKE, reply=PART)])
