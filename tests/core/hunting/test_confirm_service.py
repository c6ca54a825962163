"""Second opinions on stored replies, through the whole runtime."""

import asyncio
import json
from dataclasses import replace

import pytest

from core.domain.confirmation import Confirmation
from core.domain.verdict import Outcome
from core.errors import BadInput, NotFound
from core.hunting.orders import ConfirmOrder, OpenOrder, RunOrder
from core.notebooks.examples import read_example
from core.runtime import open_runtime
from core.sessions.base import Saved
from tests.settings import make_settings

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


def an_order(hid, judge="simulated/fallible"):
    return ConfirmOrder.model_validate({"hunt_ids": [hid], "judges": [{"model": judge}]})


async def test_a_stored_break_gets_the_opinion_of_another_judge(runtime):
    sid, hid = await hunted(runtime)
    assert await runtime.confirming.confirm(sid, an_order(hid)) == {}
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
        await runtime.confirming.confirm(sid, an_order(hid, "simulated/judge"))
    with pytest.raises(NotFound):
        await runtime.confirming.confirm(sid, an_order("r_none.1"))
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
    assert await service.confirm(sid, an_order(hid)) == {hid: "The hunt has changed since the request: ask again."}
