"""What a provider can do wrong, over real sockets: what our client makes of it, reports and does next."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core.errors import Advice
from core.providers.fireworks import Fireworks
from core.providers.openrouter import OpenRouter
from tests.core.providers.calling import KEY
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

NEVER, LATER, SLOW_DOWN = Advice.NEVER, Advice.LATER, Advice.SLOW_DOWN
GOOD = stream(b'{"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}]}', b"[DONE]")


def delta(text, **fields):
    return json.dumps({"choices": [{"delta": {"content": text}, **fields}]}).encode()


def error(message, code=None, **fields):
    return json.dumps({"error": {"message": message, "code": code, **fields}}).encode()


HALF = b"data: " + delta("Half a sen") + b"\n\n"
HTML = b"<!DOCTYPE html><html><title>Access denied</title><body>Ask your administrator.</body></html>"


def chunked(*pieces):
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@dataclass(frozen=True)
class Case:
    """What is said, and what comes of it."""

    speak: object
    code: str
    advice: Advice
    message: str
    """Part of the message, after the provider's name."""
    hint: str
    status: int | None = None
    kind: type = OpenRouter


FAILURES = {
    "error body in 200": Case(
        says(whole("200 OK", error("No capacity at upstream", 502))),
        "server_error", LATER, "failed on its side (502): No capacity at upstream", "Try again later.", 502,
    ),
    "rate limit in 200": Case(
        says(whole("200 OK", error("Slow down", 429))),
        "rate_limited", SLOW_DOWN, "limits the rate of calls (429): Slow down", "Lower its concurrency", 429,
    ),
    "error without a code in 200": Case(
        says(whole("200 OK", b'{"error": "something broke"}')),
        "server_error", LATER, "failed on its side: something broke", "Try again later.",
    ),
    "error body in a stream of status 200": Case(
        says(stream(error("No credit", 402))),
        "out_of_credit", NEVER, "reports that the account has no credit (402): No credit", "Add credit", 402,
    ),
    "error in mid stream": Case(
        says(stream(delta("Half a sen"), error("Provider disconnected", 502, metadata={"provider_name": "Chutes"}), b"[DONE]")),
        "server_error", LATER, "(through Chutes) failed on its side (502): Provider disconnected", "Try again later.", 502,
    ),
    "error in the choice": Case(
        says(stream(delta("Half", finish_reason="error", error={"message": "Overloaded", "code": 503}))),
        "overloaded", LATER, "is overloaded (503): Overloaded", "Wait, or choose", 503,
    ),
    "finish reason error": Case(
        says(stream(delta("Half", finish_reason="error"), b"[DONE]")),
        "server_error", LATER, "failed on its side: the model failed while it was replying", "Try again later.",
    ),
    "empty choices": Case(
        says(whole("200 OK", b'{"id": "x", "choices": []}')),
        "empty_reply", LATER, "sent a reply without text.", "Try again.",
    ),
    "empty choices in a stream": Case(
        says(stream(b'{"id": "x", "choices": []}', b"[DONE]")),
        "empty_reply", LATER, "sent a reply without text.", "Try again.",
    ),
    "nothing but spaces": Case(
        says(stream(delta(" \n "), delta("", finish_reason="stop"), b"[DONE]")),
        "empty_reply", LATER, "sent a reply without text.", "Try again.",
    ),
    "reasoning that ate the output limit": Case(
        says(stream(json.dumps({"choices": [{"delta": {"reasoning": "Hm."}, "finish_reason": "length"}]}).encode(), b"[DONE]")),
        "output_limit", NEVER, "used its whole output limit before the reply began",
        "Raise TARGET_MAX_OUTPUT_TOKENS (the provider's own limit now)",
    ),
    "refused content": Case(
        says(stream(delta("", finish_reason="content_filter"), b"[DONE]")),
        "refused", NEVER, "refused this content", "Change the prompt",
    ),
    "no finish reason": Case(
        says(stream(delta("Half a sen"), b"[DONE]")),
        "cut_stream", LATER, "ended the reply before it was finished.", "Try again.",
    ),
    "no finish reason and no end mark": Case(
        says(stream(delta("Half a sen"))),
        "cut_stream", LATER, "ended the reply before it was finished.", "Try again.",
    ),
    "a stream of nothing": Case(
        says(stream()), "cut_stream", LATER, "ended the reply before it was finished.", "Try again."
    ),
    "reset in mid reply": Case(
        cut_after(chunked(HALF)),
        "cut_stream", LATER, "ended the reply before it was finished: ", "Try again.",
    ),
    "closed before the promised length": Case(
        says(OK_SSE + b"Content-Length: 9999\r\nConnection: close\r\n\r\n" + HALF),
        "cut_stream", LATER, "ended the reply before it was finished: ", "Try again.",
    ),
    "closed in mid event": Case(
        says(OPEN_ENDED + HALF + b'data: {"choices": [{"del'),
        "bad_reply", LATER, "did not send a chat completion", "Check that the address ends in /v1.",
    ),
    "reset before the head": Case(
        cut_after(b""), "cut_stream", LATER, "ended the reply before it was finished: ", "Try again."
    ),
    "malformed event": Case(
        says(stream(delta("Hi"), b"{not json", b"[DONE]")),
        "bad_reply", LATER, "did not send a chat completion: {not json", "Check that the address ends in /v1.",
    ),
    "an event that is no object": Case(
        says(stream(delta("Hi"), b"[1, 2]", b"[DONE]")),
        "bad_reply", LATER, "did not send a chat completion", "Check that the address ends in /v1.",
    ),
    "malformed chunk length": Case(
        says(CHUNKED + b"%x\r\n%b\r\nzz\r\nnonsense" % (len(HALF), HALF)),
        "cut_stream", LATER, "ended the reply before it was finished: ", "Try again.",
    ),
    "page of a proxy": Case(
        says(whole("200 OK", HTML, kind="text/html")),
        "bad_reply", LATER, "did not send a chat completion", "Check that the address ends in /v1.",
    ),
    "page of a proxy that blocks": Case(
        says(whole("403 Forbidden", HTML, kind="text/html")),
        "forbidden", NEVER, "does not allow this call (403): Access denied", "a firewall", 403,
    ),
    "redirect": Case(
        says(whole("301 Moved Permanently", b"", "Location: https://elsewhere.example/v1")),
        "bad_request", NEVER, "redirects to another URL (301).", "Set the base URL to the final URL.", 301,
    ),
    "bad key": Case(
        says(whole("401 Unauthorized", error(f"Incorrect API key provided: {KEY}.", "invalid_api_key"))),
        "unauthorized", NEVER, "did not accept the key (401): Incorrect API key provided: [key].", "Check the key", 401,
    ),
    "unknown model": Case(
        says(whole("404 Not Found", error("The model does not exist", "model_not_found"))),
        "unknown_model", NEVER, "does not know this model (404): The model does not exist", "Check the model's name", 404,
    ),
    "no credit": Case(
        says(whole("402 Payment Required", error("Insufficient credits", 402))),
        "out_of_credit", NEVER, "reports that the account has no credit (402): Insufficient credits", "Add credit", 402,
    ),
    "quota that reads like a rate limit": Case(
        says(whole("429 Too Many Requests", error("You exceeded your quota", "insufficient_quota"), "Retry-After: 5")),
        "out_of_credit", NEVER, "reports that the account has no credit (429): You exceeded your quota", "Add credit", 429,
    ),
    "too large": Case(
        says(whole("413 Content Too Large", b"")),
        "too_large", NEVER, "reports that the request is too large (413).", "Shorten the prompt", 413,
    ),
    "bad request": Case(
        says(whole("400 Bad Request", b'{"detail": [{"loc": ["body"], "msg": "bad"}]}')),
        "bad_request", NEVER, 'rejected the request (400): body: bad', "Retrying the same request fails too", 400,
    ),
    "server error": Case(
        says(whole("500 Internal Server Error", b"Internal Server Error", kind="text/plain")),
        "server_error", LATER, "failed on its side (500): Internal Server Error", "Try again later.", 500,
    ),
    "overloaded": Case(
        says(whole("503 Service Unavailable", b"")), "overloaded", LATER, "is overloaded (503).", "Wait, or choose", 503
    ),
    "overloaded Fireworks": Case(
        says(whole("503 Service Unavailable", b"")),
        "rate_limited", SLOW_DOWN, "limits the rate of calls (503).", "Lower its concurrency", 503, Fireworks,
    ),
    "gateway timeout": Case(
        says(whole("504 Gateway Timeout", HTML, kind="text/html")),
        "timeout", LATER, "did not finish in time (504): Access denied", "Raise CALL_TIMEOUT", 504,
    ),
    "rate limit": Case(
        says(whole("429 Too Many Requests", error("Rate limit reached", "rate_limit_exceeded"))),
        "rate_limited", SLOW_DOWN, "limits the rate of calls (429): Rate limit reached", "Lower its concurrency", 429,
    ),
}  # fmt: skip


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
@pytest.mark.parametrize("name", FAILURES)
async def test_a_failure_is_reported_by_its_cause_and_retried_only_if_that_helps(caller, name, transport):
    case = FAILURES[name]
    async with (
        raw_provider(case.speak) as provider,
        caller(provider.base_url, kind=case.kind, attempts=3, calls__http_transport=transport) as calls,
    ):
        failed = await calls.failure()
        tries = 1 if case.advice is NEVER else 3
        assert (failed.code, failed.advice, failed.status) == (case.code, case.advice, case.status)
        assert failed.message.startswith(f"{case.kind.__name__} {case.message}")
        assert case.hint in failed.hint
        assert KEY not in failed.message + failed.raw
        assert (len(provider.requests), len(calls.pauses_s)) == (tries, tries - 1)
        await provider.until(lambda seen: seen.in_flight == 0)
        assert calls.in_flight == 0


@pytest.mark.parametrize(("transport", "code"), [("pyreqwest", "bad_reply"), ("httpx", "cut_stream")])
async def test_what_is_not_http_is_no_reply(caller, transport, code):
    async with (
        raw_provider(cut_after(b"SSH-2.0-OpenSSH_9.2\r\n")) as provider,
        caller(provider.base_url, calls__http_transport=transport) as calls,
    ):
        failed = await calls.failure()
        assert (failed.code, failed.advice, calls.in_flight) == (code, LATER, 0)


async def test_a_server_that_accepts_and_cannot_shake_hands_reads_unreachable(caller):
    """Nobody answers the TLS greeting: there is no connection yet, so it is not the model that is silent."""
    async with (
        raw_provider(silent_after(b"")) as provider,
        caller(provider.base_url.replace("http:", "https:"), calls__connect_timeout_s=0.3) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, failed.advice, calls.in_flight) == ("unreachable", LATER, 0)


@pytest.mark.parametrize("name", [name for name, case in FAILURES.items() if case.advice is not NEVER])
async def test_a_good_answer_after_a_passing_failure_is_the_reply(caller, name):
    case = FAILURES[name]
    async with (
        raw_provider(case.speak, says(GOOD)) as provider,
        caller(provider.base_url, kind=case.kind, attempts=2) as calls,
    ):
        reply = await calls.call()
        assert (reply.text, reply.calls, calls.in_flight) == ("Hello.", 2, 0)


def limited(*headers):
    return says(whole("429 Too Many Requests", error("Rate limit reached"), *headers))


@pytest.mark.parametrize(
    ("header", "min_s", "max_s"),
    [
        ("Retry-After: 7", 7, 7),
        ("Retry-After: 0.25", 0.25, 1),
        ("Retry-After: {date}", 55, 60),
        ("Retry-After: soon", 0.5, 1),
        ("X-Nothing: 1", 0.5, 1),
        ("Retry-After: -5", 0.5, 1),
        ("x-ratelimit-reset-requests: 1m30s", 90, 90),
    ],
)
async def test_the_pause_is_what_the_provider_asks_for_else_our_own(caller, header, min_s, max_s):
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    async with (
        raw_provider(limited(header.format(date=in_a_minute)), says(GOOD)) as provider,
        caller(provider.base_url, attempts=2) as calls,
    ):
        assert (await calls.call()).calls == 2
        assert len(calls.pauses_s) == 1
        assert min_s <= calls.pauses_s[0] <= max_s


async def test_a_pause_longer_than_we_wait_ends_the_call_and_says_why(caller):
    async with raw_provider(limited("Retry-After: 3600")) as provider, caller(provider.base_url, attempts=5) as calls:
        failed = await calls.failure()
    assert (failed.code, failed.advice, failed.retry_after_s, len(provider.requests)) == (
        "rate_limited",
        NEVER,
        3600,
        1,
    )
    assert failed.message.endswith("Not retried: it asks to wait 3600 s, the maximum is 300 s.")


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
@pytest.mark.parametrize("begun", [b"", CHUNKED, chunked(HALF), chunked(b": OPENROUTER PROCESSING\n\n")])
async def test_silence_beyond_the_limit_ends_the_call_wherever_it_begins(caller, transport, begun):
    async with (
        raw_provider(silent_after(begun)) as provider,
        caller(provider.base_url, calls__silence_timeout_s=0.2, calls__http_transport=transport) as calls,
    ):
        failed = await calls.failure()
        assert (failed.code, failed.advice) == ("silent", LATER)
        assert failed.message.startswith("OpenRouter sent nothing for too long")
        assert "SILENCE_TIMEOUT" in failed.hint
        await provider.until(lambda seen: seen.in_flight == 0)
        assert calls.in_flight == 0


def alive(piece, pause_s=0.05):
    """Sends its head, and then that piece again and again: never silent, never done."""

    async def speak(writer):
        writer.write(CHUNKED)
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause_s)

    return speak


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
@pytest.mark.parametrize(
    "speak",
    [silent_after(b""), alive(b": OPENROUTER PROCESSING\n\n"), alive(HALF)],
    ids=["no head", "comments", "text"],
)
async def test_a_call_ends_at_its_deadline_however_lively_it_is(caller, transport, speak):
    async with (
        raw_provider(speak) as provider,
        caller(
            provider.base_url, calls__timeout_s=0.4, calls__silence_timeout_s=5, calls__http_transport=transport
        ) as calls,
    ):
        failed = await calls.failure()
        assert (failed.code, failed.advice) == ("timeout", LATER)
        assert failed.message.startswith("OpenRouter did not finish in time: 0.4 s have passed")
        assert "CALL_TIMEOUT" in failed.hint
        await provider.until(lambda seen: seen.in_flight == 0 and calls.in_flight == 0)


async def test_a_head_that_comes_late_but_in_time_is_no_failure(caller):
    async def speak(writer):
        await asyncio.sleep(0.3)
        writer.write(GOOD)

    async with raw_provider(speak) as provider, caller(provider.base_url, calls__silence_timeout_s=5) as calls:
        reply = await calls.call()
    assert (reply.text, reply.calls) == ("Hello.", 1)
    assert reply.latency_ms >= 300


@pytest.mark.parametrize("transport", ["pyreqwest", "httpx"])
async def test_a_refused_connection_reads_unreachable(caller, free_port, transport):
    async with caller(f"http://127.0.0.1:{free_port}/v1", attempts=2, calls__http_transport=transport) as calls:
        failed = await calls.failure()
    assert (failed.code, failed.advice, failed.status, len(calls.pauses_s)) == ("unreachable", LATER, None, 1)
    assert failed.message.startswith("OpenRouter cannot be reached: ")
    assert failed.hint == "Check the address, the network and the proxy."
    assert calls.in_flight == 0


async def test_a_name_that_does_not_exist_reads_unreachable(caller, monkeypatch):
    """The label is too long for a name server to be asked, so nothing leaves this machine."""
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "*")
    async with caller(f"http://{'x' * 64}.invalid/v1", attempts=2) as calls:
        failed = await calls.failure()
    assert (failed.code, failed.advice, len(calls.pauses_s), calls.in_flight) == ("unreachable", LATER, 1, 0)
    assert failed.message.startswith("OpenRouter cannot be reached: ")
    assert "resolving DNS" in failed.message


async def test_what_cannot_be_sent_is_never_retried_and_the_key_is_not_revealed(caller):
    async with raw_provider(says(GOOD)) as provider, caller(provider.base_url, attempts=3) as calls:
        calls.throttled._inner._headers["Authorization"] = f"Bearer {KEY}\nX-Further: 1"
        failed = await calls.failure()
    assert (failed.code, failed.advice, provider.requests, calls.in_flight) == ("unreachable", NEVER, [], 0)
    assert "invalid URL or header" in failed.message
    assert KEY not in failed.message


@pytest.mark.parametrize("speak", [alive(b"x" * 60_000, 0), alive(HALF * 500, 0)], ids=["one line", "many events"])
async def test_a_reply_without_end_is_cut_off_at_the_limit(caller, speak):
    async with raw_provider(speak) as provider, caller(provider.base_url, calls__max_reply_bytes=10_000_000) as calls:
        failed = await calls.failure()
        assert (failed.code, failed.advice) == ("too_large", NEVER)
        assert failed.message == "OpenRouter sent a reply that is too large."
        assert failed.hint == "Lower TARGET_MAX_OUTPUT_TOKENS."
        assert len(failed.raw) <= 4096
        await provider.until(lambda seen: seen.in_flight == 0)
        assert calls.in_flight == 0


async def test_a_whole_answer_without_end_is_cut_off_too(caller):
    body = b'{"choices": [{"message": {"content": "' + b"x" * 20_000 + b'"}, "finish_reason": "stop"}]}'
    async with (
        raw_provider(says(whole("200 OK", body))) as provider,
        caller(provider.base_url, calls__max_reply_bytes=10_000) as calls,
    ):
        assert (await calls.failure()).code == "too_large"


async def test_an_endless_error_body_is_bounded(caller):
    head = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def speak(writer):
        writer.write(head)
        while True:
            writer.write(b"2710\r\n" + b"y" * 10_000 + b"\r\n")
            await writer.drain()

    async with raw_provider(speak) as provider, caller(provider.base_url) as calls:
        failed = await calls.failure()
        assert (failed.code, failed.status, len(failed.raw) <= 4096, len(failed.message) < 500) == (
            "server_error", 500, True, True,
        )  # fmt: skip
        await provider.until(lambda seen: seen.in_flight == 0)
