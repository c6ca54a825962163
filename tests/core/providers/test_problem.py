"""The provider's own words, and the cause that they mean, in every shape that an error has."""

import json
import time

import pytest

from core.errors import Advice
from core.providers.causes import cause_of
from core.providers.problem import problem_of, read_problem
from tests.core.providers.calling import KEY
from tests.core.providers.raw_provider import raw_provider, says, stream, whole

REGION = {
    "error": {"code": "unsupported_country_region_territory", "message": "Country, region, or territory not supported"}
}
UPSTREAM = {"message": "Provider returned error", "code": 429}
SHAPES = {
    "OpenAI": ({"error": {"message": "Bad thing"}}, "Bad thing"),
    "an error that is a string": ({"error": "Bad thing"}, "Bad thing"),
    "a name and a description": ({"error": "invalid_token", "error_description": "Bad thing"}, "Bad thing"),
    "detail": ({"detail": "Bad thing"}, "Bad thing"),
    "detail with an object": ({"detail": {"message": "Bad thing", "code": 1}}, "Bad thing"),
    "places": ({"detail": [{"loc": ["body", "n", 0], "msg": "not a number"}, {"loc": [], "msg": "too few"}]},
               "body.n.0: not a number: too few"),
    "msg": ({"code": 1, "msg": "Bad thing"}, "Bad thing"),
    "Message": ({"Message": "Bad thing"}, "Bad thing"),
    "errorMessage": ({"errorMessage": "Bad thing"}, "Bad thing"),
    "RFC 9457": ({"title": "Unauthorized", "detail": "The key has expired", "status": 401}, "Unauthorized: The key has expired"),
    "fault": ({"fault": {"faultstring": "Bad thing", "detail": {"errorcode": "policies.x"}}}, "Bad thing: policies.x"),
    "errors": ({"errors": [{"message": "One"}, {"message": "Two"}]}, "One: Two"),
    "errors that are strings": ({"success": False, "errors": ["One", "Two"]}, "One: Two"),
    "a list around": ([{"error": {"message": "Bad thing", "status": "INVALID_ARGUMENT"}}], "Bad thing"),
    "base_resp": ({"base_resp": {"status_code": 1004, "status_msg": "Bad thing"}}, "Bad thing"),
    "raw words": ({"error": {**UPSTREAM, "metadata": {"raw": "Busy upstream"}}}, "Provider returned error: Busy upstream"),
    "raw JSON": ({"error": {**UPSTREAM, "metadata": {"raw": json.dumps(REGION)}}},
                 "Provider returned error: Country, region, or territory not supported"),
    "raw JSON in JSON": ({"error": {"message": json.dumps({"error": {"message": json.dumps({"detail": "Deep"})}})}}, "Deep"),
    "reasons": ({"error": {"message": "Flagged", "metadata": {"reasons": ["violence"]}}}, "Flagged: violence"),
    "words twice": ({"error": {"message": "Bad thing", "detail": "bad thing"}}, "Bad thing"),
    "a code alone": ({"error": {"code": "overloaded_error"}}, "overloaded_error"),
    "nothing known": ({"oops": 1}, '{"oops":1}'),
    "nothing": ({}, ""),
}  # fmt: skip
TEXTS = {
    "plain": (b"  404 page\n not found ", "404 page not found"),
    "a page": (
        b"<!DOCTYPE html><html><title>Access\ndenied &amp; logged</title><body><h1>No</h1>",
        "Access denied & logged",
    ),
    "a page without a title": (b"<html><body><h1 class='x'>502 <b>Bad</b> Gateway</h1>", "502 Bad Gateway"),
    "XML": (b"<?xml version='1.0'?><Error><Code>X</Code><Message>Bad thing</Message></Error>", "Bad thing"),
    "a page that says nothing": (b"<html><body></body></html>", ""),
    "a mark first": (b'\xef\xbb\xbf{"error": "Bad thing"}', "Bad thing"),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize(
    ("body", "words"),
    [*((json.dumps(error).encode(), words) for error, words in SHAPES.values()), *TEXTS.values()],
    ids=[*SHAPES, *(f"text: {name}" for name in TEXTS)],
)
def test_the_providers_words_are_found_in_whatever_shape_they_come(body, words):
    assert read_problem(body).words == words


def error_body(message="", **fields):
    return {"error": {"message": message, **fields}}


FAILURES_IN_200 = {
    "a login that failed": (
        {"id": "x", "choices": None, "base_resp": {"status_code": 1004, "status_msg": "login fail: wrong API secret key"}},
        "unauthorized", "did not accept the key: login fail: wrong API secret key",
    ),
    "a code and a message": (
        {"code": "rate_limit_daily", "message": "Your daily allowance is used up"},
        "rate_limited", "limits the rate of calls: Your daily allowance is used up",
    ),
    "errors in a list": ({"errors": [{"message": "Invalid API key"}]}, "unauthorized", "did not accept the key: Invalid API key"),
    "no success": ({"success": False, "msg": "The model x does not exist"}, "unknown_model", "does not know this model: The model x"),
    "a status alone": ({"status": 401}, "unauthorized", "did not accept the key (401)."),
    "a prompt that was blocked": (
        {"choices": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "refused", "refused this content: PROHIBITED_CONTENT",
    ),
    "an error that a BOM hides": ({"error": {"code": "invalid_api_key", "message": "No"}}, "unauthorized", "did not accept the key: No"),
}  # fmt: skip


@pytest.mark.parametrize("framed", ["JSON", "event", "JSON as a stream", "after text"])
@pytest.mark.parametrize("name", FAILURES_IN_200)
async def test_an_error_of_status_200_says_its_words_and_a_bad_key_is_sent_once(caller, name, framed):
    error, code, message = FAILURES_IN_200[name]
    body = (b"\xef\xbb\xbf" if "BOM" in name else b"") + json.dumps(error).encode()
    text = b'{"choices": [{"delta": {"content": "Dan"}}]}'
    answer = {
        "JSON": whole("200 OK", body),
        "event": stream(body, b"[DONE]"),
        "JSON as a stream": whole("200 OK", body, kind="text/event-stream"),
        "after text": stream(text, body, b"[DONE]"),
    }[framed]
    async with raw_provider(says(answer)) as provider, caller(provider.base_url, attempts=3) as calls:
        failed = await calls.failure()
    assert failed.code == code
    assert failed.message.startswith(f"OpenRouter {message}")
    assert len(provider.requests) == (1 if failed.advice is Advice.NEVER else 3)


async def test_a_rate_limit_of_status_200_waits_as_long_as_it_asks(caller):
    answer = whole("200 OK", json.dumps(error_body("Slow down", code=429)).encode(), "Retry-After: 7")
    async with raw_provider(says(answer)) as provider, caller(provider.base_url, attempts=2) as calls:
        failed = await calls.failure()
    assert (failed.code, failed.retry_after_s, calls.pauses_s) == ("rate_limited", 7, [7])


async def test_an_answer_that_succeeded_in_numbers_is_no_error(caller):
    fine = {"code": 0, "msg": "success", "base_resp": {"status_code": 0, "status_msg": "success"}, "success": True}
    answer = {**fine, "choices": [{"message": {"content": "Blue."}, "finish_reason": "stop"}]}
    async with (
        raw_provider(says(whole("200 OK", json.dumps(answer).encode()))) as provider,
        caller(provider.base_url) as calls,
    ):
        assert (await calls.call()).text == "Blue."


async def test_a_cut_reply_that_says_it_succeeded_is_cut(caller):
    piece = b'{"code": 0, "msg": "success", "type": "chunk", "choices": [{"delta": {"content": "Dan"}}]}'
    async with raw_provider(says(stream(piece))) as provider, caller(provider.base_url) as calls:
        assert (await calls.failure()).code == "cut_stream"


@pytest.mark.parametrize("filler", ["x " * 185, "\n" * 390, "x" * 1990 + " "])
async def test_a_key_is_taken_out_of_words_before_they_are_cut(caller, filler):
    body = json.dumps(error_body(json.dumps(error_body(filler + KEY)))).encode()
    async with (
        raw_provider(says(whole("400 Bad Request", body))) as provider,
        caller(provider.base_url) as calls,
    ):
        failed = await calls.failure()
    assert KEY[:9] not in failed.message + failed.raw
    assert len(failed.message) < 500


@pytest.mark.parametrize(
    "body",
    [
        b"<title" * 10_000,
        b"<h1>" * 16_000,
        b"{" * 64_000,
        json.dumps({"errors": [{"message": f"{n} words"} for n in range(3_000)]}).encode(),
        json.dumps({str(n): {"error": "x" * 100} for n in range(500)}).encode(),
        json.dumps(error_body("api key " * 8_000)).encode(),
        json.dumps(error_body("model " * 10_000)).encode(),
        json.dumps(error_body("<" * 60_000)).encode(),
        b"[" * 32_000 + b"]" * 32_000,
    ],
    ids=["titles", "headings", "braces", "errors", "fields", "keys", "models", "tags", "depth"],
)
def test_reading_an_error_is_quick_whatever_it_holds(body):
    started_at = time.process_time()
    problem = read_problem(body)
    cause_of(400, problem)
    assert time.process_time() - started_at < 0.25
    assert len(problem.words) < 25_000


def test_names_are_read_at_every_depth_and_the_outermost_status_counts():
    problem = problem_of({"error": {"code": 403, "type": "upstream", "metadata": {"raw": json.dumps(REGION)}}})
    assert problem.names == ("upstream", "unsupported_country_region_territory")
    assert problem.status == 403
