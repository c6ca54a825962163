"""A field of the request that a gateway refuses by name is left out or renamed, once for an account and model."""

import asyncio
import json

import pytest

from core.domain.chat import Message
from core.errors import Advice, ProviderError
from core.providers.base import CallContext, ChatRequest
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.providers.openrouter import OpenRouter
from core.providers.refused_fields import MAX_MODELS, RefusedFields
from core.settings import Account, CallSettings
from tests.core.providers.raw_provider import raw_provider, says, stream, whole

PROMPT = (Message(role="user", content="Hello?"),)
GOOD = says(stream(b'{"choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}]}', b"[DONE]"))
WHOLE = says(whole("200 OK", b'{"choices": [{"message": {"content": "Blue."}, "finish_reason": "stop"}]}'))


def refuses(message, status="400 Bad Request", **fields):
    return says(whole(status, json.dumps({"error": {"message": message, **fields}}).encode()))


def validation(*place):
    body = {"detail": [{"type": "extra_forbidden", "loc": place, "msg": "Extra inputs are not permitted", "input": 1}]}
    return says(whole("422 Unprocessable Entity", json.dumps(body).encode()))


def sent(provider):
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in provider.requests]


def judging(model="m", limit=16_000):
    return ChatRequest(model=model, messages=PROMPT, purpose="judge", max_output_tokens=limit)


AZURE = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
VLLM = (
    "This model's maximum context length is 4096 tokens. However, you requested 16100 tokens (100 in the messages, "
    "16000 in the completion)."
)
REFUSALS = {
    "max_tokens": (refuses(AZURE, param="max_tokens", code="unsupported_parameter"),
                   OpenRouter, {"max_completion_tokens": 16_000}, {"max_tokens"}),
    "max_tokens in words alone": (refuses(AZURE), OpenRouter, {"max_completion_tokens": 16_000}, {"max_tokens"}),
    "max_completion_tokens": (refuses("Unrecognized request argument supplied: max_completion_tokens"),
                              OpenAI, {"max_tokens": 16_000}, {"max_completion_tokens"}),
    "a limit that is too large": (refuses("max_tokens is too large: 16000. This model supports at most 4096 completion tokens"),
                                  OpenRouter, {}, {"max_tokens", "max_completion_tokens"}),
    "a limit that leaves no room": (refuses(VLLM, code=400), OpenRouter, {}, {"max_tokens", "max_completion_tokens"}),
    "stream_options": (refuses("Unknown field: stream_options"), OpenRouter, {"stream": True}, {"stream_options"}),
    "stream_options by place": (validation("body", "stream_options"), OpenRouter, {"stream": True}, {"stream_options"}),
    "usage": (validation("body", "usage"), OpenRouter, {"stream": True}, {"usage"}),
    "streaming": (refuses("Your organization must be verified to stream this model.", param="stream", code="unsupported_value"),
                  OpenAI, {"model": "m"}, {"stream", "stream_options"}),
    "in status 200": (refuses(AZURE, "200 OK", param="max_tokens", code=400),
                      OpenRouter, {"max_completion_tokens": 16_000}, {"max_tokens"}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_field_that_is_refused_by_name_is_left_out_or_renamed_and_never_sent_again(caller, name):
    refusal, kind, holds, lacks = REFUSALS[name]
    good = WHOLE if "stream" in lacks else GOOD
    async with (
        raw_provider(refusal, good) as provider,
        caller(provider.base_url, kind=kind, attempts=3) as calls,
    ):
        first = await calls.retrying.complete(judging(), CallContext())
        again = await calls.retrying.complete(judging(), CallContext())
        bodies = sent(provider)
    assert (first.text, first.calls, again.calls, len(bodies), calls.pauses_s) == ("Blue.", 2, 1, 3, [])
    for body in bodies[1:]:
        assert holds.items() <= body.items()
        assert not lacks & body.keys()
        assert body["messages"] == [{"role": "user", "content": "Hello?"}]
    assert lacks & bodies[0].keys()


async def test_several_fields_are_refused_one_after_the_other(caller):
    async with (
        raw_provider(refuses("no 'usage'"), refuses("no stream_options"), refuses(AZURE), GOOD) as provider,
        caller(provider.base_url, attempts=3) as calls,
    ):
        reply = await calls.retrying.complete(judging(), CallContext())
        assert sent(provider)[-1].keys() == {"model", "messages", "stream", "max_completion_tokens"}
    assert reply.calls == 4


async def test_where_both_names_of_the_limit_are_refused_it_is_left_out(caller):
    other = refuses("Unknown argument: max_completion_tokens")
    async with raw_provider(refuses(AZURE), other, GOOD) as provider, caller(provider.base_url) as calls:
        await calls.retrying.complete(judging(), CallContext())
        await calls.retrying.complete(judging(), CallContext())
        bodies = sent(provider)
    assert len(bodies) == 4
    assert not {"max_tokens", "max_completion_tokens"} & (bodies[2].keys() | bodies[3].keys())


async def test_calls_at_once_learn_together_and_later_ones_ask_once(caller):
    async def speak(writer):
        """Takes the other name only."""
        last = sent(provider)[-1]
        await (GOOD if "max_completion_tokens" in last else refuses(AZURE))(writer)

    async with raw_provider(speak) as provider, caller(provider.base_url) as calls:
        together = await asyncio.gather(*(calls.retrying.complete(judging(), CallContext()) for _ in range(6)))
        asked = len(provider.requests)
        for _ in range(3):
            assert (await calls.retrying.complete(judging(), CallContext())).calls == 1
    assert {reply.text for reply in together} == {"Blue."}
    assert asked <= 12
    assert len(provider.requests) == asked + 3


async def test_a_refusal_that_stays_ends_the_call_and_one_of_another_field_is_not_asked_again(caller):
    stubborn = refuses("no stream_options, no 'usage', no max_tokens, no max_completion_tokens")
    async with raw_provider(stubborn) as provider, caller(provider.base_url, attempts=3) as calls:
        with pytest.raises(ProviderError) as failed:
            await calls.retrying.complete(judging(), CallContext())
        assert (failed.value.code, failed.value.advice, len(provider.requests)) == ("bad_request", Advice.NEVER, 4)
    other = refuses("Unsupported value: 'temperature' does not support 0.2", param="temperature")
    async with raw_provider(other) as provider, caller(provider.base_url, attempts=3) as calls:
        failed = await calls.failure()
        assert (failed.code, len(provider.requests)) == ("bad_request", 1)


async def test_a_limit_that_the_gateway_wants_and_nobody_set_names_its_setting(caller):
    async with raw_provider(refuses("max_tokens: Field required")) as provider, caller(provider.base_url) as calls:
        failed = await calls.failure()
    assert failed.code == "bad_request"
    assert failed.hint == "Set TARGET_MAX_OUTPUT_TOKENS (the provider's own limit now) to what the model takes."


def at_lab(calls, account):
    return OpenAICompatible(account, calls.http, calls.throttled._clock, CallSettings())


@pytest.mark.parametrize(
    ("purpose", "limits", "expected"),
    [
        ("judge", {"judge_max_output_tokens": 2_000}, 2_000),
        ("judge", {"judge_max_output_tokens": 0}, None),
        ("judge", {"target_max_output_tokens": 9}, 16_000),
        ("judge", {}, 16_000),
        ("target", {"target_max_output_tokens": 500}, 500),
    ],
)
async def test_an_address_may_have_output_limits_of_its_own(caller, purpose, limits, expected):
    async with raw_provider(GOOD) as provider, caller(provider.base_url) as calls:
        lab = at_lab(calls, Account("lab", provider.base_url, **limits))
        request = ChatRequest(model="m", messages=PROMPT, purpose=purpose, max_output_tokens=16_000)
        await lab.complete(request, CallContext())
        assert sent(provider)[0].get("max_tokens") == expected


async def test_an_output_limit_of_the_address_is_named_where_it_was_spent(caller):
    spent = stream(b'{"choices": [{"delta": {"reasoning": "Hm."}, "finish_reason": "length"}]}', b"[DONE]")
    async with raw_provider(says(spent)) as provider, caller(provider.base_url) as calls:
        lab = at_lab(calls, Account("lab", provider.base_url, judge_max_output_tokens=300))
        with pytest.raises(ProviderError) as failed:
            await lab.complete(judging(), CallContext())
    assert "judge_max_output_tokens of lab in OPENAI_COMPATIBLE (300 now)" in failed.value.hint


def refusal_of(field):
    return ProviderError(
        "", code="bad_request", advice=Advice.NEVER, raw=json.dumps({"error": {"message": "no", "param": field}})
    )


def test_what_is_remembered_is_of_one_model_and_bounded():
    fields = RefusedFields()
    body = {"stream": True, "stream_options": {}}
    assert fields.learn("a", body, refusal_of("stream_options"))
    assert (fields.fit("a", body), fields.fit("b", body)) == ({"stream": True}, body)
    for number in range(MAX_MODELS):
        fields.learn(f"m{number}", body, refusal_of("stream_options"))
    assert fields.fit("a", body) == body
    assert fields.fit("m999", body) == {"stream": True}


def test_a_limit_that_was_too_large_does_not_take_a_smaller_one_with_it():
    fields = RefusedFields()
    error = ProviderError("", code="bad_request", advice=Advice.NEVER, raw="max_tokens is too large: at most 4096")
    assert fields.learn("m", {"max_tokens": 16_000}, error)
    assert fields.fit("m", {"stream": True, "max_tokens": 16_000}) == {"stream": True}
    assert fields.fit("m", {"stream": True, "max_tokens": 500}) == {"stream": True, "max_tokens": 500}
