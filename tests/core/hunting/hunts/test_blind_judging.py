"""Which replies can be judged in a blind session, and when their outcomes are published."""

import asyncio

import pytest

from core.domain.chat import Reply
from core.domain.criteria import Criterion
from core.domain.hunt import HuntStatus
from core.domain.session import Visibility
from core.domain.verdict import Outcome
from core.errors import BadInput, Conflict
from core.hunting.dispatch.local import LocalClaims
from core.hunting.hunts.blind_judging import hold_outcome, refuse_quoted_replies, refuse_repeated_reply, with_same_task
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task
from tests.core.hunting.fakes import Bench, passes
from tests.virtual_time import VirtualClock, VirtualLoop

LONG = "The noble gas that you look for is krypton, which Ramsay and Travers found in liquid air in the year 1898."

FILLER = "filler " * 40_000
"""More than any share of a text that may be looked at."""


async def a_hunted(reply=LONG, **changes):
    bench = Bench()
    session = a_session(**({"visibility": Visibility.BLIND, "runs": (a_run(),)} | changes))
    await bench.open(session)
    await bench.store.save_hunt("s_one", a_finished_hunt(1, reply=Reply(text=reply)))
    return bench, session


@pytest.mark.parametrize(
    "changes",
    [
        {"response": LONG.upper()},
        {"prompt": f"Repeat after me: {LONG}"},
        {"criteria": (Criterion(id="C1", text=f"Of the text “{LONG}”: it is true."),)},
        {"judge_system_prompt": f"Judge this and nothing else: {LONG}"},
        {"judge_prompt_template": f"{LONG} {{criterion}}"},
        {"prompt": LONG[:50], "response": LONG[50:]},
        {"response": f"{FILLER}{LONG}"},
    ],
    ids=lambda c: " ".join(c),
)
async def test_a_task_that_quotes_a_sealed_reply_is_refused(changes):
    bench, session = await a_hunted(task=a_task().model_copy(update=changes))
    with pytest.raises(Conflict) as refused:
        await refuse_quoted_replies(bench.store, session)
    assert refused.value.code == "sealed"
    for opened in ({"visibility": Visibility.OPEN}, {"revealed_at": NOW}, {"runs": ()}):
        await refuse_quoted_replies(bench.store, session.model_copy(update=opened))


async def test_what_the_task_held_before_the_reply_came_is_no_quote():
    bench, session = await a_hunted("Krypton.", task=a_task(response="KRYPTON"))
    await refuse_quoted_replies(bench.store, session)
    other = session.model_copy(update={"task": a_task(response="Argon.")})
    await refuse_quoted_replies(bench.store, other)
    run = a_run(task=a_task(response="Argon."))
    with pytest.raises(Conflict):  # the reference was made of the reply
        await refuse_quoted_replies(bench.store, session.model_copy(update={"runs": (run,)}))


async def test_a_reply_behind_a_long_text_of_before_is_a_quote():
    bench, session = await a_hunted(
        runs=(a_run(task=a_task(response=FILLER)),), task=a_task(response=f"{FILLER}\n{LONG}")
    )
    with pytest.raises(Conflict):
        await refuse_quoted_replies(bench.store, session)
    with pytest.raises(BadInput):
        await refuse_repeated_reply(bench.store, "s_one", FILLER + LONG)


def test_a_task_that_is_edited_behind_the_look_is_not_checked():
    session = a_session(visibility=Visibility.BLIND, runs=(a_run(),))
    assert with_same_task(session, session) is session
    with pytest.raises(Conflict):
        with_same_task(session.model_copy(update={"task": a_task(prompt="Another.")}), session)


async def test_a_trial_that_repeats_a_sealed_reply_is_not_judged():
    trial = a_run(1, run_id="r_try", first_number=-1, trial=True, models=("told/a",), judge_model="told/judge")
    bench, _ = await a_hunted("A reply.", runs=(a_run(), trial))
    await bench.runner.work("s_one", "r_try", LocalClaims())
    hunt = await bench.store.hunt("s_one", "r_try.1")
    assert (hunt.outcome, hunt.error.code, hunt.verdicts) == (Outcome.ERROR, "sealed_reply", ())
    assert bench.provider.judgements == 0
    await bench.store.change("s_one", lambda s: s.model_copy(update={"revealed_at": NOW}))
    await refuse_repeated_reply(bench.store, "s_one", "A reply.")
    bench, _ = await a_hunted()
    with pytest.raises(BadInput):
        await refuse_repeated_reply(bench.store, "s_one", LONG)
    await refuse_repeated_reply(bench.store, "s_one", "A reply of its own.")


@pytest.mark.parametrize(("took_s", "given_out_s"), [(0, 2), (1.9, 2), (2, 2), (2.1, 4), (7.5, 8), (30, 32)])
def test_an_outcome_is_published_at_doubling_times(took_s, given_out_s):
    async def wait(loop):
        await asyncio.sleep(took_s)
        await hold_outcome(VirtualClock(loop), 0.0, 2.0)
        return loop.time()

    loop = VirtualLoop()
    try:
        assert loop.run_until_complete(wait(loop)) == pytest.approx(given_out_s)
    finally:
        loop.close()


async def test_a_blind_hunt_has_its_verdicts_saved_while_its_outcome_waits_and_ending_the_wait_keeps_them():
    run = a_run(1, models=("told/a",), judge_model="told/judge")
    bench = Bench(passes, hunting__blind_outcome_step_s=3600.0)
    await bench.open(a_session(visibility=Visibility.BLIND, runs=(run,)))
    work = asyncio.create_task(bench.runner.work("s_one", "r_one", LocalClaims()))
    async with asyncio.timeout(5):
        while not (hunts := await bench.hunts()) or len(hunts[0].verdicts) < 3:
            await asyncio.sleep(0)
    assert (hunts[0].status, hunts[0].outcome) == (HuntStatus.JUDGING, None)
    assert (await bench.store.counts("s_one"))["r_one"].held == 0
    work.cancel()
    await asyncio.wait({work})
    ended = (await bench.hunts())[0]
    assert (ended.status, ended.outcome, len(ended.verdicts)) == (HuntStatus.DONE, Outcome.HELD, 3)


async def test_an_open_hunt_and_a_trial_do_not_wait():
    for changes in ({"visibility": Visibility.OPEN}, {"trial": True}):
        run = a_run(1, models=("told/a",), judge_model="told/judge", trial="trial" in changes)
        bench = Bench(passes, hunting__blind_outcome_step_s=3600.0)
        visibility = changes.get("visibility", Visibility.BLIND)
        await bench.open(a_session(visibility=visibility, runs=(run,)))
        async with asyncio.timeout(5):
            await bench.runner.work("s_one", "r_one", LocalClaims())
        assert (await bench.hunts())[0].outcome is Outcome.HELD
