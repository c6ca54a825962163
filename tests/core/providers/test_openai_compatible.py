"""What a judge's request has besides its messages: defaults, log-probabilities and marks for prompt caches."""

import json
import math

import pytest

from core.domain.chat import Message
from core.domain.parameters import NO_PARAMETERS, Parameters
from core.providers.base import CallContext, ChatRequest, SharedPrefix
from core.providers.fireworks import Fireworks
from core.providers.model_list.entries import ListedModel
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.providers.openrouter import OpenRouter
from tests.core.providers.raw_provider import raw_provider, says, stream, whole

COLD = Parameters(temperature=0.0)
LOW = Parameters.model_validate({"temperature": 0.0, "reasoning": {"effort": "low"}})
MESSAGES = (Message(role="system", content="Judge."), Message(role="user", content="sharedend"))
TOKENS = [{"token": "PA", "logprob": -0.5, "bytes": [80, 65]}, {"token": "SS", "logprob": 0.0}]
CHUNKS = [
    {"choices": [{"delta": {"content": "PA"}, "logprobs": {"content": TOKENS[:1], "refusal": None}}]},
    {"choices": [{"delta": {"content": "SS"}, "logprobs": {"content": TOKENS[1:]}, "finish_reason": "stop"}]},
]
GOOD = says(stream(*(json.dumps(chunk).encode() for chunk in CHUNKS), b"[DONE]"))


def refuses(message, status="400 Bad Request", **fields):
    return says(whole(status, json.dumps({"error": {"message": message, **fields}}).encode()))


def request(model="m", **changes):
    return ChatRequest(model=model, messages=MESSAGES, purpose="judge", **changes)


def sent(provider):
    return [json.loads(each.partition(b"\r\n\r\n")[2]) for each in provider.requests]


async def bodies(caller, kind, *requests, listed=None, answers=(GOOD,)):
    async with raw_provider(*answers) as provider, caller(provider.base_url, kind=kind) as calls:
        calls.provider.use_list(lambda model: listed and listed.model_copy(update={"id": model}))
        replies = [await calls.retrying.complete(one, CallContext()) for one in requests]
        return sent(provider), replies


def listed(*parameters, reasoning=False):
    return ListedModel(id="m", parameters=parameters, reasoning=reasoning)


@pytest.mark.parametrize(
    ("kind", "model", "defaults", "parameters", "known", "expected"),
    [
        (OpenAICompatible, "m", COLD, NO_PARAMETERS, None, {"temperature": 0.0}),
        (OpenAICompatible, "m", COLD, Parameters(temperature=0.7), None, {"temperature": 0.7}),
        (OpenAICompatible, "m", LOW, NO_PARAMETERS, None, {"temperature": 0.0}),
        (OpenAI, "gpt-4.1", LOW, NO_PARAMETERS, None, {"temperature": 0.0}),
        (OpenAI, "gpt-5", COLD, NO_PARAMETERS, None, {}),
        (OpenAI, "gpt-5", LOW, NO_PARAMETERS, None, {"reasoning_effort": "low"}),
        (OpenAI, "gpt-5.1", COLD, Parameters(reasoning={"effort": "none"}), None,
         {"temperature": 0.0, "reasoning_effort": "none"}),
        (OpenRouter, "a/m", LOW, NO_PARAMETERS, listed("temperature", "reasoning", reasoning=True),
         {"temperature": 0.0, "reasoning": {"effort": "low"}}),
        (OpenRouter, "a/m", LOW, NO_PARAMETERS, listed("reasoning", reasoning=True), {"reasoning": {"effort": "low"}}),
        (OpenRouter, "a/m", LOW, NO_PARAMETERS, listed("temperature"), {"temperature": 0.0}),
        (Fireworks, "m", LOW, NO_PARAMETERS, None, {"temperature": 0.0}),
    ],
)  # fmt: skip
async def test_defaults_are_sent_where_the_model_takes_them(caller, kind, model, defaults, parameters, known, expected):
    wanted = request(model, default_parameters=defaults, parameters=parameters)
    (body,), _ = await bodies(caller, kind, wanted, listed=known)
    assert {name: body[name] for name in ("temperature", "reasoning", "reasoning_effort") if name in body} == expected


async def test_a_default_that_a_model_rejects_is_left_out_and_a_chosen_value_is_not(caller):
    refusal = refuses("Unsupported value: 'temperature' does not support 0 with this model.", param="temperature")
    wanted = request(default_parameters=COLD)
    seen, (first, again) = await bodies(caller, OpenAICompatible, wanted, wanted, answers=(refusal, GOOD))
    assert ["temperature" in body for body in seen] == [True, False, False]
    assert (first.calls, again.calls) == (2, 1)


@pytest.mark.parametrize(
    "refusal",
    [
        refuses("'logprobs' is not supported with this model.", param="logprobs"),
        refuses("You are not allowed to request logprobs from this model.", "403 Forbidden"),
    ],
)
async def test_log_probabilities_are_asked_for_until_a_model_rejects_them(caller, refusal):
    wanted = request(logprobs=True)
    seen, replies = await bodies(caller, OpenAICompatible, wanted, wanted, answers=(refusal, GOOD))
    assert [body.get("logprobs") for body in seen] == [True, None, None]
    assert [reply.calls for reply in replies] == [2, 1]


async def test_log_probabilities_come_with_the_reply_and_are_neither_stored_nor_in_the_raw_reply(caller):
    _, (reply,) = await bodies(caller, OpenAICompatible, request(logprobs=True))
    assert reply.logprobs.tokens == ("PA", "SS")
    assert math.exp(sum(reply.logprobs.logprobs)) == pytest.approx(math.exp(-0.5))
    assert "logprob" not in reply.raw_reply
    assert "logprobs" not in reply.model_dump()
    _, (unasked,) = await bodies(caller, OpenAICompatible, request())
    assert unasked.logprobs is None


@pytest.mark.parametrize("content", [[{"token": "PA"}], [{"logprob": -1}], ["PA"], [{"token": "PA", "logprob": "?"}]])
async def test_log_probabilities_of_another_form_are_none(caller, content):
    chunk = {"choices": [{"delta": {"content": "PA"}, "logprobs": {"content": content}, "finish_reason": "stop"}]}
    answer = says(stream(json.dumps(chunk).encode(), b"[DONE]"))
    _, (reply,) = await bodies(caller, OpenAICompatible, request(logprobs=True), answers=(answer,))
    assert (reply.text, reply.logprobs) == ("PA", None)


@pytest.mark.parametrize(
    ("model", "repeated", "marked"),
    [("anthropic/claude-sonnet-4.5", True, True), ("anthropic/claude-sonnet-4.5", False, False), ("a/m", True, False)],
)
async def test_the_shared_beginning_is_marked_for_anthropic_where_other_calls_follow(caller, model, repeated, marked):
    wanted = request(model, shared_prefix=SharedPrefix("key", 6, repeated))
    (body,), _ = await bodies(caller, OpenRouter, wanted)
    parts = [
        {"type": "text", "text": "shared", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "end"},
    ]
    user = {"role": "user", "content": parts if marked else "sharedend"}
    assert body["messages"] == [{"role": "system", "content": "Judge."}, user]


async def test_where_only_upstreams_that_support_every_field_may_answer_unlisted_fields_are_not_sent(caller):
    strict = Parameters(provider={"require_parameters": True})
    wanted = request("a/m", parameters=strict, default_parameters=COLD, logprobs=True)
    (body,), _ = await bodies(caller, OpenRouter, wanted)
    assert not {"temperature", "logprobs"} & body.keys()
    (body,), _ = await bodies(caller, OpenRouter, wanted, listed=listed("temperature"))
    assert ("temperature" in body, "logprobs" in body) == (True, False)
