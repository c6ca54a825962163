"""The contract of the budgets, without Redis and with it."""

import asyncio
from datetime import timedelta

import pytest

from core.budget.budgets import NoRoomYet
from core.errors import BudgetSpent
from tests.builders import NOW, HandClock
from tests.core.budget.ledgers import a_process


@pytest.fixture(params=["memory", "redis"])
def opened(request):
    """Opens the budgets of one process."""
    url = request.getfixturevalue("redis_server").url if request.param == "redis" else ""
    return lambda **limits: a_process(url, **limits)


async def spend(budgets, cost, user="alice", account="lab", expected=0.1):
    await budgets.settle(await budgets.reserve(user, account, expected), cost)


async def left(budgets, user="alice", account="lab"):
    return {(s.kind, s.name): round(s.left_usd, 9) for s in await budgets.states((user,), (account,))}


async def test_without_limits_nothing_is_counted(opened):
    async with opened() as budgets:
        assert not budgets.active
        assert await budgets.reserve("alice", "lab", 5.0) is None
        await budgets.settle(None, 5.0)
        assert await budgets.states(("alice",), ("lab",)) == ()


async def test_people_and_accounts_are_counted_apart(opened):
    async with opened(per_user=1.0, per_account=2.0) as budgets:
        await spend(budgets, 0.4)
        await spend(budgets, 0.25, user="bob")
        await spend(budgets, 0.1, account="other")
        assert await left(budgets) == {("user", "alice"): 0.5, ("account", "lab"): 1.35}
        assert await left(budgets, "bob", "other") == {("user", "bob"): 0.75, ("account", "other"): 1.9}


async def test_a_call_in_flight_is_reserved_and_then_costs_what_it_cost(opened):
    async with opened(per_account=1.0) as budgets:
        reservation = await budgets.reserve("", "lab", 0.3)
        (state,) = await budgets.states((), ("lab",))
        assert (state.spent_usd, state.reserved_usd, state.left_usd) == (0.0, 0.3, 0.7)
        await budgets.settle(reservation, 0.05)
        (state,) = await budgets.states((), ("lab",))
        assert (state.spent_usd, state.reserved_usd, state.left_usd) == (0.05, 0.0, 0.95)


@pytest.mark.parametrize(
    ("limits", "kind", "message"),
    [
        ({"per_user": 0.5}, "user", "The daily budget per person ($0.50) is spent."),
        ({"per_account": 0.5}, "account", "The daily budget of the account lab ($0.50) is spent."),
    ],
)
async def test_a_spent_budget_refuses_before_a_run_and_before_a_call(opened, limits, kind, message):
    clock = HandClock()
    async with opened(**limits, clock=clock) as budgets:
        await budgets.refuse_spent("alice", ("lab",))
        await spend(budgets, 0.5)
        for refused in (budgets.refuse_spent("alice", ("x", "lab")), budgets.reserve("alice", "lab", 0.0)):
            with pytest.raises(BudgetSpent) as error:
                await refused
            assert (error.value.message, error.value.details["kind"]) == (message, kind)
            midnight = (NOW + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            assert error.value.details["retry_after_s"] == int((midnight - NOW).total_seconds()) + 1
        assert await budgets.reserve("bob", "other", 0.1)


async def test_what_is_left_pays_for_calls_until_nothing_is(opened):
    async with opened(per_account=1.0) as budgets:
        await spend(budgets, 0.999)
        reservation = await budgets.reserve("", "lab", 0.5)  # the last call may exceed it
        with pytest.raises(NoRoomYet):
            await budgets.reserve("", "lab", 0.0)
        await budgets.settle(reservation, 0.0)
        assert await budgets.reserve("", "lab", 0.0)


async def test_a_call_waits_while_only_calls_in_flight_use_the_budget_up(opened):
    async with opened(per_account=1.0, max_wait_s=60.0) as budgets:
        in_flight = await budgets.reserve("", "lab", 1.0)
        await budgets.refuse_spent("", ("lab",))  # a run may begin
        with pytest.raises(NoRoomYet):
            await budgets.reserve("", "lab", 0.1)
        waiting = asyncio.gather(*(budgets.wait_for_room("", "lab") for _ in range(9)))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await budgets.settle(in_flight, 0.2)
        await waiting
        await spend(budgets, 0.8, user="")
        for refused in (budgets.reserve("", "lab", 0.1), budgets.wait_for_room("", "lab")):
            with pytest.raises(BudgetSpent):
                await refused


async def test_a_call_that_waits_too_long_is_refused(opened):
    async with opened(per_account=1.0) as budgets:
        await budgets.reserve("", "lab", 1.0)
        with pytest.raises(BudgetSpent):
            await budgets.wait_for_room("", "lab")


async def test_a_refused_call_reserves_nothing_anywhere(opened):
    async with opened(per_user=9.0, per_account=0.5) as budgets:
        await spend(budgets, 0.5)
        with pytest.raises(BudgetSpent):
            await budgets.reserve("alice", "lab", 3.0)
        assert (await left(budgets))["user", "alice"] == 8.5


async def test_unknown_costs_count_as_nothing_and_are_visible(opened):
    async with opened(per_account=1.0) as budgets:
        await spend(budgets, None)
        (state,) = await budgets.states((), ("lab",))
        assert (state.spent_usd, state.reserved_usd, state.unknown_calls) == (0.0, 0.0, 1)


async def test_a_call_of_unknown_price_reserves_nothing_and_settles(opened):
    clock = HandClock()
    async with opened(per_account=1.0, clock=clock, lapse_s=60.0) as budgets:
        await spend(budgets, 0.25, expected=0.0)
        await budgets.reserve("alice", "lab", 0.0)
        clock.seconds += 61
        (state,) = await budgets.states((), ("lab",))
        assert (state.spent_usd, state.reserved_usd) == (0.25, 0.0)


async def test_the_next_day_starts_at_zero_and_a_late_call_counts_for_its_own_day(opened):
    clock = HandClock()
    async with opened(per_account=1.0, clock=clock) as budgets:
        late = await budgets.reserve("", "lab", 0.1)
        await spend(budgets, 0.9)
        clock.seconds += 86400
        assert await left(budgets) == {("account", "lab"): 1.0}
        await budgets.settle(late, 5.0)
        assert await left(budgets) == {("account", "lab"): 1.0}


async def test_a_call_that_never_settles_counts_as_spent_after_a_while(opened):
    clock = HandClock()
    async with opened(per_account=1.0, clock=clock, lapse_s=60.0) as budgets:
        await budgets.reserve("", "lab", 0.25)
        clock.seconds += 61
        (state,) = await budgets.states((), ("lab",))
        assert (state.spent_usd, state.reserved_usd) == (0.25, 0.0)


async def test_many_calls_at_once_exceed_a_budget_by_the_calls_in_flight_at_most(opened):
    async with opened(per_account=1.0) as budgets:
        slots, spent, refused = asyncio.Semaphore(8), [], []

        async def call():
            async with slots:
                try:
                    reservation = await budgets.reserve("", "lab", 0.01)
                except (BudgetSpent, NoRoomYet):
                    refused.append(1)
                    return
                await asyncio.sleep(0.001)
                spent.append(0.02)
                await budgets.settle(reservation, 0.02)

        await asyncio.gather(*(call() for _ in range(200)))
        assert 1.0 <= round(sum(spent), 9) <= 1.0 + 8 * 0.02
        (state,) = await budgets.states((), ("lab",))
        assert (round(state.spent_usd, 9), state.reserved_usd) == (round(sum(spent), 9), 0.0)
        assert len(spent) + len(refused) == 200


@pytest.mark.parametrize(("spent", "left"), [(1.92, 0.05), (1.98, 0.05), (1.9999, 0.05), (2.0, 0.0)])
async def test_trainers_cannot_follow_the_last_step_of_a_budget(opened, spent, left):
    async with opened(per_user=2.0) as budgets:
        await spend(budgets, spent)
        (state,) = await budgets.rough_states("alice", ())
        assert (state.left_usd, state.spent_usd) == (left, 2.0 - left)


async def test_trainers_see_what_is_left_in_steps_without_names(opened):
    async with opened(per_user=2.0) as budgets:
        await spend(budgets, 0.4321)
        (state,) = await budgets.rough_states("alice", ("lab",))
        assert (state.name, state.left_usd, state.spent_usd) == ("", 1.5, 0.5)
        await spend(budgets, 1.56)
        (state,) = await budgets.rough_states("alice", ("lab",))
        assert state.left_usd == 0.05
        await spend(budgets, 0.1)
        (state,) = await budgets.rough_states("alice", ("lab",))
        assert state.left_usd == 0.0
