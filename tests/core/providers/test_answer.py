"""A reply that has its finish is a reply, and is paid once: whatever frame it came in and whatever comes after it."""

import contextlib
import gzip
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Advice
from core.providers.answer import MAX_UNREAD_BYTES, AnswerReader, BadAnswer
from tests.core.providers.raw_provider import (
    CHUNKED,
    OK_SSE,
    OPEN_ENDED,
    cut_after,
    raw_provider,
    says,
    silent_after,
    stream,
    whole,
)

BOM = b"\xef\xbb\xbf"
TEXT = "Danube\nRhine\nElbe"
USAGE = b'{"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}'


def delta(text, finish_reason=None):
    return json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": finish_reason}]}).encode()


def message(text, finish_reason="stop"):
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": finish_reason}]}).encode()


def events(*data):
    return b"".join(b"data: " + event + b"\n\n" for event in data)


PIECES = (delta("Danube\n"), delta("Rhine\nElbe"), delta("", "stop"))
REPLY = events(*PIECES)


def headed(body, kind="text/event-stream"):
    content_type = f"Content-Type: {kind}\r\n".encode() if kind else b""
    return b"HTTP/1.1 200 OK\r\n" + content_type + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def packed(body, kind, status="200 OK"):
    return whole(status, gzip.compress(body), "Content-Encoding: gzip", kind=kind)


def chunked(body):
    return CHUNKED + b"%x\r\n%b\r\n" % (len(body), body)


FRAMES = {
    "a mark before the first event": says(headed(BOM + REPLY + events(b"[DONE]"))),
    "a mark before every event": says(headed(b"".join(BOM + events(piece) for piece in PIECES))),
    "a mark before every event's data": says(stream(*(BOM + piece for piece in PIECES))),
    "two marks": says(headed(BOM + BOM + REPLY)),
    "a mark before a comment": says(headed(BOM + b": hello\n\n" + REPLY)),
    "a mark before one JSON body": says(whole("200 OK", BOM + message(TEXT))),
    "a mark in a stream labelled JSON": says(headed(BOM + REPLY, "application/json")),
    "empty events between": says(headed(b"data:\n\ndata: \n\n" + events(PIECES[0]) + b"data:\n\n" + events(*PIECES[1:]))),
    "an event with an empty line of data": says(headed(b"data:\n" + REPLY)),
    "empty lines and line ends first": says(headed(b"\r\n\r\n\n" + REPLY)),
    "comments between": says(headed(b": keep-alive\n\n" + REPLY.replace(b"\n\n", b"\n\n: ping\n\n"))),
    "events that keep it alive": says(stream(b"ping", PIECES[0], b"[PING]", b'{"type": "ping"}', b": keep-alive", *PIECES[1:])),
    "one JSON body labelled as a stream": says(headed(message(TEXT))),
    "one indented JSON body labelled as a stream": says(headed(json.dumps(json.loads(message(TEXT)), indent=2).encode())),
    "a stream labelled JSON": says(headed(REPLY, "application/json")),
    "a stream labelled text": says(headed(REPLY, "text/plain; charset=utf-8")),
    "a stream without a type": says(headed(REPLY, "")),
    "one JSON body without a type": says(headed(message(TEXT), "")),
    "a JSON body after blanks that kept it alive": says(headed(b" \n" * 50 + message(TEXT), "application/json")),
    "a chunk on each line": says(headed(b"\n".join(PIECES), "application/x-ndjson")),
    "chunks in a list": says(whole("200 OK", b"[" + b",".join(PIECES) + b"]")),
    "events without a line between": says(headed(REPLY.replace(b"\n\n", b"\n"))),
    "status 201": says(whole("201 Created", message(TEXT))),
    "a compressed stream": says(packed(REPLY, "text/event-stream")),
    "a compressed JSON body": says(packed(message(TEXT), "application/json")),
    "data in data": says(stream(*(b"data: " + piece for piece in PIECES))),
}  # fmt: skip
AFTERWARDS = {
    "a body cut in mid chunk": cut_after(chunked(REPLY)),
    "a body shorter than promised": says(OK_SSE + b"Content-Length: 9999\r\nConnection: close\r\n\r\n" + REPLY),
    "a JSON body shorter than promised": says(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\nConnection: close\r\n\r\n" + message(TEXT)
    ),
    "a chunk length that is none": says(chunked(REPLY) + b"zz\r\nnonsense"),
    "half an event": says(OPEN_ENDED + REPLY + b'data: {"choices": [{"del'),
    "the finish in an event that never ends": cut_after(chunked(REPLY[:-1])),
    "an event that is not JSON": says(stream(*PIECES, b"{oops", b"[DONE]")),
    "an event that is a number": says(stream(*PIECES, b"17")),
    "an error": says(stream(*PIECES, b'{"error": {"message": "Internal error", "code": 500}}', b"[DONE]")),
    "an error in the choice": says(stream(*PIECES, b'{"choices": [{"delta": {}, "error": {"code": 502}, "finish_reason": "error"}]}')),
    "no end mark": says(stream(*PIECES)),
}  # fmt: skip


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
@pytest.mark.parametrize("name", [*FRAMES, *AFTERWARDS])
async def test_a_finished_reply_is_read_whole_with_one_call(caller, name, transport):
    async with (
        raw_provider({**FRAMES, **AFTERWARDS}[name]) as provider,
        caller(provider.base_url, attempts=3, calls__http_transport=transport) as calls,
    ):
        reply = await calls.call()
        assert (reply.text, reply.finish_reason, len(provider.requests)) == (TEXT, "stop", 1)
        assert calls.in_flight == 0


@pytest.mark.parametrize("word", ["eos_token", "STOP", "end_turn", "EOS", "completed", "finished", "something_new"])
async def test_an_unknown_finish_reason_is_a_finish_and_is_kept_as_it_was_said(caller, word):
    async with (
        raw_provider(says(stream(*PIECES[:2], delta("", word), USAGE, b"[DONE]"))) as provider,
        caller(provider.base_url, attempts=3) as calls,
    ):
        reply = await calls.call()
    assert (reply.text, reply.finish_reason, reply.usage.input_tokens, reply.calls) == (TEXT, word, 10, 1)


@pytest.mark.parametrize("silent", [chunked(REPLY), chunked(REPLY + events(USAGE))], ids=["nothing", "usage"])
async def test_a_connection_that_stays_open_after_the_finish_is_left_soon(caller, silent, monkeypatch):
    monkeypatch.setattr("core.providers.openai_compatible.AFTER_FINISH_S", 0.2)
    async with raw_provider(silent_after(silent)) as provider, caller(provider.base_url, attempts=3) as calls:
        reply = await calls.call()
        assert (reply.text, len(provider.requests)) == (TEXT, 1)
        await provider.until(lambda seen: seen.in_flight == 0)


async def test_text_that_still_comes_after_a_finish_belongs_to_the_reply(caller):
    async with (
        raw_provider(says(stream(delta("Danube\n", "stop"), delta("Rhine\nElbe", "stop")))) as provider,
        caller(provider.base_url) as calls,
    ):
        assert (await calls.call()).text == TEXT


FILTERS = (
    "SAFETY", "PROHIBITED_CONTENT", "content_filter: PROHIBITED_CONTENT", "RECITATION", "content_filtered", "blocklist",
    "refusal", "CONTENT_FILTER", "guardrail_intervened",
)  # fmt: skip


@pytest.mark.parametrize("text", ["", "Dan"])
@pytest.mark.parametrize("word", FILTERS)
async def test_the_providers_filter_is_a_refusal_in_one_call_by_whatever_name(caller, word, text):
    async with (
        raw_provider(cut_after(chunked(events(delta(text), delta("", word))))) as provider,
        caller(provider.base_url, attempts=3) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, failed.advice, len(provider.requests)) == ("refused", Advice.NEVER, 1)
    assert word in failed.message


@pytest.mark.parametrize("word", ["error", "network_error", "abort", "insufficient_system_resource"])
async def test_a_reply_that_failed_midway_is_discarded_and_the_reason_reported(caller, word):
    async with (
        raw_provider(says(stream(delta("Dan"), delta("", word), b"[DONE]"))) as provider,
        caller(provider.base_url, attempts=2) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, failed.advice, len(provider.requests)) == ("server_error", Advice.LATER, 2)
    assert word == "error" or word in failed.message


@pytest.mark.parametrize("word", ["length", "MAX_TOKENS", "max_output_tokens", "model_length"])
async def test_a_reply_that_was_cut_says_so_in_one_word(caller, word):
    async with (
        raw_provider(says(stream(delta("Dan"), delta("", word)))) as provider,
        caller(provider.base_url) as calls,
    ):
        reply = await calls.call()
    assert (reply.text, reply.finish_reason, reply.cut_off) == ("Dan", word, True)


@pytest.mark.parametrize("field", ["tool_calls", "function_call"])
async def test_a_reply_of_tool_calls_alone_is_named_as_that(caller, field):
    told = json.dumps({"choices": [{"delta": {field: [{"name": "search"}]}, "finish_reason": field}]}).encode()
    async with raw_provider(says(stream(told, b"[DONE]"))) as provider, caller(provider.base_url) as calls:
        failed = await calls.failure()
    assert failed.code == "empty_reply"
    assert failed.message == "OpenRouter sent tool calls instead of a reply."


async def test_a_compressed_error_is_reported_with_its_message(caller):
    answer = packed(b'{"error": {"message": "No credit"}}', "application/json", "402 Payment Required")
    async with raw_provider(says(answer)) as provider, caller(provider.base_url) as calls:
        failed = await calls.failure()
    assert failed.message == "OpenRouter reports that the account has no credit (402): No credit"


@pytest.mark.parametrize(("transport", "code"), [("pyreqwest", "cut_stream"), ("httpx", "bad_reply")])
async def test_a_body_that_is_not_compressed_as_it_says_is_no_reply(caller, transport, code):
    answer = whole("200 OK", message(TEXT), "Content-Encoding: gzip")
    async with (
        raw_provider(says(answer)) as provider,
        caller(provider.base_url, calls__http_transport=transport) as calls,
    ):
        assert (await calls.failure()).code == code


async def test_what_no_encoder_can_write_is_still_a_reply(caller):
    """Half a surrogate pair beside the text, and a value nested deeper than the fast encoder goes."""
    odd = b'{"id": "\\ud83d", "extra": %b, "choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}]}'
    async with (
        raw_provider(says(stream(odd % (b"[" * 300 + b"]" * 300)))) as provider,
        caller(provider.base_url) as calls,
    ):
        reply = await calls.call()
    assert (reply.text, reply.request_id) == ("Blue.", "\ufffd")
    assert reply.model_dump_json()


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000])
async def test_an_answer_that_is_no_chat_completion_at_any_depth_is_an_error_of_ours(caller, data):
    async with raw_provider(says(stream(data))) as provider, caller(provider.base_url) as calls:
        assert (await calls.failure()).code == "bad_reply"


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("body", [BOM + REPLY, b"\n" + BOM + REPLY, BOM + message(TEXT), b" " * 9 + REPLY])
def test_the_kind_of_a_response_is_recognised_wherever_it_is_split(body, cut):
    reader = AnswerReader(10_000)
    for at in range(0, len(body), cut):
        reader.feed(body[at : at + cut])
    reader.close()
    assert (reader.merged.text, reader.merged.finished) == (TEXT, True)


DELTA = '{{"choices": [{{"delta": {{"content": "{}"}}, "finish_reason": {}}}]}}'


def reader_with_events(*events, chunk=10**6):
    """A reader that was fed the events, `chunk` bytes at a time, and the numbers of bytes after which it was finished."""
    reader, finished = AnswerReader(10**6), []
    body = b"".join(b"data: %b\n\n" % event.encode() for event in events)
    for at in range(0, len(body), chunk):
        reader.feed(body[at : at + chunk])
        finished += [at + chunk] * (reader.merged.finished and not finished)
    return reader, finished


@pytest.mark.parametrize("chunk", [1, 7, 40, 1000])
@pytest.mark.parametrize("reason", ['"stop"', '"content_filter"', '{"type": "length"}'])
def test_a_finish_is_known_with_the_chunk_that_has_its_end(chunk, reason):
    words = [DELTA.format("word ", "null")] * 50
    _, finished = reader_with_events(*words, DELTA.format("", reason), *['{"choices": []}'] * 20, chunk=chunk)
    end = len("".join(f"data: {event}\n\n" for event in (*words, DELTA.format("", reason))))
    assert end <= finished[0] < end + chunk


def test_the_text_of_a_stream_waits_to_be_parsed_until_it_is_wanted():
    reader, _ = reader_with_events(*[DELTA.format("word ", "null")] * 3, chunk=80)
    assert (reader.merged.text, reader.merged.begun, reader.size) == (
        "word ",
        True,
        3 * len(DELTA.format("word ", "null")) + 24,
    )
    reader.parse()
    assert reader.merged.text == "word word word "


def test_no_more_than_a_batch_waits_to_be_parsed():
    reader, _ = reader_with_events(*[DELTA.format("word ", "null")] * 2000, chunk=100)
    parsed = len(reader.merged.text) / len("word ") * len(DELTA.format("word ", "null") + "data: \n\n")
    assert reader.size - parsed <= MAX_UNREAD_BYTES + 200


def test_an_invalid_event_is_reported_at_the_latest_when_the_response_ends():
    reader, _ = reader_with_events(*[DELTA.format("word ", "null")] * 2)
    reader.feed(b"data: {broken\n\n")
    with pytest.raises(BadAnswer) as caught:
        reader.close()
    assert caught.value.data == b"{broken"


EVENTS = st.lists(
    st.sampled_from(
        [DELTA.format("a", "null"), DELTA.format("b", '"stop"'), '{"usage": {"completion_tokens": 3}}', "[DONE]", "ping", "{}",
         '{"choices": [1', "2]}", '{"a": [1', '2]}, {"b": 3}', '[{"choices": []}]', '{"error": {"message": "no"}}', "7", '{"a": "\\ud83d"}']
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(events=EVENTS)
def test_events_that_arrive_together_mean_what_they_mean_one_by_one(events):
    def merged(together):
        reader = AnswerReader(10**6)
        pieces = [b"data: %b\n\n" % event.encode() for event in events]
        try:
            for piece in [b"".join(pieces)] if together else pieces:
                reader.feed(piece)
                reader.parse()
            reader.close()
        except BadAnswer as bad:
            return bad.data
        return vars(reader.merged)

    assert merged(together=True) == merged(together=False)


def test_numbers_that_are_none_do_not_spoil_a_reply():
    reader = AnswerReader(10_000)
    reader.feed(b'data: {"score": NaN, "choices": [{"delta": {"content": "Blue."}, "finish_reason": "stop"}]}\n\n')
    assert (reader.merged.text, reader.merged.finished) == ("Blue.", True)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", BOM), (b"data:", BOM), (b"", b"data:\n"), (b"", b"data:{}\n"), (b"", b"data:x\n"), (b"", b"{}\n"), (b"[", b"{},"),
        (b"", b" "), (b"", b"{"), (b"data:", b"["), (b'data:{"choices":[{"delta":{"content":"', b"\\ud83d"), (b"data:{}", b"\r"),
        (b"", b'data:{"choices":[{"delta":{"content":[{"type":"text","text":"x"}]}}]}\n\n'),
        (b"", b'data:{"choices":[{"delta":{"reasoning":"x"}}]}\n\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [100, 65_536])
def test_no_answer_keeps_others_waiting_however_it_is_made(head, piece, chunk):
    """The longest step between two chunks; each chunk is a turn of the event loop."""
    body, longest_s = head + piece * (500_000 // len(piece)), 0.0
    reader = AnswerReader(10**9)
    steps = [*(lambda at=at: reader.feed(body[at : at + chunk]) for at in range(0, len(body), chunk)), reader.close]
    with contextlib.suppress(BadAnswer):
        for step in (*steps, lambda: reader.merged.text):
            started_at = time.process_time()
            step()
            longest_s = max(longest_s, time.process_time() - started_at)
    assert longest_s < 0.1
