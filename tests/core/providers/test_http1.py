"""HTTP/1.1 to providers: reuse, and how fast a call lets go when it is cancelled."""

import asyncio

import pytest

from tests.core.providers.calling import seconds_to_cancel
from tests.core.providers.raw_provider import CHUNKED, OPEN_ENDED, raw_provider, says, silent_after, stream

REPLY = stream(b'{"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}]}', b"[DONE]")
QUICK_S = 0.5


@pytest.mark.parametrize("secure", [False, True])
async def test_a_connection_serves_call_after_call(certificate, caller, secure):
    async with (
        raw_provider(says(REPLY), certificate=certificate if secure else None) as provider,
        caller(provider.base_url) as calls,
    ):
        for _ in range(20):
            assert (await calls.call()).text == "Hello."
    assert (provider.connections, len(provider.requests)) == (1, 20)


@pytest.mark.parametrize("secure", [False, True])
async def test_cancelling_a_call_that_got_no_head_returns_at_once_and_keeps_the_slot(certificate, caller, secure):
    async with (
        raw_provider(silent_after(b""), certificate=certificate if secure else None) as provider,
        caller(provider.base_url, slots=1, calls__silence_timeout_s=1.5) as calls,
    ):
        calling = asyncio.create_task(calls.call())
        await provider.until(lambda seen: seen.in_flight == 1)
        assert await seconds_to_cancel(calling) < QUICK_S
        assert (calls.in_flight, provider.in_flight) == (1, 1)
        await provider.until(lambda seen: seen.in_flight == 0)
        await provider.until(lambda _seen: calls.in_flight == 0)


@pytest.mark.parametrize("begun", [CHUNKED, CHUNKED + b"e\r\n: PROCESSING\n\n\r\n", OPEN_ENDED])
async def test_cancelling_a_call_in_mid_reply_hangs_up_at_once(caller, begun):
    async with raw_provider(silent_after(begun)) as provider, caller(provider.base_url) as calls:
        calling = asyncio.create_task(calls.call())
        await provider.until(lambda seen: seen.in_flight == 1)
        await asyncio.wait([calling], timeout=0.1)
        assert await seconds_to_cancel(calling) < QUICK_S
        assert calls.in_flight == 0
        await provider.until(lambda seen: seen.in_flight == 0)


async def test_a_second_cancel_amid_hanging_up_changes_nothing(caller):
    """The first strikes while the reply is read, the second while the connection is closed."""
    async with (
        raw_provider(silent_after(CHUNKED), says(REPLY)) as provider,
        caller(provider.base_url, slots=1) as calls,
    ):
        calling = asyncio.create_task(calls.call())
        await provider.until(lambda seen: seen.in_flight == 1)
        await asyncio.wait([calling], timeout=0.1)
        while not calling.done():
            calling.cancel()
            await asyncio.sleep(0)
        await provider.until(lambda seen: seen.in_flight == 0)
        assert calls.in_flight == 0
        assert (await calls.call()).text == "Hello."


async def test_httpx_as_transport_hangs_up_at_once_even_without_a_head(caller):
    async with (
        raw_provider(silent_after(b"")) as provider,
        caller(provider.base_url, calls__http_transport="httpx") as calls,
    ):
        calling = asyncio.create_task(calls.call())
        await provider.until(lambda seen: seen.in_flight == 1)
        assert await seconds_to_cancel(calling) < QUICK_S
        assert calls.in_flight == 0
        await provider.until(lambda seen: seen.in_flight == 0)
