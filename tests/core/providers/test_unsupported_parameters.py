"""Before any call the catalog rejects parameters that a model, an operator or a limit does not allow."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager

import pytest

from core.clock import SystemClock
from core.domain.parameters import Parameters
from core.errors import BadInput
from core.providers.http import open_http
from core.providers.model_catalog import build_catalog, configured_limits
from core.settings import read_settings
from core.throttle.memory import MemoryThrottle
from tests.core.budget.ledgers import no_budgets


@asynccontextmanager
async def open_catalog(**environment):
    keys = {"OPENAI_API_KEY": "k-123456", "OPENROUTER_API_KEY": "k-123456"}
    settings = read_settings({**keys, **environment})
    throttle = MemoryThrottle(configured_limits(settings.providers), max_queue=10)
    async with open_http(settings.calls) as http:
        catalog = build_catalog(
            settings, http, throttle, simulated=(), simulated_models=(), on_call=lambda _end: None,
            clock=SystemClock(), chance=random.Random(1), budgets=no_budgets(),
        )  # fmt: skip
        yield catalog
        await catalog.close()


async def check(model, chosen, purpose="target", **environment):
    async with open_catalog(**environment) as catalog:
        return catalog.check_parameters(model, Parameters.model_validate(chosen), purpose)


async def rejection(*arguments, **environment):
    with pytest.raises(BadInput) as rejected:
        await check(*arguments, **environment)
    return rejected.value


async def test_parameters_that_the_model_takes_are_accepted_without_a_note():
    assert await check("openai/gpt-5", {"reasoning": {"effort": "high"}, "seed": 7}) == ()
    assert await check("openai/gpt-5", {}) == ()


async def test_a_note_names_its_model():
    (note,) = await check("openrouter/a/b", {"seed": 7})
    assert note.startswith("openrouter/a/b: OpenRouter ignores what an upstream does not support (seed)")


@pytest.mark.parametrize("chosen", [{}, {"temperature": 0}])
async def test_an_unknown_model_is_rejected(chosen):
    assert (await rejection("nobody/m", chosen)).code == "unknown_model"


async def test_a_parameter_that_the_model_does_not_take_is_rejected():
    error = await rejection("openai/gpt-5", {"temperature": 0.2})
    assert (error.code, error.details["parameters"]) == (
        "unsupported_parameter",
        {"temperature": "is not taken by a reasoning model"},
    )


async def test_extra_body_takes_only_keys_that_the_operator_allows():
    chosen = {"extra_body": {"top_k": 3, "min_p": 0.1}}
    error = await rejection("openrouter/a/b", chosen)
    assert (error.code, error.details) == ("extra_body_key", {"refused": ["min_p", "top_k"], "allowed": []})
    error = await rejection("openrouter/a/b", chosen, EXTRA_BODY_KEYS="top_k")
    assert (error.message, error.hint) == (
        "extra_body must not set min_p.",
        "An operator allows keys with EXTRA_BODY_KEYS; allowed are: top_k.",
    )
    assert await check("openrouter/a/b", chosen, EXTRA_BODY_KEYS="top_k, min_p") == ()


@pytest.mark.parametrize(
    ("purpose", "limit", "allowed"), [("target", 500, False), ("target", 400, True), ("judge", 500, True)]
)
async def test_an_output_limit_is_at_most_the_operators(purpose, limit, allowed):
    environment = {"TARGET_MAX_OUTPUT_TOKENS": "400", "JUDGE_MAX_OUTPUT_TOKENS": "1000"}
    arguments = ("openai/gpt-5", {"max_output_tokens": limit}, purpose)
    if allowed:
        assert await check(*arguments, **environment) == ()
    else:
        error = await rejection(*arguments, **environment)
        assert (error.code, error.message, error.hint) == (
            "output_limit_too_high",
            "max_output_tokens must be at most 400 here; got 500.",
            "The operator's limit is TARGET_MAX_OUTPUT_TOKENS (400 now).",
        )


async def test_without_an_operators_limit_any_output_limit_is_accepted():
    assert await check("openai/gpt-5", {"max_output_tokens": 1_000_000}) == ()
