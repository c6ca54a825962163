"""Replies and faults over real sockets, seen by plain httpx and by the client that calls OpenRouter."""

import httpx
import pytest

from core.errors import Advice, ProviderError
from core.simulator.script import Fault
from tests.planted import planted

BODY = {"model": "vendor/any", "messages": [{"role": "user", "content": "Tell me about Mars and Venus."}]}
CHAT = "/v1/chat/completions"
STATUSES = {Fault.RATE_LIMITED: 429, Fault.RATE_LIMITED_BARE: 429, Fault.SERVER_ERROR: 500, Fault.OVERLOADED: 503}


async def test_without_a_fault_the_client_gets_the_planted_reply(serve, call_openrouter, asked):
    async with serve(seed=3) as (server, _):
        reply = await call_openrouter(server, asked())
    truth = planted(server.script, "vendor/any", asked().messages, 0)
    assert (reply.text, reply.finish_reason, reply.cost_usd) == (truth.text, "stop", 0)
    assert reply.usage.output_tokens > 20


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        (Fault.RATE_LIMITED, "rate_limited", Advice.SLOW_DOWN),
        (Fault.RATE_LIMITED_BARE, "rate_limited", Advice.SLOW_DOWN),
        (Fault.SERVER_ERROR, "server_error", Advice.LATER),
        (Fault.OVERLOADED, "overloaded", Advice.LATER),
        (Fault.ERROR_IN_200, "server_error", Advice.LATER),
        (Fault.ERROR_MID_STREAM, "server_error", Advice.LATER),
        (Fault.EMPTY_REPLY, "empty_reply", Advice.LATER),
        (Fault.CUT_STREAM, "cut_stream", Advice.LATER),
        (Fault.SILENT, "silent", Advice.LATER),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_openrouter_client_sees_every_fault_as_what_it_is(
    serve, call_openrouter, asked, fault, code, advice, seed
):
    async with serve(seed=seed, retry_after_s=2, **{fault.value: 1}) as (server, _):
        with pytest.raises(ProviderError) as failed:
            await call_openrouter(server, asked())
    retry_after_s = 2 if fault is Fault.RATE_LIMITED else None
    assert (failed.value.code, failed.value.advice, failed.value.retry_after_s) == (code, advice, retry_after_s)


async def test_a_slow_reply_is_a_whole_reply(serve, call_openrouter, asked):
    async with serve(slow=1, slow_chunk_ms=1) as (server, _):
        reply = await call_openrouter(server, asked())
    assert reply.text == planted(server.script, "vendor/any", asked().messages, 0).text


@pytest.mark.parametrize("fault", [f for f in Fault if f not in {Fault.NONE, Fault.SILENT, Fault.SLOW}])
@pytest.mark.parametrize("streamed", [True, False])
async def test_plain_httpx_sees_what_providers_send(serve, fault, streamed):
    async with serve(retry_after_s=1.5, **{fault.value: 1}) as (server, client):
        try:
            answer = await client.post(CHAT, json={**BODY, "stream": streamed})
        except httpx.RemoteProtocolError:
            assert fault is Fault.CUT_STREAM
        else:
            assert answer.status_code == STATUSES.get(fault, 200)
            assert answer.headers.get("retry-after") == ("1.5" if fault is Fault.RATE_LIMITED else None)
            assert answer.headers["x-simulated"] == "true"
            assert ('"error":{' in answer.text) is (fault not in {Fault.EMPTY_REPLY, Fault.CUT_STREAM})
        assert server.counters.ended == {fault.value: 1}


async def test_a_cut_stream_never_says_that_it_is_finished(serve):
    async with serve(cut_stream=1) as (_, client):
        for _ in range(6):
            came = b""
            try:
                async with client.stream("POST", CHAT, json={**BODY, "stream": True}) as answer:
                    async for piece in answer.aiter_raw():
                        came += piece
            except httpx.RemoteProtocolError:
                came += b""
            assert b'"content":"' in came
            assert b'"stop"' not in came
            assert b"[DONE]" not in came
