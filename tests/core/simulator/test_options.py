"""A simulated reply follows the parameters that can be shown, in the process and over HTTP alike."""

from __future__ import annotations

import json

import httpx
import pytest

from core.domain.chat import Message
from core.domain.parameters import Parameters
from core.errors import ProviderError
from core.providers.base import CallContext, ChatRequest
from core.simulator.provider import SimulatedProvider
from core.simulator.script import Script, read_script
from core.simulator.server import open_server

PROMPT = "Tell me about Mars and Venus."


async def at_once(_seconds):
    """No latency."""


def provider(script=""):
    return SimulatedProvider(read_script(script) if script else Script(), sleep=at_once)


async def reply_to(simulated, model="hasty", **chosen):
    parameters = Parameters.model_validate(chosen)
    messages = (Message(role="user", content=PROMPT),)
    return await simulated.complete(ChatRequest(model=model, messages=messages, parameters=parameters), CallContext())


async def test_equal_seeds_give_equal_replies_and_others_differ():
    simulated = provider()
    texts = [(await reply_to(simulated, seed=seed)).text for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


async def test_a_system_prompt_changes_the_reply():
    plain, instructed = await reply_to(provider()), await reply_to(provider(), system_prompt="Be brief.")
    assert plain.text != instructed.text
    assert instructed.usage.input_tokens > plain.usage.input_tokens


async def test_an_output_limit_cuts_the_reply():
    whole = await reply_to(provider())
    cut = await reply_to(provider(), max_output_tokens=10)
    assert (whole.finish_reason, cut.finish_reason, cut.cut_off) == ("stop", "length", True)
    assert whole.text.startswith(cut.text)
    assert len(cut.text.split()) == 10


async def test_reasoning_counts_against_the_output_limit():
    with pytest.raises(ProviderError) as failed:
        await reply_to(provider(), "thinker", max_output_tokens=2)
    assert failed.value.code == "output_limit"
    assert "max_output_tokens of the model's parameters (2 now)" in failed.value.hint


async def test_a_stop_text_ends_the_reply():
    whole = await reply_to(provider())
    stopped = await reply_to(provider(), stop=[whole.text[40:50]])
    assert (stopped.text, stopped.finish_reason) == (whole.text[:40], "stop")


async def test_reasoning_can_be_switched_off_shortened_and_limited():
    async def words(reasoning):
        reply = await reply_to(provider(), "thinker", reasoning=reasoning)
        return len(reply.reasoning.split()), reply.usage.reasoning_tokens > 0

    high, low = await words({"effort": "high"}), await words({"effort": "low"})
    assert high[0] > low[0] > 0
    assert await words({"max_tokens": 5}) == (5, True)
    assert await words({"enabled": False}) == await words({"effort": "none"}) == (0, False)


@pytest.mark.parametrize(
    ("preferences", "upstreams"),
    [
        ({"only": ["simulated-south"]}, {"Simulated South"}),
        ({"ignore": ["Simulated South"]}, {"Simulated North"}),
        ({"order": ["elsewhere", "simulated-south"]}, {"Simulated South"}),
        ({"order": ["elsewhere"]}, {"Simulated North", "Simulated South"}),
        ({"data_collection": "deny"}, {"Simulated North", "Simulated South"}),
    ],
)
async def test_the_upstream_is_one_that_the_call_prefers(preferences, upstreams):
    simulated = provider()
    replies = [await reply_to(simulated, "thinker", provider=preferences) for _ in range(20)]
    assert {reply.upstream for reply in replies} == upstreams
    assert {reply.system_fingerprint for reply in replies} == {name.lower().replace(" ", "-") for name in upstreams}
    assert {json.loads(reply.raw_reply)["provider"] for reply in replies} == upstreams


@pytest.mark.parametrize("preferences", [{"only": ["elsewhere"]}, {"order": ["elsewhere"], "allow_fallbacks": False}])
async def test_without_an_allowed_upstream_the_call_fails(preferences):
    with pytest.raises(ProviderError, match="allow no upstream"):
        await reply_to(provider(), "thinker", provider=preferences)


def test_what_a_simulated_model_ignores_or_does_not_take_is_said():
    chosen = Parameters.model_validate({"temperature": 0, "extra_body": {"top_k": 3}, "reasoning": {"effort": "low"}})
    hasty, thinker = provider().support("hasty", chosen), provider().support("thinker", chosen)
    assert hasty.notes == thinker.notes == ("The simulated provider ignores temperature, extra_body.",)
    assert (list(hasty.refused), list(thinker.refused)) == (["reasoning"], [])


async def test_the_server_follows_the_same_parameters():
    fields = {
        "max_completion_tokens": 30,
        "seed": 7,
        "stop": "no such text",
        "reasoning_effort": "low",
        "provider": {"only": ["simulated-south"]},
    }
    body = {"model": "thinker", "messages": [{"role": "user", "content": PROMPT}], **fields}
    expected = await reply_to(
        provider(), "thinker", max_output_tokens=30, seed=7, reasoning={"effort": "low"},
        provider={"only": ["simulated-south"]},
    )  # fmt: skip
    async with open_server(Script()) as server, httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
        answer = (await client.post(url, json=body)).json()
        refused = await client.post(url, json={**body, "provider": {"only": ["elsewhere"]}})
        odd = await client.post(url, json={**body, "seed": "seven"})
    choice = answer["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (expected.text, "length")
    assert (answer["provider"], answer["system_fingerprint"]) == ("Simulated South", "simulated-south")
    assert (refused.status_code, odd.status_code) == (404, 400)
