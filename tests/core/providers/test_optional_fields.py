"""A field that a model need not take is sent once, left out for good when it is rejected, and never costs a call."""

import asyncio
import json

import pytest

from core.domain.chat import Message
from core.domain.parameters import Parameters
from core.errors import ProviderError
from core.providers.base import AnswerSchema, CallContext, ChatRequest
from core.providers.model_list.entries import ListedModel
from core.providers.openai_compatible import OpenAICompatible
from core.providers.optional_fields import MAX_TRIAL_WAIT_S, OptionalFields
from tests.core.providers.raw_provider import raw_provider, says, stream, whole
from tests.virtual_time import VirtualLoop

SCHEMA = AnswerSchema("verdict", {"type": "object", "properties": {}, "required": [], "additionalProperties": False})
SENT_SCHEMA = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": dict(SCHEMA.schema)}}
OBJECT = {"type": "json_object"}
GOOD = says(stream(b'{"choices": [{"delta": {"content": "{}"}, "finish_reason": "stop"}]}', b"[DONE]"))


def refuses(message, status="400 Bad Request", **fields):
    return says(whole(status, json.dumps({"error": {"message": message, **fields}}).encode()))


def request(model="m", schema=SCHEMA):
    return ChatRequest(
        model=model, messages=(Message(role="user", content="JSON?"),), purpose="judge", answer_schema=schema
    )


def sent(provider):
    return [json.loads(each.partition(b"\r\n\r\n")[2]) for each in provider.requests]


def formats(provider):
    return [body.get("response_format") for body in sent(provider)]


REFUSALS = {
    "the schema, by OpenAI": (
        refuses("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
                param="response_format"), OBJECT),
    "the schema, by DeepSeek": (refuses("This response_format type is unavailable now", type="invalid_request_error"), OBJECT),
    "the schema's form": (refuses("Invalid schema for response_format 'verdict'", param="response_format"), OBJECT),
    "the field": (refuses("Unrecognized request argument supplied: response_format"), None),
    "the field, by place": (
        says(whole("422 Unprocessable Entity", json.dumps({"detail": [
            {"type": "extra_forbidden", "loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}
        ]}).encode())), None),
    "something without a name": (refuses("Bad request."), None),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_model_that_rejects_the_schema_is_asked_once_more_and_never_again_with_it(caller, name):
    refusal, left = REFUSALS[name]
    async with (
        raw_provider(refusal, GOOD) as provider,
        caller(provider.base_url, kind=OpenAICompatible) as calls,
    ):
        first = await calls.retrying.complete(request(), CallContext())
        again = await calls.retrying.complete(request(), CallContext())
        seen = formats(provider)
        form = calls.retrying.answer_form(request())
    assert (first.calls, again.calls) == (2, 1)
    assert seen == [SENT_SCHEMA, left, left]
    assert form == ("words" if left is None else "object")


async def test_a_model_that_takes_neither_schema_nor_object_is_asked_without(caller):
    schema = refuses("'response_format' of type 'json_schema' is not supported with this model.")
    json_object = refuses("'response_format' of type 'json_object' is not supported with this model.")
    async with (
        raw_provider(schema, json_object, GOOD) as provider,
        caller(provider.base_url, kind=OpenAICompatible) as calls,
    ):
        first = await calls.retrying.complete(request(), CallContext())
        await calls.retrying.complete(request(), CallContext())
        seen = formats(provider)
    assert first.calls == 3
    assert seen == [SENT_SCHEMA, OBJECT, None, None]


@pytest.mark.parametrize(
    ("listed", "form", "expected"),
    [
        (None, "schema", SENT_SCHEMA),
        (("response_format", "structured_outputs"), "schema", SENT_SCHEMA),
        (("response_format", "temperature"), "object", OBJECT),
        (("temperature",), "words", None),
    ],
)
async def test_what_the_providers_list_says_is_known_from_the_first_call(caller, listed, form, expected):
    async with raw_provider(GOOD) as provider, caller(provider.base_url, kind=OpenAICompatible) as calls:
        calls.provider.use_list(lambda model: ListedModel(id=model, parameters=listed))
        assert calls.retrying.answer_form(request()) == form
        await calls.retrying.complete(request(), CallContext())
        seen = formats(provider)
    assert seen == [expected]


async def test_what_one_model_rejects_another_is_still_sent(caller):
    async def speak(writer):
        body = sent(provider)[-1]
        refused = body["model"] == "old" and "response_format" in body
        await (refuses("no response_format here") if refused else GOOD)(writer)

    async with raw_provider(speak) as provider, caller(provider.base_url, kind=OpenAICompatible) as calls:
        for model in ("old", "new", "old"):
            await calls.retrying.complete(request(model), CallContext())
        seen = [(body["model"], "response_format" in body) for body in sent(provider)]
    assert seen == [("old", True), ("old", False), ("new", True), ("old", False)]


@pytest.mark.parametrize("slots", [2, 60])
async def test_fifty_calls_that_start_at_once_cost_one_more_request_in_all(caller, slots):
    async def speak(writer):
        refused = any("response_format" in body for body in sent(provider)[-1:])
        await (refuses("no response_format here") if refused else GOOD)(writer)

    async with (
        raw_provider(speak) as provider,
        caller(provider.base_url, kind=OpenAICompatible, slots=slots) as calls,
    ):
        replies = await asyncio.gather(*(calls.retrying.complete(request(), CallContext()) for _ in range(50)))
        seen = formats(provider)
        assert calls.in_flight == 0
    assert [reply.text for reply in replies] == ["{}"] * 50
    assert sum(reply.calls for reply in replies) == len(seen) == 51
    assert seen.count(SENT_SCHEMA) == 1


async def test_calls_at_once_to_a_model_that_takes_the_schema_all_send_it(caller):
    async with (
        raw_provider(GOOD) as provider,
        caller(provider.base_url, kind=OpenAICompatible, slots=20) as calls,
    ):
        replies = await asyncio.gather(*(calls.retrying.complete(request(), CallContext()) for _ in range(20)))
        seen = formats(provider)
    assert sum(reply.calls for reply in replies) == 20
    assert seen == [SENT_SCHEMA] * 20


async def test_a_rejection_about_something_else_stays_and_is_learnt_from_by_nobody(caller):
    refusal = refuses("The prompt is bad.")
    async with raw_provider(refusal) as provider, caller(provider.base_url, kind=OpenAICompatible) as calls:
        for _ in range(2):
            with pytest.raises(ProviderError, match="The prompt is bad"):
                await calls.retrying.complete(request(), CallContext())
        seen = formats(provider)
        assert calls.retrying.answer_form(request()) == "schema"
    assert seen == [SENT_SCHEMA, None] * 2


async def test_after_a_nameless_rejection_a_named_field_is_still_left_out(caller):
    async with (
        raw_provider(refuses("Bad request."), refuses("Unrecognized argument: stream_options"), GOOD) as provider,
        caller(provider.base_url, kind=OpenAICompatible) as calls,
    ):
        reply = await calls.retrying.complete(request(), CallContext())
        seen = sent(provider)
    assert (reply.text, reply.calls) == ("{}", 3)
    assert ["stream_options" in body for body in seen] == [True, True, False]


@pytest.mark.parametrize(
    ("chosen", "listed", "form", "expected"),
    [
        ({"provider": {"require_parameters": True}}, False, "words", None),
        ({"provider": {"require_parameters": True}}, True, "schema", SENT_SCHEMA),
        ({"extra_body": {"response_format": {"type": "text"}}}, True, "words", {"type": "text"}),
        ({"seed": 1}, False, "schema", SENT_SCHEMA),
    ],
)
async def test_the_form_of_the_answer_is_that_of_the_request(caller, chosen, listed, form, expected):
    wanted = request().model_copy(update={"parameters": Parameters.model_validate(chosen)})
    async with raw_provider(GOOD) as provider, caller(provider.base_url) as calls:
        calls.provider.use_list(lambda model: ListedModel(id=model) if listed else None)
        assert calls.retrying.answer_form(wanted) == form
        await calls.retrying.complete(wanted, CallContext())
        seen = formats(provider)
    assert seen == [expected]
    assert calls.retrying.answer_form(request(schema=None)) == "words"


async def test_after_a_success_a_nameless_rejection_is_the_calls_own(caller):
    async with (
        raw_provider(GOOD, refuses("Bad request.")) as provider,
        caller(provider.base_url, kind=OpenAICompatible) as calls,
    ):
        await calls.retrying.complete(request(), CallContext())
        with pytest.raises(ProviderError):
            await calls.retrying.complete(request(), CallContext())
        seen = formats(provider)
    assert seen == [SENT_SCHEMA, SENT_SCHEMA]


async def test_a_call_without_optional_fields_neither_waits_nor_is_a_trial(caller):
    hanging, released = asyncio.Event(), asyncio.Event()

    async def speak(writer):
        if "response_format" in sent(provider)[-1]:
            hanging.set()
            await released.wait()
        await GOOD(writer)

    async with raw_provider(speak) as provider, caller(provider.base_url, kind=OpenAICompatible) as calls:
        trial = asyncio.create_task(calls.retrying.complete(request(), CallContext()))
        await hanging.wait()
        plain = await calls.retrying.complete(request(schema=None), CallContext())
        assert not trial.done()
        released.set()
        await trial
    assert plain.calls == 1


async def test_where_the_trial_is_cancelled_the_next_call_takes_over():
    fields, order = OptionalFields(), list[str]()

    async def call(name, ended):
        async with fields.turn("m", ["response_format"]):
            order.append(name)
            await ended.wait()
            fields.accept("m", ["response_format"])

    never, soon = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(call("first", never))
    await asyncio.sleep(0)
    others = [asyncio.create_task(call(name, soon)) for name in ("second", "third")]
    await asyncio.sleep(0)
    assert order == ["first"]
    first.cancel()
    await asyncio.wait([first])
    await asyncio.sleep(0)
    assert order == ["first", "second"]
    soon.set()
    await asyncio.gather(*others)
    assert order == ["first", "second", "third"]


def test_a_call_waits_half_a_minute_at_most_for_a_trial_that_is_stuck():
    async def waited_s():
        fields, entered, loop = OptionalFields(), list[float](), asyncio.get_running_loop()

        async def call(seconds):
            async with fields.turn("m", ["response_format"]):
                entered.append(loop.time())
                await asyncio.sleep(seconds)

        await asyncio.gather(call(600), call(1), call(1))
        return entered

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(waited_s()) == [0, MAX_TRIAL_WAIT_S, MAX_TRIAL_WAIT_S]
