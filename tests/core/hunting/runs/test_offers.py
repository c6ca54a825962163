"""The prices that the estimate uses are those of the service tier."""

import pytest

from core.clock import SystemClock
from core.domain.parameters import Parameters
from core.hunting.runs.cost_range import Prices
from core.hunting.runs.offers import CatalogOffers
from core.providers.openai import OpenAI
from core.providers.openrouter import OpenRouter
from core.providers.prices import ModelRates
from core.settings import Account, CallSettings


class OneProvider:
    """A catalog with one provider, all of whose models have the same rates."""

    def __init__(self, kind):
        self.provider = kind(Account("lab", "http://127.0.0.1:9/v1"), None, SystemClock(), CallSettings())

    def rates(self, _model):
        return ModelRates(1.0, 8.0, 0.5)

    def resolve(self, model):
        return self.provider, model.partition("/")[2]


@pytest.mark.parametrize(
    ("kind", "parameters", "prices"),
    [
        (OpenAI, {}, Prices(1.0, 8.0, 0.5)),
        (OpenAI, {"service_tier": "default"}, Prices(1.0, 8.0, 0.5)),
        (OpenAI, {"service_tier": "flex"}, Prices(0.5, 4.0, 0.25)),
        (OpenAI, {"service_tier": "priority"}, Prices(None, None, None)),
        (OpenRouter, {"service_tier": "flex"}, Prices(0.5, 4.0, 0.25, margin=2.0)),
        (OpenRouter, {"service_tier": "flex", "provider": {"require_parameters": True}}, Prices(0.5, 4.0, 0.25)),
    ],
)
def test_prices_follow_the_service_tier_and_who_may_ignore_it(kind, parameters, prices):
    offers = CatalogOffers(OneProvider(kind), CallSettings())
    assert offers.prices("lab/m", Parameters.model_validate(parameters)) == prices
