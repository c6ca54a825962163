"""Budgets that several processes share: exact sums, Redis away and back, an emptied Redis, three real processes."""

import asyncio
import json
import os
import sys

import pytest
from redis.asyncio import Redis

from core.budget import redis as ledger
from core.errors import BudgetSpent
from core.redis.scripts import run_scripts
from tests.builders import HandClock
from tests.core.budget.ledgers import a_process
from tests.house.tree import ROOT

SPENDER = """
import asyncio, json, sys
from core.budget.budgets import NoRoomYet
from core.errors import BudgetSpent
from tests.core.budget.ledgers import a_process

async def main(url):
    spent = 0
    async with a_process(url, per_account=1.0) as budgets:
        async def worker(number):
            nonlocal spent
            while True:
                try:
                    reservation = await budgets.reserve("", "lab", 0.004)
                except (BudgetSpent, NoRoomYet):
                    return
                await asyncio.sleep(0.002 * (1 + number % 3))
                spent += 5
                await budgets.settle(reservation, 0.005)
        await asyncio.gather(*(worker(number) for number in range(8)))
    print(json.dumps(spent))

asyncio.run(main(sys.argv[1]))
"""


async def spend(budgets, cost, expected=0.1):
    await budgets.settle(await budgets.reserve("", "lab", expected), cost)


async def state_of(budgets):
    (state,) = await budgets.states((), ("lab",))
    return state


@pytest.mark.parametrize("processes", [1, 3])
async def test_processes_together_exceed_a_budget_by_the_calls_in_flight_at_most(redis_server, processes):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = asyncio.subprocess.PIPE
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", SPENDER, redis_server.url, cwd=ROOT, env=environment, stdout=pipe
        )
        for _ in range(processes)
    ]
    outputs = await asyncio.gather(*(process.communicate() for process in running))
    spent_milli = sum(json.loads(out) for out, _ in outputs)
    assert 1000 <= spent_milli <= 1000 + processes * 8 * 5
    async with a_process(redis_server.url, per_account=1.0) as budgets:
        state = await state_of(budgets)
    assert (round(state.spent_usd * 1000), state.reserved_usd) == (spent_milli, 0.0)


async def test_processes_see_each_others_calls(redis_server):
    async with a_process(redis_server.url, per_account=1.0) as one, a_process(redis_server.url, per_account=1.0) as two:
        reservation = await one.reserve("", "lab", 0.6)
        await spend(two, 0.3)
        seen = await state_of(two)
        assert (seen.spent_usd, seen.reserved_usd, seen.shared) == (0.3, 0.6, True)
        await one.settle(reservation, 0.7)
        with pytest.raises(BudgetSpent):
            await two.reserve("", "lab", 0.1)


async def test_without_redis_each_process_counts_on_and_redis_learns_it_when_it_is_back(redis_server):
    clock = HandClock()
    url = redis_server.url
    async with a_process(url, per_account=1.0, clock=clock) as one, a_process(url, per_account=1.0, clock=clock) as two:
        await spend(one, 0.2)
        await state_of(two)
        open_call = await one.reserve("", "lab", 0.1)
        redis_server.stop(save=True)
        await spend(one, 0.3)
        await spend(two, 0.1)
        away = await state_of(one)
        assert (away.spent_usd, away.reserved_usd, away.shared) == (0.5, 0.1, False)
        await one.settle(open_call, 0.05)
        redis_server.start()
        clock.seconds += 10
        assert (await state_of(two)).shared
        back = await state_of(one)
        assert (round(back.spent_usd, 9), back.reserved_usd, back.shared) == (0.65, 0.0, True)


async def test_a_call_without_redis_that_never_settles_counts_as_spent_after_a_while(redis_server):
    clock = HandClock()
    async with a_process(redis_server.url, per_account=1.0, clock=clock, lapse_s=60.0) as budgets:
        redis_server.stop(save=True)
        await budgets.reserve("", "lab", 0.25)
        clock.seconds += 61
        away = await state_of(budgets)
        assert (away.spent_usd, away.reserved_usd) == (0.25, 0.0)
        await budgets.reserve("", "lab", 0.5)
        redis_server.start()
        clock.seconds += 61
        async with a_process(redis_server.url, per_account=1.0, clock=clock) as other:
            assert [(await state_of(one)).spent_usd for one in (budgets, other)] == [0.75, 0.75]


async def test_a_backlog_is_sent_in_batches_and_what_redis_has_is_not_sent_again(redis_server, monkeypatch):
    clock, sizes = HandClock(), []

    async def failing_once(redis, calls):
        sizes.append(len(calls))
        if len(sizes) == 3:
            raise ConnectionError
        return await run_scripts(redis, calls)

    async with a_process(redis_server.url, per_account=9e6, clock=clock) as budgets:
        redis_server.stop(save=True)
        await asyncio.gather(*(spend(budgets, 0.001) for _ in range(1_200)))
        redis_server.start()
        monkeypatch.setattr(ledger, "run_scripts", failing_once)
        for _ in range(2):
            clock.seconds += 10
            state = await state_of(budgets)
    assert sizes == [500, 500, 200, 200, 1]
    assert (round(state.spent_usd, 9), state.reserved_usd, state.shared) == (1.2, 0.0, True)


async def test_a_budget_that_is_spent_stays_spent_without_redis(redis_server):
    async with a_process(redis_server.url, per_account=0.5) as budgets:
        await spend(budgets, 0.5)
        redis_server.stop()
        with pytest.raises(BudgetSpent):
            await budgets.reserve("", "lab", 0.1)


async def test_an_emptied_redis_does_not_give_the_budget_back(redis_server):
    async with a_process(redis_server.url, per_account=1.0) as one, a_process(redis_server.url, per_account=1.0) as two:
        await spend(one, 0.5)
        await spend(two, 0.4)
        redis_server.empty()
        assert (await state_of(two)).spent_usd == 0.9
        assert (await state_of(one)).spent_usd == 0.9


async def test_concurrent_calls_never_count_a_cost_twice(redis_server):
    async with (
        a_process(redis_server.url, per_account=100.0) as one,
        a_process(redis_server.url, per_account=100.0) as two,
    ):
        await asyncio.gather(*(spend(budgets, 0.01) for _ in range(100) for budgets in (one, two)))
        assert [round((await state_of(budgets)).spent_usd, 9) for budgets in (one, two)] == [2.0, 2.0]


async def test_a_call_of_unknown_price_stays_shared(redis_server):
    async with a_process(redis_server.url, per_account=1.0) as budgets:
        await spend(budgets, 0.25, expected=0.0)
        assert (await state_of(budgets)).shared


async def test_keys_expire_after_their_day(redis_server):
    async with a_process(redis_server.url, per_user=1.0, per_account=1.0) as budgets:
        reservation = await budgets.reserve("alice", "lab", 0.1)
        async with Redis.from_url(redis_server.url) as redis:
            keys = await redis.keys("mh:{budget}:*")
            assert len(keys) == 4
            assert all([86400 < await redis.ttl(key) <= 2 * 86400 for key in keys])
        await budgets.settle(reservation, 0.1)
