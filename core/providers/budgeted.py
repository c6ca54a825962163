"""Reserves each call's expected cost from the daily budgets, and settles what it did cost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from cachetools import LRUCache

from core.budget.base import Reservation
from core.budget.budgets import Budgets, NoRoomYet
from core.domain.chat import Reply
from core.domain.parameters import target_id
from core.errors import ProviderError
from core.providers.base import CallContext, ChatRequest, Provider, ProviderLayer
from core.providers.prices import ModelRates, tier_usd

CHARS_PER_TOKEN = 4
USUAL_OUTPUT_TOKENS = 1_000
"""Expected output of a model that has not replied yet."""
COSTS_KEPT = 50
"""Latest costs of a model, whose mean is expected of its next call."""
MAX_MODELS = 2_000
MTOK = 1_000_000
MAYBE_BILLED = frozenset({"timeout", "silent", "cut_stream", "empty_reply", "bad_reply", "output_limit", "refused"})
"""Failures after which the provider may bill what it had generated: the expected cost counts."""
Rates = Callable[[str], ModelRates]
"""The rates of a model ID of this provider."""


class Budgeted(ProviderLayer):
    """The layer around the throttle. It reserves once a call has its slot, so only calls in flight hold a reservation,
    and waits for room without one."""

    def __init__(self, inner: Provider, budgets: Budgets, rates: Rates) -> None:
        super().__init__(inner)
        self._budgets = budgets
        self._rates = rates
        self._costs: LRUCache[tuple[str, str], deque[float]] = LRUCache(MAX_MODELS)

    async def complete(self, request: ChatRequest, context: CallContext) -> Reply:
        """Like the provider's. Also raises BudgetSpent, before the request is sent.

        A cancelled call keeps its reservation, which counts as spent after a while: what it cost is never known.
        """
        if self.simulated or not self._budgets.active:
            return await self._inner.complete(request, context)
        while True:
            try:
                return await self._complete(request, context)
            except NoRoomYet:
                await self._budgets.wait_for_room(context.user, self.account)

    async def _complete(self, request: ChatRequest, context: CallContext) -> Reply:
        expected = self._expected_usd(request)
        reservation: Reservation | None = None

        async def reserve() -> None:
            nonlocal reservation
            reservation = await self._budgets.reserve(context.user, self.account, expected)
            await context.on_slot()

        try:
            reply = await self._inner.complete(request, replace(context, on_slot=reserve))
        except ProviderError as error:
            await self._budgets.settle(reservation, expected if error.code in MAYBE_BILLED else 0.0)
            raise
        await self._budgets.settle(reservation, reply.cost_usd)
        if reply.cost_usd is not None:
            self._costs.setdefault(_key(request), deque(maxlen=COSTS_KEPT)).append(reply.cost_usd)
        return reply

    def _expected_usd(self, request: ChatRequest) -> float:
        """The mean of the model's latest costs, else its price for the prompt and a usual output; 0 if unknown."""
        if costs := self._costs.get(_key(request)):
            return sum(costs) / len(costs)
        received, sent, _ = self._rates(request.model)
        prompt = sum(len(message.content) for message in request.every_message) / CHARS_PER_TOKEN
        output = min(USUAL_OUTPUT_TOKENS, self.output_limit(request).tokens or USUAL_OUTPUT_TOKENS)
        usual = (prompt * (received or 0.0) + output * (sent or 0.0)) / MTOK
        expected = tier_usd(usual, request.parameters.service_tier or "")
        return usual if expected is None else expected


def _key(request: ChatRequest) -> tuple[str, str]:
    """Requests of one key cost alike."""
    return request.purpose, target_id(request.model, request.parameters)
