"""Second opinions on one reply, requested and overtaken by requests at two processes: each accepted request is answered,
and no vote is paid for twice or after it has become useless.

tests/core/hunting/checks/test_second_opinions_on_request.py and tests/core/domain/test_hunt.py have the short forms.
"""

import asyncio
from dataclasses import replace

import pytest

from core.domain.verdict import Outcome
from core.hunting.orders import ConfirmOrder, RejudgeOrder
from tests.chaos.test_checks_survive import processes

pytestmark = [pytest.mark.chaos, pytest.mark.long, pytest.mark.timeout(120)]
IN_FLIGHT = 3


def an_order(hid, *judges):
    made = {"hunt_ids": [hid], "policy": "all", "judges": [{"model": f"simulated/{judge}"} for judge in judges]}
    return ConfirmOrder.model_validate(made)


class AtOnce:
    """The session store of a process that saves when the other one is about to, or has just saved."""

    def __init__(self, store, barrier, saved, *, first):
        self._store, self._barrier, self._saved, self._first = store, barrier, saved, first

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def save_hunt(self, *state):
        await self._barrier.wait()
        if not self._first:
            await self._saved.wait()
        result = await self._store.save_hunt(*state)
        self._saved.set()
        return result


async def answered(ours, hid):
    async with asyncio.timeout(30):
        while True:
            hunt = await ours.runtimes[1].store.hunt(ours.sid, hid)
            if hunt.opinions and not hunt.open_opinions:
                return hunt
            await asyncio.sleep(0.02)


async def in_flight(ours, hid):
    """The second opinion is requested at the first process, and its votes are on their way."""
    one, _ = ours.runtimes
    assert await one.confirming.confirm(ours.sid, an_order(hid, "strict")) == {}
    async with asyncio.timeout(30):
        while one.catalog.numbers("simulated").requests < 2 * 4 + 1:
            await asyncio.sleep(0.005)


async def test_of_two_requests_at_once_one_is_answered_and_the_other_is_rejected(redis_server, tmp_path):
    async with processes(redis_server, tmp_path, 2) as ours:
        barrier, (hid, _) = (
            asyncio.Barrier(2),
            [f"{(await ours.until(lambda s: True)).runs[0].run_id}.{n}" for n in (1, 2)],
        )
        saved = asyncio.Event()
        services = [
            replace(r.confirming, store=AtOnce(r.store, barrier, saved, first=place == 0))
            for place, r in enumerate(ours.runtimes)
        ]
        orders = an_order(hid, "strict"), an_order(hid, "strict", "fallible")
        results = await asyncio.gather(*(s.confirm(ours.sid, o) for s, o in zip(services, orders, strict=True)))
        hunt = await answered(ours, hid)
        calls = {model: await ours.calls(model) for model in ("strict", "fallible")}
        accepted = [order for order, skipped in zip(orders, results, strict=True) if not skipped]
    assert sorted(map(len, results)) == [0, 1]
    assert [opinion.target for opinion in hunt.opinions] == [judge.target for judge in accepted[0].targets]
    assert calls == {m: 3 * (f"simulated/{m}" in {o.judge_model for o in hunt.opinions}) for m in calls}


async def test_judging_again_at_another_process_ends_the_votes(redis_server, tmp_path):
    async with processes(redis_server, tmp_path, 2) as ours:
        hid = f"{(await ours.until(lambda s: True)).runs[0].run_id}.1"
        await in_flight(ours, hid)
        await ours.runtimes[1].service.rejudge(ours.sid, hid, RejudgeOrder())
        async with asyncio.timeout(30):
            while (hunt := await ours.runtimes[0].store.hunt(ours.sid, hid)).outcome is None:
                await asyncio.sleep(0.02)
        assert hunt.outcome in {Outcome.BROKE, Outcome.HELD}
        assert (hunt.opinions, len(hunt.judged)) == ((), 1)
        assert await ours.runtimes[1].confirming.confirm(ours.sid, an_order(hid, "strict")) == {}
        again = await answered(ours, hid)
        assert len(again.opinions[0].verdicts) == 3
        assert await ours.calls() <= 3 + IN_FLIGHT


async def test_deleting_the_session_at_another_process_ends_the_votes(redis_server, tmp_path):
    async with processes(redis_server, tmp_path, 2) as ours:
        hid = f"{(await ours.until(lambda s: True)).runs[0].run_id}.1"
        await in_flight(ours, hid)
        await ours.runtimes[1].service.delete(ours.sid)
        async with asyncio.timeout(30):
            while any(task.get_name().startswith("confirming:") for task in asyncio.all_tasks()):
                await asyncio.sleep(0.02)
        assert await ours.calls() <= IN_FLIGHT
