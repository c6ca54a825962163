"""Calls reserve what they are expected to cost, once they have a slot, and settle what they did."""

import asyncio

import pytest

from core.clock import SystemClock
from core.domain.chat import Message, Reply, Usage
from core.domain.parameters import Parameters
from core.errors import Advice, BudgetSpent, ProviderError
from core.providers import budgeted
from core.providers.base import CallContext, ChatRequest, Provider
from core.providers.budgeted import Budgeted
from core.providers.prices import UNKNOWN_RATES, ModelRates
from core.providers.throttled import Throttled
from core.throttle.memory import MemoryThrottle
from tests.core.budget.ledgers import a_process

REQUEST = ChatRequest(model="m", messages=(Message(role="user", content="p" * 4_000),), max_output_tokens=500)
ALICE = CallContext(user="alice")


class Answering(Provider):
    name = account = "lab"

    def __init__(self, answer, simulated=False):
        self.answer, self.simulated, self.calls = answer, simulated, 0

    async def complete(self, _request, context):
        await context.on_slot()
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return await self.answer() if callable(self.answer) else self.answer


def reply(cost=None, **usage):
    return Reply(text="x", cost_usd=cost, cost_source="unknown" if cost is None else "provider", usage=Usage(**usage))


def failure(code):
    return ProviderError(code, code=code, advice=Advice.NEVER)


def priced(_model):
    return ModelRates(10.0, 20.0, 1.0)


def unpriced(_model):
    return UNKNOWN_RATES


async def spent(budgets):
    return [
        (s.kind, round(s.spent_usd, 9), round(s.reserved_usd, 9), s.unknown_calls)
        for s in await budgets.states(("alice",), ("lab",))
    ]


async def test_what_the_provider_bills_counts_for_the_person_and_the_account():
    async with a_process(per_user=1.0, per_account=1.0) as budgets:
        await Budgeted(Answering(reply(0.25)), budgets, priced).complete(REQUEST, ALICE)
        assert await spent(budgets) == [("user", 0.25, 0, 0), ("account", 0.25, 0, 0)]


async def test_without_a_price_the_call_counts_as_unknown():
    async with a_process(per_account=1.0) as budgets:
        found = await Budgeted(Answering(reply(input_tokens=1, output_tokens=1)), budgets, unpriced).complete(
            REQUEST, ALICE
        )
        assert found.cost_usd is None
        assert await spent(budgets) == [("account", 0, 0, 1)]


async def test_a_spent_budget_calls_nobody():
    async with a_process(per_account=0.2) as budgets:
        inner = Answering(reply(0.2))
        provider = Budgeted(inner, budgets, priced)
        await provider.complete(REQUEST, ALICE)
        with pytest.raises(BudgetSpent):
            await provider.complete(REQUEST, ALICE)
        assert inner.calls == 1


@pytest.mark.parametrize(
    ("code", "counted"), [("rate_limited", 0.0), ("unauthorized", 0.0), ("timeout", 0.02), ("cut_stream", 0.02)]
)
async def test_a_failure_counts_where_the_provider_may_bill_it(code, counted):
    async with a_process(per_account=1.0) as budgets:
        with pytest.raises(ProviderError):
            await Budgeted(Answering(failure(code)), budgets, priced).complete(REQUEST, ALICE)
        assert await spent(budgets) == [("account", counted, 0, 0)]  # 1,000 tokens in, 500 out


@pytest.mark.parametrize(("tier", "reserved"), [("flex", 0.01), ("priority", 0.02)])
async def test_a_first_call_is_expected_to_cost_what_its_tier_does(tier, reserved):
    request = REQUEST.model_copy(update={"parameters": Parameters(service_tier=tier)})
    async with a_process(per_account=1.0) as budgets:
        with pytest.raises(ProviderError):
            await Budgeted(Answering(failure("timeout")), budgets, priced).complete(request, ALICE)
        assert await spent(budgets) == [("account", reserved, 0, 0)]


async def test_the_latest_costs_are_expected_of_the_next_call():
    async with a_process(per_account=9.0) as budgets:
        inner = Answering(reply(0.5))
        provider = Budgeted(inner, budgets, unpriced)
        await provider.complete(REQUEST, ALICE)
        inner.answer = asyncio.Event().wait
        calling = asyncio.create_task(provider.complete(REQUEST, ALICE))
        while inner.calls < 2:
            await asyncio.sleep(0)
        assert await spent(budgets) == [("account", 0.5, 0.5, 0)]
        calling.cancel()
        await asyncio.wait([calling])
        assert await spent(budgets) == [("account", 0.5, 0.5, 0)]  # what a cancelled call costs is never known


async def test_the_system_prompt_is_expected_to_cost_too():
    request = REQUEST.model_copy(update={"parameters": Parameters(system_prompt="s" * 4_000)})
    async with a_process(per_account=1.0) as budgets:
        with pytest.raises(ProviderError):
            await Budgeted(Answering(failure("timeout")), budgets, priced).complete(request, ALICE)
        assert await spent(budgets) == [("account", 0.03, 0, 0)]


async def test_the_costs_of_new_models_are_learnt_however_many_were_called_before(monkeypatch):
    monkeypatch.setattr(budgeted, "MAX_MODELS", 2)
    async with a_process(per_account=9.0) as budgets:
        inner = Answering(reply(0.5))
        provider = Budgeted(inner, budgets, unpriced)
        for model in "abc":
            await provider.complete(REQUEST.model_copy(update={"model": model}), ALICE)
        inner.answer = failure("timeout")
        with pytest.raises(ProviderError):
            await provider.complete(REQUEST.model_copy(update={"model": "c"}), ALICE)
        assert await spent(budgets) == [("account", 2.0, 0, 0)]


async def test_a_call_holds_no_slot_while_it_waits_for_others_to_settle():
    throttle = MemoryThrottle([("lab", 1)], max_queue=10)
    async with a_process(per_account=1.0, max_wait_s=60.0) as budgets:
        in_flight = await budgets.reserve("", "lab", 1.0)
        inner = Answering(reply(0.1))
        throttled = Throttled(inner, throttle, SystemClock(), lambda _end: None)
        waiting = [asyncio.create_task(Budgeted(throttled, budgets, priced).complete(REQUEST, ALICE)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert (inner.calls, throttle.load()[0].in_flight) == (0, 0)
        await budgets.settle(in_flight, 0.2)
        await asyncio.gather(*waiting)
        assert await spent(budgets) == [("account", 0.5, 0, 0)]


async def test_simulated_models_need_no_budget():
    async with a_process(per_account=0.1) as budgets:
        provider = Budgeted(Answering(reply(0.0), simulated=True), budgets, priced)
        await provider.complete(REQUEST, ALICE)
        assert await spent(budgets) == [("account", 0, 0, 0)]
