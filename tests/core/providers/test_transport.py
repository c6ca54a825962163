"""HTTP/2 to providers, through the one factory, against a real TLS server."""

import asyncio
import random

import pytest
from h2.errors import ErrorCodes

from core.errors import Advice, ProviderError
from tests.core.providers.calling import seconds_to_cancel
from tests.core.providers.h2_provider import WHOLE, answer_at_once, h2_provider


def after(pause_s, play=answer_at_once):
    async def played(stream):
        await asyncio.sleep(pause_s)
        await play(stream)

    return played


async def test_http2_is_negotiated_and_one_connection_serves_call_after_call(certificate, caller):
    async with h2_provider(certificate) as provider, caller(provider.base_url) as calls:
        for _ in range(5):
            assert (await calls.call()).text == "Hello."
        response = await calls.http.post(provider.base_url + "/chat/completions", content=b"{}")
        assert (response.status_code, response.extensions["http_version"]) == (200, b"HTTP/2.0")
        assert (provider.seen.connections, provider.seen.calls) == (1, 6)


async def test_calls_at_once_share_connections(certificate, caller):
    async with h2_provider(certificate, after(0.1)) as provider, caller(provider.base_url, slots=50) as calls:
        await calls.call()
        await asyncio.gather(*(calls.call() for _ in range(50)))
        assert provider.seen.connections == 1
        assert provider.seen.in_flight_most == 50


async def test_more_calls_than_a_connection_has_streams_all_go_at_once(certificate, caller):
    async def answer_when_all_are_there(stream):
        await provider.seen.until(lambda seen: seen.calls % 250 == 0)
        await answer_at_once(stream)

    async with (
        h2_provider(certificate, answer_when_all_are_there, max_streams=100) as provider,
        caller(provider.base_url, slots=250, calls__timeout_s=20) as calls,
    ):
        await asyncio.gather(*(calls.call() for _ in range(250)))
        connected = provider.seen.connections
        await asyncio.gather(*(calls.call() for _ in range(250)))
        assert (provider.seen.calls, provider.seen.in_flight_most) == (500, 250)
        assert provider.seen.open_connections <= 4
        assert provider.seen.connections == connected
        assert calls.in_flight == provider.seen.in_flight == 0


@pytest.mark.slow
async def test_no_call_fails_when_the_server_says_goaway_after_every_40(certificate, caller):
    async with (
        h2_provider(certificate, after(0.005), goaway_after=40) as provider,
        caller(provider.base_url, slots=60) as calls,
    ):
        replies = await asyncio.gather(*(calls.call() for _ in range(1000)))
        assert [reply.text for reply in replies] == ["Hello."] * 1000
        assert [reply.calls for reply in replies] == [1] * 1000
        assert provider.seen.in_flight_most <= 60
        assert provider.seen.goaways >= 20


async def play_in_pieces(stream):
    """An answer with pauses before its head and in its body, so that a cancel strikes anywhere."""
    await asyncio.sleep(chance.uniform(0, 0.03))
    stream.head()
    await asyncio.sleep(chance.uniform(0, 0.03))
    for at in range(0, len(WHOLE), 40):
        await asyncio.sleep(0.005)
        stream.data(WHOLE[at : at + 40], last=at + 40 >= len(WHOLE))


chance = random.Random(5)


@pytest.mark.slow
async def test_after_hundreds_of_cancelled_calls_every_slot_still_works(certificate, caller):
    async with (
        h2_provider(certificate, play_in_pieces) as provider,
        caller(provider.base_url, slots=40, calls__timeout_s=30) as calls,
    ):
        ended = await asyncio.gather(*(cancelled_at_random(calls) for _ in range(600)))
        assert ended.count("cancelled") > 100
        await provider.seen.until(lambda seen: seen.in_flight == 0 and calls.in_flight == 0)
        assert provider.seen.in_flight_most <= 40
        assert provider.seen.hung_up >= 5  # the others waited for a slot; on a busy machine most do
        provider.seen.in_flight_most = 0
        await asyncio.gather(*(calls.call() for _ in range(40)))
        assert provider.seen.in_flight_most == 40
        assert provider.seen.in_flight == calls.in_flight == 0


async def cancelled_at_random(calls):
    calling = asyncio.create_task(calls.call())
    await asyncio.wait([calling], timeout=chance.uniform(0, 1.2))
    calling.cancel()
    try:
        await calling
    except asyncio.CancelledError:
        return "cancelled"
    return "done"


async def say_nothing(_stream):
    await asyncio.Event().wait()


async def head_and_silence(stream):
    stream.head()
    stream.data(b": PROCESSING\n\n")
    await asyncio.Event().wait()


async def test_cancelling_a_call_in_mid_reply_resets_its_stream_at_once(certificate, caller):
    async with h2_provider(certificate, head_and_silence) as provider, caller(provider.base_url) as calls:
        calling = asyncio.create_task(calls.call())
        await provider.seen.until(lambda seen: seen.in_flight == 1)
        await asyncio.sleep(0.1)
        assert await seconds_to_cancel(calling) < 0.5
        await provider.seen.until(lambda seen: seen.hung_up == 1)
        assert (calls.in_flight, provider.seen.in_flight, provider.seen.open_connections) == (0, 0, 1)


async def test_cancelling_a_call_that_got_no_head_returns_at_once_and_keeps_the_slot(certificate, caller):
    async with (
        h2_provider(certificate, say_nothing) as provider,
        caller(provider.base_url, slots=1, calls__silence_timeout_s=1.5) as calls,
    ):
        calling = asyncio.create_task(calls.call())
        await provider.seen.until(lambda seen: seen.in_flight == 1)
        assert await seconds_to_cancel(calling) < 0.5
        assert (calls.in_flight, provider.seen.in_flight) == (1, 1)
        await provider.seen.until(lambda seen: seen.in_flight == 0)
        await provider.seen.until(lambda _seen: calls.in_flight == 0)


async def test_the_deadline_of_a_call_without_a_head_is_a_timeout(certificate, caller):
    async with (
        h2_provider(certificate, say_nothing) as provider,
        caller(provider.base_url, calls__timeout_s=0.3) as calls,
    ):
        failed = await calls.failure()
        assert isinstance(failed, ProviderError)
        assert failed.code == "timeout"
        await provider.seen.until(lambda seen: seen.in_flight == 0 and calls.in_flight == 0)


@pytest.mark.parametrize("code", [ErrorCodes.INTERNAL_ERROR, ErrorCodes.CANCEL, ErrorCodes.ENHANCE_YOUR_CALM])
@pytest.mark.parametrize("begun", [False, True])
async def test_a_stream_that_the_server_resets_is_a_cut_reply_and_the_connection_serves_on(
    certificate, caller, code, begun
):
    async def break_the_first_off(stream):
        if provider.seen.calls > 1:
            await answer_at_once(stream)
            return
        if begun:
            stream.head()
            stream.data(WHOLE[:40])
            await asyncio.sleep(0.02)
        stream.reset(code)

    async with h2_provider(certificate, break_the_first_off) as provider, caller(provider.base_url) as calls:
        failed = await calls.failure()
        assert (failed.code, failed.advice, calls.in_flight) == ("cut_stream", Advice.LATER, 0)
        assert (await calls.call()).text == "Hello."
        assert provider.seen.connections == 1


async def test_a_connection_that_breaks_cuts_the_calls_on_it_and_the_next_one_gets_another(certificate, caller):
    async def break_off_when_five_are_there(stream):
        stream.head()
        stream.data(WHOLE[:40])
        await provider.seen.until(lambda seen: seen.calls >= 6)
        if provider.seen.calls == 6:
            stream.cut()
        else:
            stream.data(WHOLE[40:], last=True)

    async with h2_provider(certificate, break_off_when_five_are_there) as provider, caller(provider.base_url) as calls:
        provider.seen.calls = 1
        failed = await asyncio.gather(*(calls.failure() for _ in range(5)))
        assert {failure.code for failure in failed} == {"cut_stream"}
        assert (calls.in_flight, provider.seen.in_flight) == (0, 0)
        assert (await calls.call()).text == "Hello."


async def test_calls_beyond_what_a_server_allows_wait_and_none_fails(certificate, caller):
    async with (
        h2_provider(certificate, after(0.02), max_streams=10) as provider,
        caller(provider.base_url, slots=60) as calls,
    ):
        await calls.call()
        replies = await asyncio.gather(*(calls.call() for _ in range(60)))
        assert [reply.calls for reply in replies] == [1] * 60
        assert provider.seen.in_flight_most == 10
        assert (provider.seen.connections, calls.in_flight) == (1, 0)
