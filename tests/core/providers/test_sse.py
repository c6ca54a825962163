"""Odd but good answers over real sockets: the reply comes out whole, the reasoning separate, however it was cut."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.providers.fireworks import Fireworks
from core.providers.openai import OpenAI
from core.providers.openrouter import OpenRouter
from core.providers.sse import EventReader
from tests.core.providers.raw_provider import CHUNKED, OK_SSE, OPEN_ENDED, raw_provider, says, stream, whole


def event(finish_reason=None, **delta):
    return json.dumps({"choices": [{"delta": delta, "finish_reason": finish_reason}]}, ensure_ascii=False).encode()


STOP = event("stop")
LONG = "A thought that goes on for more than a few words. "


async def reply_to(caller, answer, kind=OpenRouter, **changes):
    speak = answer if callable(answer) else says(answer)
    async with raw_provider(speak) as provider, caller(provider.base_url, kind=kind, **changes) as calls:
        reply = await calls.call()
        assert (calls.in_flight, reply.calls) == (0, 1)
        return reply


@pytest.mark.parametrize(
    "odd", ["\u2028", "\u2029", "\x85", "\u202f", "  \n", "\r\n", "\x1e", "\ufeff", "😀", "data: [DONE]\n\n"]
)
async def test_a_letter_that_other_readers_break_lines_at_stays_in_the_reply(caller, odd):
    reply = await reply_to(caller, stream(event(content=f"a{odd}b"), event(content=f"{odd}c"), STOP, b"[DONE]"))
    assert reply.text == f"a{odd}b{odd}c"


@pytest.mark.parametrize(
    ("pieces", "kind", "text", "reasoning"),
    [
        (["<th", "ink>Hm", "m.</thi", "nk>\n\nBlue", "."], OpenRouter, "Blue.", "Hmm."),
        (["<", "t", "h", "i", "n", "k", ">", "x", "<", "/", "think", ">", "y"], OpenRouter, "y", "x"),
        (["Hmm", ".</th", "ink>Blue."], Fireworks, "Blue.", "Hmm."),
        (["Hmm.</think>", "Blue."], OpenAI, "Hmm.</think>Blue.", ""),
        (
            ["Use the tag `<think>", "` so: <think>x</think>."],
            OpenRouter,
            "Use the tag `<think>` so: <think>x</think>.",
            "",
        ),
    ],
)
async def test_reasoning_in_tags_is_kept_apart_wherever_a_tag_is_cut(caller, pieces, kind, text, reasoning):
    reply = await reply_to(caller, stream(*(event(content=piece) for piece in pieces), STOP, b"[DONE]"), kind)
    assert (reply.text, reply.reasoning) == (text, reasoning)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_that_grows_from_chunk_to_chunk_is_not_doubled(caller, field):
    grown = [event(**{field: LONG * times}) for times in (1, 2, 3)]
    reply = await reply_to(caller, stream(*grown, event(content="Blue."), STOP, b"[DONE]"))
    assert (reply.text, reply.reasoning) == ("Blue.", LONG * 3)


async def test_reasoning_sent_in_three_fields_at_once_is_kept_once(caller):
    thought = event(
        reasoning="Hm", reasoning_content="Hm", reasoning_details=[{"type": "reasoning.text", "text": "Hm"}]
    )
    reply = await reply_to(caller, stream(thought, thought, event(content="Blue."), STOP, b"[DONE]"))
    assert (reply.text, reply.reasoning) == ("Blue.", "HmHm")


async def test_comments_keep_a_slow_call_alive_and_are_no_part_of_the_reply(caller):
    async def speak(writer):
        writer.write(OK_SSE + b"Connection: close\r\n\r\n")
        for _ in range(8):
            writer.write(b": OPENROUTER PROCESSING\n\n")
            await asyncio.sleep(0.15)
        writer.write(b"data: " + event(content="Blue.") + b"\n\ndata: " + STOP + b"\n\ndata: [DONE]\n\n")
        writer.close()

    reply = await reply_to(caller, speak, calls__silence_timeout_s=1)
    assert (reply.text, reply.reasoning) == ("Blue.", "")
    assert reply.first_token_ms > 1000


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
async def test_bytes_may_come_one_by_one(caller, transport):
    """A chunk per byte cuts every letter, line and event there is."""
    body = b"".join(b"data: " + data + b"\r\n\r\n" for data in (event(content="Grüße, 😀\u2028!"), STOP, b"[DONE]"))
    answer = CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    assert (await reply_to(caller, answer, calls__http_transport=transport)).text == "Grüße, 😀\u2028!"


async def test_an_emoji_that_was_cut_in_two_halves_is_whole_again(caller):
    halves = [b'{"choices": [{"delta": {"content": "\\ud83d"}}]}', b'{"choices": [{"delta": {"content": "\\ude00"}}]}']
    assert (await reply_to(caller, stream(*halves, STOP, b"[DONE]"))).text == "😀"


async def test_a_line_of_megabytes_is_read_whole(caller):
    long = "x" * 3_000_000
    assert (await reply_to(caller, stream(event(content=long), STOP, b"[DONE]"))).text == long


@pytest.mark.parametrize(
    "answer",
    [
        stream(event(content="Blue."), STOP),
        OPEN_ENDED + b"data:" + event(content="Blue.") + b"\n\ndata:" + STOP,
        OPEN_ENDED + b"event: message\nid: 1\nretry: 5\ndata: " + event("stop", content="Blue.") + b"\n\n",
        stream(event("stop", content="Blue."), b'{"choices": [], "usage": {"prompt_tokens": 1}}', b"[DONE]"),
        whole("200 OK", json.dumps({"choices": [{"message": {"content": "Blue."}, "finish_reason": "stop"}]}).encode()),
        whole("200 OK", event("stop", content="Blue."), kind="text/plain; charset=utf-8"),
    ],
    ids=["no end mark", "no last line end", "other SSE fields", "usage after the end", "not streamed", "odd content type"],
)  # fmt: skip
async def test_a_whole_reply_is_taken_in_whatever_frame_it_comes(caller, answer):
    assert (await reply_to(caller, answer)).text == "Blue."


async def test_what_comes_after_the_end_mark_is_not_waited_for(caller):
    async def speak(writer):
        body = b"data: " + event("stop", content="Blue.") + b"\n\ndata: [DONE]\n\n"
        writer.write(CHUNKED + b"%x\r\n%b\r\n" % (len(body), body))
        await asyncio.Event().wait()  # the last chunk never comes

    assert (await reply_to(caller, speak, calls__silence_timeout_s=5)).text == "Blue."


async def test_the_request_is_the_prompt_unmodified_and_the_key_is_in_one_header(caller):
    async with (
        raw_provider(says(stream(event("stop", content="Blue."), b"[DONE]"))) as provider,
        caller(provider.base_url) as calls,
    ):
        await calls.call()
    head, _, body = provider.requests[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {
        "model": "vendor/model",
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "usage": {"include": True},
    }
    assert head.count(b"sk-or-secret-0123456789") == 1
    assert b"POST /v1/chat/completions HTTP/1.1" in head


LINES = [
    "data: {}",
    "data:{}",
    "data: 1",
    "data: ",
    ": alive",
    "event: a",
    "",
    "",
    "data: {",
    "data: }",
    "data: [DONE]",
]


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(st.sampled_from(LINES), max_size=12), end=st.sampled_from(["\n", "\r\n"]), size=st.integers(1, 200)
)
def test_events_are_the_same_however_a_stream_is_cut(lines, end, size):
    body = "".join(line + end for line in lines).encode()

    def events(size):
        reader, read = EventReader(), []
        for at in range(0, len(body), size):
            read += reader.feed(body[at : at + size])
        return [event for event in (*read, *reader.rest()) if event]

    assert events(size) == events(1)
