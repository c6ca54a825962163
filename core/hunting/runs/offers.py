"""What the catalog and the settings say of a model's price and output limit, for the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.domain.parameters import NO_PARAMETERS, Parameters
from core.hunting.runs.cost_range import Prices
from core.providers.base import ChatRequest
from core.providers.model_catalog import Catalog
from core.providers.prices import FLEX_PRICE, tier_usd
from core.settings import CallSettings


@dataclass(frozen=True)
class CatalogOffers:
    catalog: Catalog
    calls: CallSettings

    def prices(self, model: str, parameters: Parameters = NO_PARAMETERS) -> Prices:
        """Those of the provider's list, else of the price data, at the service tier of the parameters."""
        rates, tier = self.catalog.rates(model), parameters.service_tier
        if tier is None:
            return Prices(*rates)
        received, sent, cached = (tier_usd(rate, tier) for rate in rates)
        provider, own_id = self.catalog.resolve(model)
        ignorable = tier == "flex" and "service_tier" in provider.support(own_id, parameters).may_ignore
        return Prices(received, sent, cached, margin=1 / FLEX_PRICE if ignorable else 1.0)

    def max_output_tokens(
        self, model: str, purpose: Literal["target", "judge"], parameters: Parameters = NO_PARAMETERS
    ) -> int | None:
        """The lower one of what is sent and what the provider's list says; None if neither is known."""
        provider, own_id = self.catalog.resolve(model)
        ours = self.calls.target_max_output_tokens if purpose == "target" else self.calls.judge_max_output_tokens
        request = ChatRequest(
            model=own_id, messages=(), purpose=purpose, max_output_tokens=ours or None, parameters=parameters
        )
        listed = self.catalog.listed(model)
        limits = (provider.output_limit(request).tokens, listed.max_output_tokens if listed else None)
        return min((limit for limit in limits if limit), default=None)
