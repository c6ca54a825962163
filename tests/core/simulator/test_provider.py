"""The provider inside the product: every fault is a ProviderError of the right cause, and everything is labelled."""

import asyncio
import json

import pytest

from core.domain.chat import Message
from core.errors import Advice, ProviderError
from core.providers.base import CallContext, ChatRequest
from core.simulator.provider import SimulatedProvider
from core.simulator.script import Fault, read_script
from tests.builders import HandClock


class Sleeps:
    """Stands in for waiting: keeps what was waited."""

    def __init__(self) -> None:
        self.waited_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waited_s.append(seconds)


def asked(model="hasty", purpose="target", prompt="Tell me about Mars and Venus."):
    return ChatRequest(model=model, messages=(Message(role="user", content=prompt),), purpose=purpose)


async def call(script="", request=None, **options):
    sleeps = Sleeps()
    provider = SimulatedProvider(read_script(script), sleep=sleeps, **options)
    return await provider.complete(request or asked(), CallContext()), sleeps.waited_s


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault.RATE_LIMITED, ("rate_limited", Advice.SLOW_DOWN, 2.5, 429)),
        (Fault.RATE_LIMITED_BARE, ("rate_limited", Advice.SLOW_DOWN, None, 429)),
        (Fault.SERVER_ERROR, ("server_error", Advice.LATER, None, 500)),
        (Fault.OVERLOADED, ("overloaded", Advice.LATER, None, 503)),
        (Fault.ERROR_IN_200, ("server_error", Advice.LATER, None, 502)),
        (Fault.ERROR_MID_STREAM, ("server_error", Advice.LATER, None, 502)),
        (Fault.EMPTY_REPLY, ("empty_reply", Advice.LATER, None, 200)),
        (Fault.CUT_STREAM, ("cut_stream", Advice.LATER, None, 200)),
        (Fault.SILENT, ("silent", Advice.LATER, None, 200)),
    ],
)
async def test_a_fault_is_an_error_with_its_cause_and_advice(fault, failure):
    with pytest.raises(ProviderError) as failed:
        await call(json.dumps({fault.value: 1, "retry_after_s": 2.5}))
    error = failed.value
    assert (error.code, error.advice, error.retry_after_s, error.status) == failure
    assert error.provider == "simulated"
    assert error.message.startswith("The simulated provider ")


async def test_an_unknown_model_fails_permanently_and_the_known_ones_are_listed():
    with pytest.raises(ProviderError, match=r"simulated/gpt-5 does not exist; available: simulated/hasty, ") as failed:
        await call(request=asked("gpt-5"))
    assert (failed.value.code, failed.value.advice) == ("unknown_model", Advice.NEVER)


async def test_a_reply_is_labelled_free_and_counts_its_tokens():
    reply, _ = await call()
    assert (reply.model, reply.cost_usd, reply.cost_source) == ("simulated/hasty", 0.0, "provider")
    assert (reply.finish_reason, reply.calls, reply.reasoning) == ("stop", 1, "")
    assert json.loads(reply.raw_request) == {"model": "simulated/hasty"}
    assert json.loads(reply.raw_reply)["provider"] == "Simulated"
    assert reply.usage.output_tokens > 20
    assert SimulatedProvider.simulated


async def test_the_thinkers_trace_is_kept_apart_from_its_reply():
    reply, _ = await call(request=asked("thinker"))
    assert reply.reasoning
    assert reply.reasoning not in reply.text


async def test_a_call_waits_exactly_its_latency():
    script = '{"target_latency_ms": 400, "judge_latency_ms": 100, "latency_spread": 0}'
    assert (await call(script))[1] == [0.4]
    assert (await call(script, asked("judge", "judge")))[1] == [0.1]


async def test_a_slow_reply_comes_whole_after_all_its_chunks():
    reply, waited_s = await call('{"slow": 1, "target_latency_ms": 0, "chunk_chars": 10, "slow_chunk_ms": 100}')
    assert waited_s == [0, pytest.approx(-(-len(reply.text) // 10) * 0.1)]


async def test_silence_lasts_no_longer_than_the_products_timeout():
    sleeps = Sleeps()
    provider = SimulatedProvider(read_script('{"silent": 1}'), sleep=sleeps, silence_timeout_s=3)
    with pytest.raises(ProviderError):
        await provider.complete(asked(), CallContext())
    assert sleeps.waited_s[1:] == [3]


async def test_a_judge_without_a_question_says_so():
    reply, _ = await call(request=asked("judge", "judge"))
    assert reply.text.startswith("The prompt contains no criterion")


async def test_a_call_reports_that_its_request_is_sent():
    told = []

    async def on_slot() -> None:
        told.append("slot")

    provider = SimulatedProvider(read_script(""), sleep=Sleeps())
    await provider.complete(asked(), CallContext(on_slot=on_slot))
    assert told == ["slot"]


async def test_a_cancelled_call_ends_at_once():
    provider = SimulatedProvider(read_script('{"target_latency_ms": 600000}'))
    calling = asyncio.create_task(provider.complete(asked(), CallContext()))
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling


async def test_the_growing_reply_has_the_chunks_of_the_time_that_has_passed():
    clock, seen = HandClock(), []
    read = []

    async def wait(seconds):
        for _ in range(4):
            clock.seconds += seconds / 4
            read.append(seen[0].read())

    script = {"models": {"thinker": {"target_latency_ms": 100, "chunk_chars": 10, "chunk_pause_ms": 50, "slow": 0}}}
    provider = SimulatedProvider(read_script(json.dumps(script)), clock=clock, sleep=wait)
    reply = await provider.complete(asked("thinker"), CallContext(on_call=seen.append))
    whole = reply.reasoning + reply.text
    parts = [part.reasoning + part.text for part in read]
    assert [whole.startswith(part) for part in parts] == [True] * 8
    assert parts[:3] == [""] * 3  # until the first byte
    assert parts == sorted(parts, key=len)
    assert len({len(part) for part in parts}) > 4
    assert (parts[-1], read[-1].stopped, reply.stopped) == (whole, True, False)
