"""What the server counts: limits are proven here, so it must be right also when clients go away."""

import asyncio
import json

import httpx
import pytest

from core.simulator.counters import MAX_ROWS, OTHERS, Counters, account_of
from core.simulator.script import read_script
from core.simulator.server import open_server

BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
CHAT = "/v1/chat/completions"


async def until(condition):
    """Waits for what another task brings about; the test's own timeout ends it."""
    while not condition():
        await asyncio.sleep(0.005)


async def counted(client):
    return (await client.get("/sim/counters")).json()


async def test_an_unused_server_counts_nothing(serve):
    async with serve() as (_, client):
        assert await counted(client) == {
            "simulated": True,
            "calls": 0,
            "in_flight": 0,
            "in_flight_most": 0,
            "ended": {},
            "by_purpose": {},
            "by_model": {},
            "by_account": {},
            "conversations": {},
        }


async def test_the_maximum_in_flight_is_counted_by_account_and_keys_are_never_revealed(serve):
    async with serve(target_latency_ms=50) as (_, client):
        keys = ["secret-a"] * 5 + ["secret-b"] * 2
        calls = [client.post(CHAT, json=BODY, headers={"Authorization": f"Bearer {key}"}) for key in keys]
        await asyncio.gather(*calls)
        told = await counted(client)
    assert told["by_account"] == {
        account_of("secret-a"): {"calls": 5, "in_flight": 0, "in_flight_most": 5},
        account_of("secret-b"): {"calls": 2, "in_flight": 0, "in_flight_most": 2},
    }
    assert (told["in_flight_most"], told["ended"], list(told["conversations"].values())) == (7, {"completed": 7}, [7])
    assert "secret" not in json.dumps(told)


async def test_calls_one_after_the_other_are_never_two_in_flight(serve):
    async with serve() as (_, client):
        for number in range(100):
            await client.post(CHAT, json={**BODY, "stream": number % 2 == 0})
        assert (await counted(client))["in_flight_most"] == 1


@pytest.mark.parametrize("fields", [{"target_latency_ms": 60_000}, {"silent": 1}, {"slow": 1, "slow_chunk_ms": 60_000}])
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_client_that_goes_away_is_no_longer_in_flight(serve, fields, streamed):
    async with serve(**fields) as (server, client):
        calls = [asyncio.create_task(client.post(CHAT, json={**BODY, "stream": streamed})) for _ in range(3)]
        await until(lambda: server.counters.total.in_flight == 3)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await until(lambda: server.counters.total.in_flight == 0)
        assert server.counters.ended == {"disconnected": 3}
        assert server.counters.total.in_flight_most == 3


async def test_a_client_that_sends_half_a_request_was_never_in_flight(serve):
    async with serve() as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        assert await reader.read() == b""
        assert server.counters.total.calls == 0


async def test_requests_sent_ahead_on_one_connection_are_answered_in_order(serve):
    body = json.dumps(BODY).encode()
    request = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (CHAT.encode(), len(body), body)
    async with serve(target_latency_ms=5) as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request * 3 + b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers = await reader.read()
        writer.close()
        assert answers.count(b"HTTP/1.1 200 OK") == 4
        assert b'"object":"list"' in answers.rpartition(b"\r\n\r\n")[2]
        assert (server.counters.total.calls, server.counters.total.in_flight_most) == (3, 1)


async def test_a_client_that_expects_100_continue_gets_it(serve):
    async with serve() as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_garbage_is_answered_and_the_connection_closed(serve):
    async with serve() as (server, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x16\x03\x01 no http\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        writer.close()
        assert (await client.get("/v1/models")).status_code == 200


async def test_closing_the_server_ends_calls_in_flight_at_once():
    async with httpx.AsyncClient(timeout=None) as client:
        async with open_server(read_script('{"target_latency_ms": 3600000}')) as server:
            calling = asyncio.create_task(client.post(f"http://127.0.0.1:{server.port}{CHAT}", json=BODY))
            await until(lambda: server.counters.total.in_flight == 1)
        assert (server.counters.total.in_flight, server.counters.ended) == (0, {"disconnected": 1})
        with pytest.raises(httpx.TransportError):
            await calling


async def test_a_reset_begins_every_count_and_conversation_again(serve):
    async with serve() as (_, client):
        first = (await client.post(CHAT, json=BODY)).json()
        second = (await client.post(CHAT, json=BODY)).json()
        await client.post("/sim/reset")
        third = (await client.post(CHAT, json=BODY)).json()
        assert (await counted(client))["calls"] == 1
    assert first == third
    assert first["id"] != second["id"]


async def test_a_reset_amid_a_call_leaves_no_call_in_flight_behind(serve):
    async with serve(target_latency_ms=50) as (server, client):
        calling = asyncio.create_task(client.post(CHAT, json=BODY))
        await until(lambda: server.counters.total.in_flight == 1)
        before = server.counters
        await client.post("/sim/reset")
        await calling
        assert (before.total.in_flight, server.counters.total.in_flight) == (0, 0)


def test_rows_are_bounded():
    counters = Counters()
    for number in range(MAX_ROWS + 50):
        with counters.call("target", f"model {number}", "none") as ticket:
            ticket.end("completed")
    assert len(counters.by_model) == MAX_ROWS + 1
    assert counters.by_model[OTHERS].calls == 50


def test_a_call_ends_once():
    counters = Counters()
    with counters.call("target", "m", "none") as ticket:
        ticket.end("completed")
        ticket.end("silent")
    assert (counters.ended, counters.total.in_flight) == ({"completed": 1}, 0)
