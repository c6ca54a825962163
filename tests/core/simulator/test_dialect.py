"""Requests and replies in OpenAI's dialect over real sockets."""

import json

import pytest

from tests.planted import planted

BODY = {"model": "vendor/any", "messages": [{"role": "user", "content": "Tell me about Mars and Venus."}]}
CHAT = "/v1/chat/completions"


@pytest.mark.parametrize("form", ["field", "content_field", "details", "think_tag", "lone_close_tag"])
@pytest.mark.parametrize("chunk_chars", [1, 3, 1000])
async def test_reasoning_arrives_apart_in_every_form_however_it_is_cut(
    serve, call_openrouter, asked, form, chunk_chars
):
    async with serve(reasoning=form, chunk_chars=chunk_chars) as (server, _):
        reply = await call_openrouter(server, asked())
    assert reply.text == planted(server.script, "vendor/any", asked().messages, 0).text
    assert len(reply.reasoning) > 40
    assert "think>" not in reply.text + reply.reasoning


async def test_an_unstreamed_reply_is_the_same_as_a_streamed_one(serve):
    async with serve() as (_, client):
        whole = (await client.post(CHAT, json=BODY)).json()
        await client.post("/sim/reset")
        streamed = (await client.post(CHAT, json={**BODY, "stream": True})).text
    events = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: {")]
    text = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    assert text == whole["choices"][0]["message"]["content"]
    assert (whole["provider"], whole["system_fingerprint"]) == ("Simulated", "simulated")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe\x00", 400),
        (b'{"model": 1, "messages": []}', 400),
        (b'{"model": "a", "messages": []}', 400),
        (b'{"model": "a", "messages": [1]}', 400),
        (b'{"model": "a", "messages": [{"role": ["user"], "content": "x"}]}', 400),
        (b'{"model": "a", "messages": [{"role": "user", "content": null}]}', 200),
        (b'{"model": "a", "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}', 200),
        (b'{"model": "a", "messages": [{"role": "developer", "content": "x"}], "usage": 1}', 200),
        (b'{"model": "a", "messages": [{"role": "user", "content": "\\ud800"}]}', 200),
        (b'{"model": "no-such-model", "messages": [{"role": "user", "content": "x"}]}', 404),
    ],
)
async def test_a_request_is_answered_in_the_one_shape_whatever_it_holds(serve, body, status):
    async with serve() as (server, client):
        answer = await client.post(CHAT, content=body)
        assert (answer.status_code, server.counters.total.in_flight) == (status, 0)
        assert ("error" in answer.json()) is (status != 200)
