"""Requests, limits and retries, whichever provider they go to."""

import pytest

from core.domain.chat import Message, Reply
from core.domain.parameters import Parameters
from core.providers.base import (
    AnswerSchema,
    CallContext,
    ChatRequest,
    OutputLimit,
    Provider,
    ProviderLayer,
    RetryBudget,
)  # fmt: skip
from core.providers.unsupported_parameters import ParameterSupport
from tests.core.providers.calling import REQUEST

SUPPORT = ParameterSupport({"seed": "is not taken"})


class Echo(Provider):
    name = account = "echo"

    async def complete(self, request, context):
        return Reply(text=request.every_message[0].content)

    def answer_form(self, _request):
        return "object"

    def support(self, _model, _parameters):
        return SUPPORT


def test_a_system_prompt_of_the_parameters_goes_before_the_messages():
    prompted = REQUEST.model_copy(update={"parameters": Parameters(system_prompt="Be brief.")})
    assert REQUEST.every_message == REQUEST.messages
    assert prompted.every_message == (Message(role="system", content="Be brief."), *REQUEST.messages)


@pytest.mark.parametrize(
    ("request_", "limit", "words"),
    [
        (REQUEST, OutputLimit("TARGET_MAX_OUTPUT_TOKENS", None), "TARGET_MAX_OUTPUT_TOKENS (the provider's own limit now)"),
        (
            ChatRequest(model="m", messages=(), purpose="judge", max_output_tokens=4096),
            OutputLimit("JUDGE_MAX_OUTPUT_TOKENS", 4096), "JUDGE_MAX_OUTPUT_TOKENS (4,096 now)",
        ),
        (
            ChatRequest(model="m", messages=(), max_output_tokens=4096, parameters=Parameters(max_output_tokens=10)),
            OutputLimit("max_output_tokens of the model's parameters", 10),
            "max_output_tokens of the model's parameters (10 now)",
        ),
    ],
)  # fmt: skip
def test_an_output_limit_names_the_setting_that_changes_it(request_, limit, words):
    assert Echo().output_limit(request_) == limit
    assert str(limit) == words


def test_a_schema_is_sent_in_the_strict_form():
    schema = AnswerSchema("verdict", {"type": "object"})
    assert schema.response_format == {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": {"type": "object"}},
    }


def test_retries_are_spent_one_by_one():
    budget = RetryBudget(2)
    assert [budget.spend() for _ in range(4)] == [True, True, False, False]
    assert budget.left == 0


async def test_a_layer_is_as_the_provider_in_it():
    class Doubling(ProviderLayer):
        async def complete(self, request, context):
            reply = await self._inner.complete(request, context)
            return reply.model_copy(update={"text": reply.text * 2})

    layer = Doubling(Echo())
    assert (layer.name, layer.account, layer.simulated) == ("echo", "echo", False)
    assert layer.answer_form(REQUEST) == "object"
    assert layer.support("m", Parameters()) is SUPPORT
    assert layer.output_limit(REQUEST) == Echo().output_limit(REQUEST)
    async with layer.turn(REQUEST):
        assert (await layer.complete(REQUEST, CallContext())).text == "Hello?Hello?"
