"""Each provider's exact request for every parameter, and what it rejects before a call."""

from __future__ import annotations

import json

import pytest

from core.clock import SystemClock
from core.domain.chat import Message
from core.domain.parameters import Parameters
from core.errors import BadInput, ProviderError
from core.providers.base import CallContext, ChatRequest
from core.providers.fireworks import Fireworks
from core.providers.model_list.entries import ListedModel
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.providers.openrouter import OpenRouter
from core.providers.unsupported_parameters import refuse_unsupported
from core.settings import Account, CallSettings
from tests.core.providers.raw_provider import raw_provider, says, stream, whole

GOOD = says(
    stream(
        b'{"provider": "Azure", "model": "m-2026", "system_fingerprint": "fp_44", "service_tier": "default", '
        b'"choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}]}',
        b"[DONE]",
    )
)
PLAIN = {
    "model": "m",
    "messages": [{"role": "user", "content": "Hello?"}],
    "stream": True,
    "stream_options": {"include_usage": True},
}
SAME_EVERYWHERE = {
    "system_prompt": (
        {"system_prompt": "Be brief."},
        {"messages": [{"role": "system", "content": "Be brief."}, *PLAIN["messages"]]},
    ),
    "temperature": ({"temperature": 0.2}, {"temperature": 0.2}),
    "temperature of zero": ({"temperature": 0}, {"temperature": 0.0}),
    "top_p": ({"top_p": 0.9}, {"top_p": 0.9}),
    "seed": ({"seed": 7}, {"seed": 7}),
    "stop": ({"stop": ["END", "\n\n"]}, {"stop": ["END", "\n\n"]}),
    "service_tier": ({"service_tier": "priority"}, {"service_tier": "priority"}),
    "extra_body": ({"extra_body": {"top_k": 40, "x": [1]}}, {"top_k": 40, "x": [1]}),
}
ROUTING = {
    "order": ["azure"], "only": ["azure", "openai"], "ignore": ["deepinfra"], "quantizations": ["fp8"],
    "allow_fallbacks": False, "require_parameters": True, "data_collection": "deny",
}  # fmt: skip
DIFFERENT = {
    OpenAI: {
        "max_output_tokens": ({"max_output_tokens": 9}, {"max_completion_tokens": 9}),
        "effort": ({"reasoning": {"effort": "high"}}, {"reasoning_effort": "high"}),
        "reasoning off": ({"reasoning": {"enabled": False}}, {"reasoning_effort": "none"}),
        "reasoning on": ({"reasoning": {"enabled": True}}, {}),
    },
    OpenRouter: {
        "max_output_tokens": ({"max_output_tokens": 9}, {"max_tokens": 9}),
        "effort": ({"reasoning": {"effort": "xhigh"}}, {"reasoning": {"effort": "xhigh"}}),
        "reasoning tokens": ({"reasoning": {"max_tokens": 900}}, {"reasoning": {"max_tokens": 900}}),
        "reasoning off": ({"reasoning": {"enabled": False}}, {"reasoning": {"enabled": False}}),
        "provider": ({"provider": ROUTING}, {"provider": ROUTING}),
    },
    Fireworks: {
        "max_output_tokens": ({"max_output_tokens": 9}, {"max_tokens": 9}),
        "effort": ({"reasoning": {"effort": "low"}}, {"reasoning_effort": "low"}),
        "reasoning tokens": ({"reasoning": {"max_tokens": 900}}, {"reasoning_effort": 900}),
        "reasoning off": ({"reasoning": {"enabled": False}}, {"reasoning_effort": False}),
    },
    OpenAICompatible: {
        "max_output_tokens": ({"max_output_tokens": 9}, {"max_tokens": 9}),
        "effort": ({"reasoning": {"effort": "minimal"}}, {"reasoning_effort": "minimal"}),
    },
}
EXTRA = {OpenRouter: {"usage": {"include": True}}}
BODIES = [
    pytest.param(kind, chosen, fields, id=f"{kind.__name__}: {name}")
    for kind, own in DIFFERENT.items()
    for name, (chosen, fields) in ({"nothing": ({}, {})} | SAME_EVERYWHERE | own).items()
]


def request(model="m", limit=None, **chosen):
    parameters = Parameters.model_validate(chosen)
    messages = (Message(role="user", content="Hello?"),)
    return ChatRequest(model=model, messages=messages, max_output_tokens=limit, parameters=parameters)


def sent(provider):
    return [json.loads(one.partition(b"\r\n\r\n")[2]) for one in provider.requests]


def refuses(message, **fields):
    return says(whole("400 Bad Request", json.dumps({"error": {"message": message, **fields}}).encode()))


@pytest.mark.parametrize(("kind", "chosen", "fields"), BODIES)
async def test_the_request_has_exactly_the_chosen_parameters(caller, kind, chosen, fields):
    async with raw_provider(GOOD) as provider, caller(provider.base_url, kind=kind) as calls:
        reply = await calls.retrying.complete(request(**chosen), CallContext())
        body = {**PLAIN, **EXTRA.get(kind, {}), **fields}
        assert sent(provider) == [body]
    assert json.loads(reply.raw_request) == {name: value for name, value in body.items() if name != "messages"}


async def test_a_reply_names_its_upstream_its_model_version_and_its_fingerprint(caller):
    async with raw_provider(GOOD) as provider, caller(provider.base_url) as calls:
        reply = await calls.retrying.complete(request(), CallContext())
    assert (reply.upstream, reply.model, reply.system_fingerprint) == ("Azure", "m-2026", "fp_44")
    assert json.loads(reply.raw_reply)["provider"] == "Azure"


async def test_a_chosen_output_limit_replaces_the_operators(caller):
    async with raw_provider(GOOD) as provider, caller(provider.base_url) as calls:
        await calls.retrying.complete(request(limit=16_000, max_output_tokens=50), CallContext())
        assert sent(provider)[0]["max_tokens"] == 50


# -- rejected before a call

REFUSED = [
    (OpenAI, "gpt-5", {"temperature": 0.2, "top_p": 1, "stop": ["x"]}, ["temperature", "top_p", "stop"]),
    (OpenAI, "o4-mini", {"temperature": 0}, ["temperature"]),
    (OpenAI, "gpt-5.1", {"temperature": 0}, ["temperature"]),
    (OpenAI, "gpt-5.1", {"temperature": 0, "reasoning": {"effort": "none"}}, []),
    (OpenAI, "gpt-5", {"temperature": 0, "reasoning": {"effort": "none"}}, ["temperature", "reasoning"]),
    (OpenAI, "gpt-5-chat-latest", {"temperature": 0}, []),
    (OpenAI, "gpt-4o", {"temperature": 0, "top_p": 0.5, "stop": ["x"], "seed": 1}, []),
    (OpenAI, "gpt-4o", {"reasoning": {"effort": "low"}}, ["reasoning"]),
    (OpenAI, "gpt-5-chat-latest", {"reasoning": {"effort": "low"}}, ["reasoning"]),
    (OpenAI, "gpt-5", {"reasoning": {"effort": "minimal"}}, []),
    (OpenAI, "o3", {"reasoning": {"effort": "minimal"}}, ["reasoning"]),
    (OpenAI, "gpt-5.2", {"reasoning": {"effort": "xhigh"}}, []),
    (OpenAI, "gpt-5", {"reasoning": {"max_tokens": 100}}, ["reasoning"]),
    (OpenAI, "gpt-5", {"service_tier": "flex", "seed": 3, "max_output_tokens": 9}, []),
    (OpenAI, "ft:gpt-4o:acme", {"temperature": 0}, []),
    (OpenAI, "gpt-5", {"provider": {"only": ["azure"]}}, ["provider"]),
    (OpenRouter, "openai/gpt-5", {"temperature": 0, "provider": {"only": ["azure"]}}, []),
    (Fireworks, "m", {"provider": {"only": ["azure"]}}, ["provider"]),
    (Fireworks, "m", {"service_tier": "flex"}, ["service_tier"]),
    (OpenAICompatible, "m", {"reasoning": {"max_tokens": 9}}, ["reasoning"]),
    (OpenAICompatible, "m", {"reasoning": {"enabled": False}}, ["reasoning"]),
    (OpenAICompatible, "m", {"provider": {"order": ["azure"]}, "temperature": 1}, ["provider"]),
]


@pytest.mark.parametrize(("kind", "model", "chosen", "refused"), REFUSED)
async def test_what_a_model_does_not_take_is_rejected_before_a_call(caller, kind, model, chosen, refused):
    async with raw_provider(GOOD) as provider, caller(provider.base_url, kind=kind) as calls:
        support = calls.retrying.support(model, Parameters.model_validate(chosen))
        assert sorted(support.refused) == sorted(refused)
        assert provider.requests == []


def test_a_rejection_names_the_model_and_every_parameter(support_of_gpt5):
    with pytest.raises(BadInput) as rejected:
        refuse_unsupported("openai/gpt-5", support_of_gpt5)
    assert rejected.value.message == (
        "openai/gpt-5 cannot be called like this: reasoning takes an effort at OpenAI, not a number of tokens; "
        "temperature is not taken by a reasoning model."
    )
    assert rejected.value.code == "unsupported_parameter"
    assert set(rejected.value.details["parameters"]) == {"reasoning", "temperature"}


@pytest.fixture
async def support_of_gpt5(caller):
    async with caller("http://127.0.0.1:9/v1", kind=OpenAI) as calls:
        chosen = {"temperature": 0.2, "reasoning": {"max_tokens": 5}}
        yield calls.retrying.support("gpt-5", Parameters.model_validate(chosen))


async def test_openrouter_says_which_parameters_an_upstream_may_ignore(caller):
    async with caller("http://127.0.0.1:9/v1") as calls:
        noted = calls.retrying.support("m", Parameters.model_validate({"temperature": 0, "seed": 1}))
        required = {"temperature": 0, "provider": {"require_parameters": True}}
        assert calls.retrying.support("m", Parameters.model_validate(required)).notes == ()
    assert noted.notes == (
        "OpenRouter ignores what an upstream does not support (temperature, seed), unless provider.require_parameters "
        "is true.",
    )


LISTED = ListedModel(id="a/b", parameters=("max_tokens", "reasoning", "seed"))


@pytest.mark.parametrize(
    ("chosen", "refused", "notes"),
    [
        ({"seed": 1}, [], ["OpenRouter ignores what an upstream does not support (seed), unless"]),
        ({"temperature": 0, "stop": ["x"]}, [], ["OpenRouter ignores temperature, stop: no upstream of this model"]),
        (
            {"temperature": 0, "seed": 1},
            [],
            [
                "OpenRouter ignores temperature: no upstream",
                "OpenRouter ignores what an upstream does not support (seed)",
            ],
        ),
        ({"temperature": 0, "seed": 1, "provider": {"require_parameters": True}}, ["temperature"], []),
        ({"service_tier": "flex"}, [], ["OpenRouter ignores what an upstream does not support (service_tier)"]),
    ],
)
def test_openrouters_list_says_what_no_upstream_supports(chosen, refused, notes):
    provider = OpenRouter(Account("openrouter", "http://127.0.0.1:9/v1"), None, SystemClock(), CallSettings())
    provider.use_list(lambda _model: LISTED)
    support = provider.support("a/b", Parameters.model_validate(chosen))
    assert list(support.refused) == refused
    assert [note.startswith(begin) for note, begin in zip(support.notes, notes, strict=True)] == [True] * len(notes)


# -- rejected by the provider


@pytest.mark.parametrize(
    ("chosen", "message", "hint"),
    [
        ({"temperature": 2}, "Unsupported value: 'temperature' does not support 2", "temperature"),
        ({"extra_body": {"top_k": 3}}, "Unrecognized request argument supplied: top_k", "top_k"),
        ({"reasoning": {"effort": "high"}}, "reasoning.effort is not supported by this model", "reasoning"),
    ],
)
async def test_a_chosen_parameter_that_the_provider_rejects_fails_the_call_and_is_named(caller, chosen, message, hint):
    async with raw_provider(refuses(message), GOOD) as provider, caller(provider.base_url, attempts=3) as calls:
        with pytest.raises(ProviderError) as failed:
            await calls.retrying.complete(request(**chosen), CallContext())
        assert len(provider.requests) == 1
    assert (failed.value.code, failed.value.hint) == (
        "bad_request", f"Change or remove {hint} in this model's parameters.",
    )  # fmt: skip


async def test_a_chosen_output_limit_that_is_too_large_is_never_dropped(caller):
    too_large = "max_tokens is too large: 90000. This model supports at most 4096 completion tokens"
    async with raw_provider(refuses(too_large), GOOD) as provider, caller(provider.base_url, attempts=3) as calls:
        with pytest.raises(ProviderError) as failed:
            await calls.retrying.complete(request(max_output_tokens=90_000), CallContext())
        assert len(provider.requests) == 1
    assert failed.value.hint == (
        "Set max_output_tokens of the model's parameters (90,000 now) to what the model takes."
    )


async def test_a_limit_learnt_from_the_operators_call_does_not_drop_a_chosen_one(caller):
    too_large = refuses("max_tokens is too large: 16000. This model supports at most 4096 completion tokens")
    async with raw_provider(too_large, GOOD, GOOD) as provider, caller(provider.base_url) as calls:
        await calls.retrying.complete(request(limit=16_000), CallContext())
        await calls.retrying.complete(request(max_output_tokens=20_000), CallContext())
        assert [body.get("max_tokens") for body in sent(provider)] == [16_000, None, 20_000]


async def test_a_chosen_output_limit_takes_the_other_name_where_the_provider_wants_it(caller):
    renamed = refuses("Use 'max_completion_tokens' instead.", param="max_tokens")
    async with raw_provider(renamed, GOOD) as provider, caller(provider.base_url) as calls:
        reply = await calls.retrying.complete(request(max_output_tokens=50), CallContext())
        assert sent(provider)[1]["max_completion_tokens"] == 50
    assert json.loads(reply.raw_request)["max_completion_tokens"] == 50


# -- cost


@pytest.mark.parametrize(("tier", "share"), [("default", 1.0), ("flex", 0.5), ("priority", None)])
async def test_the_cost_is_that_of_the_tier_that_answered(caller, tier, share):
    answer = {
        "service_tier": tier,
        "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0},
        "choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}],
    }
    says_tier = says(stream(json.dumps(answer).encode(), b"[DONE]"))
    async with raw_provider(says_tier) as provider, caller(provider.base_url, kind=OpenAI) as calls:
        reply = await calls.retrying.complete(request("gpt-5", service_tier="flex"), CallContext())
    assert reply.cost_usd == (None if share is None else pytest.approx(1.25 * share))
