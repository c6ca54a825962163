"""Where Fireworks differs from the shared dialect."""

import httpx
import pytest

from core.clock import SystemClock
from core.domain.parameters import Parameters, Reasoning
from core.providers import causes
from core.providers.fireworks import Fireworks
from core.providers.problem import Problem
from core.settings import Account, CallSettings

FIREWORKS = Fireworks(
    Account("fireworks", "https://f.test/v1", "k"), httpx.AsyncClient(), SystemClock(), CallSettings()
)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(503, causes.RATE_LIMITED), (412, causes.UNKNOWN_MODEL), (500, causes.SERVER_ERROR), (429, causes.RATE_LIMITED)],
)
def test_busy_is_a_rate_limit_and_what_is_not_deployed_is_unknown(status, cause):
    assert FIREWORKS.cause_of(status, Problem()) == cause


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [(Reasoning(effort="low"), "low"), (Reasoning(max_tokens=100), 100), (Reasoning(enabled=False), False)],
)
def test_reasoning_is_one_field_whichever_way_it_is_chosen(reasoning, sent):
    assert FIREWORKS.reasoning_fields(reasoning) == {"reasoning_effort": sent}


@pytest.mark.parametrize(("tier", "refused"), [(None, []), ("priority", []), ("flex", ["service_tier"])])
def test_tiers_of_others_are_refused_before_a_call(tier, refused):
    support = FIREWORKS.support("accounts/f/models/m", Parameters(service_tier=tier))
    assert list(support.refused) == refused
