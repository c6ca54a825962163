"""One slot per call: it is held for as long as the call is at the provider, and calls are counted."""

import asyncio
import time

from tests.core.providers.calling import seconds_to_cancel
from tests.core.providers.h2_provider import answer_at_once, h2_provider
from tests.core.providers.raw_provider import raw_provider, says, silent_after
from tests.core.providers.test_http1 import REPLY
from tests.core.providers.test_transport import say_nothing


async def test_the_next_call_takes_the_slot_of_a_cancelled_one_when_that_is_gone(certificate, caller):
    heads = asyncio.Event()

    async def headers_on_request(stream):
        await heads.wait()
        await answer_at_once(stream)

    async with h2_provider(certificate, headers_on_request) as provider, caller(provider.base_url, slots=1) as calls:
        first = asyncio.create_task(calls.call())
        await provider.seen.until(lambda seen: seen.in_flight == 1)
        await seconds_to_cancel(first)
        second = asyncio.create_task(calls.call())
        await asyncio.wait([second], timeout=0.1)
        assert (provider.seen.calls, calls.in_flight, calls.throttle.load()[0].queued) == (1, 1, 1)
        heads.set()
        assert (await second).text == "Hello."
        assert (provider.seen.in_flight_most, calls.in_flight) == (1, 0)


async def test_closing_keeps_the_slots_of_calls_that_only_the_processs_end_ends_and_waits_for_none(certificate, caller):
    async with h2_provider(certificate, say_nothing) as provider:
        async with caller(provider.base_url, slots=5) as calls:
            calling = [asyncio.create_task(calls.call()) for _ in range(5)]
            await provider.seen.until(lambda seen: seen.in_flight == 5)
            for call in calling:
                call.cancel()
            await asyncio.gather(*calling, return_exceptions=True)
            assert calls.in_flight == 5
            closed_at = time.monotonic()
        assert time.monotonic() - closed_at < 1
        assert calls.in_flight == provider.seen.in_flight == 5


async def test_a_call_that_was_cancelled_twice_still_gives_its_slot_back(caller):
    async with (
        raw_provider(silent_after(b""), says(REPLY)) as provider,
        caller(provider.base_url, slots=1, calls__silence_timeout_s=0.5) as calls,
    ):
        calling = asyncio.create_task(calls.call())
        await provider.until(lambda seen: seen.in_flight == 1)
        calling.cancel()
        calling.cancel()
        await asyncio.wait([calling])
        assert (await calls.call()).text == "Hello."
        assert (calls.in_flight, provider.connections) == (0, 2)
