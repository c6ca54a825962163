"""What OpenAI's models take, and what only OpenAI is sent."""

import httpx
import pytest

from core.clock import SystemClock
from core.domain.parameters import Parameters, Reasoning
from core.providers.base import SharedPrefix
from core.providers.openai import OpenAI
from core.providers.openai_compatible import OpenAICompatible
from core.settings import Account, CallSettings
from tests.core.providers.test_openai_compatible import bodies, request

SHARED = SharedPrefix("key", 6, True)


def openai() -> OpenAI:
    return OpenAI(Account("openai", "https://o.test/v1", "k"), httpx.AsyncClient(), SystemClock(), CallSettings())


async def test_openai_gets_the_key_of_the_shared_beginning_and_no_other_provider_does(caller):
    wanted = request("gpt-4.1", shared_prefix=SHARED)
    keys = [(await bodies(caller, kind, wanted))[0][0].get("prompt_cache_key") for kind in (OpenAI, OpenAICompatible)]
    assert keys == ["key", None]


@pytest.mark.parametrize(
    ("model", "parameters", "refused"),
    [
        ("gpt-4.1", Parameters(temperature=0.5, stop=("x",)), {}),
        ("gpt-5", Parameters(temperature=0.5), {"temperature": "is not taken by a reasoning model"}),
        (
            "gpt-5.2", Parameters(top_p=0.5, stop=("x",)),
            dict.fromkeys(("top_p", "stop"), "is not taken by a reasoning model unless reasoning is off"),
        ),
        ("gpt-5.2", Parameters(temperature=0.5, reasoning=Reasoning(effort="none")), {}),
        ("ft:o3:mine", Parameters(temperature=0.5), {"temperature": "is not taken by a reasoning model"}),
        ("gpt-5-chat-latest", Parameters(temperature=0.5), {}),
    ],
)  # fmt: skip
def test_a_model_that_reasons_takes_no_sampling(model, parameters, refused):
    assert openai().support(model, parameters).refused == refused
    assert openai().reasons(model) is model.removeprefix("ft:").startswith(("gpt-5.", "o3")) or model == "gpt-5"


@pytest.mark.parametrize(
    ("model", "reasoning", "why"),
    [
        ("gpt-5", Reasoning(effort="minimal"), ""),
        ("gpt-5", Reasoning(effort="none"), "cannot be none for this model; it takes minimal, low, medium, high"),
        ("gpt-5.2", Reasoning(enabled=False), ""),
        ("o3", Reasoning(effort="minimal"), "cannot be minimal for this model; it takes low, medium, high"),
        ("gpt-4.1", Reasoning(effort="low"), "must be left out: this model does not reason"),
        ("gpt-5-chat-latest", Reasoning(effort="low"), "must be left out: this model does not reason"),
        ("gpt-5", Reasoning(max_tokens=9), "takes an effort at OpenAI, not a number of tokens"),
        ("my-model", Reasoning(effort="xhigh"), ""),
    ],
)
def test_an_effort_is_one_that_the_family_takes(model, reasoning, why):
    assert openai().why_not_reasoning(model, reasoning) == why


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [(Reasoning(effort="high"), {"reasoning_effort": "high"}), (Reasoning(enabled=True), {}),
     (Reasoning(enabled=False), {"reasoning_effort": "none"})],
)  # fmt: skip
def test_reasoning_is_an_effort(reasoning, sent):
    assert openai().reasoning_fields(reasoning) == sent
