"""Every reply and every fault over real sockets, seen by plain httpx and by the client that calls OpenRouter."""

import json

import httpx
import pytest

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.task import Task
from core.domain.verdict import Verdict
from core.errors import Advice, ProviderError
from core.judge.answer import read_answer
from core.judge.prompt import judge_messages
from core.providers.base import ChatRequest
from core.simulator.faults import Fault
from core.simulator.script import read_script
from core.simulator.server import open_server
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


async def test_an_unstreamed_reply_is_the_same_as_a_streamed_one(serve):
    async with serve() as (_, client):
        whole = (await client.post(CHAT, json=BODY)).json()
        await client.post("/sim/reset")
        streamed = (await client.post(CHAT, json={**BODY, "stream": True})).text
    events = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: {")]
    text = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    assert text == whole["choices"][0]["message"]["content"]
    assert (whole["provider"], whole["system_fingerprint"]) == ("Simulated", "simulated")


@pytest.mark.parametrize("form", ["plain", "pretty", "fence", "around", "status", "result", "grading", "corrected"])
async def test_over_http_a_judge_is_known_by_its_prompt_under_any_name(serve, call_openrouter, form):
    texts = {"C1": 'Does the response mention "Mars"?', "C2": 'Does the response avoid "Mars"?', "C3": "Is it kind?"}
    task = Task(prompt="p", response="r", criteria=tuple(Criterion(id=c, text=text) for c, text in texts.items()))
    verdicts = []
    async with serve(judge_form=form) as (server, _):
        for criterion in task.criteria[:2]:
            messages = judge_messages(task, criterion, "Mars is red.")
            reply = await call_openrouter(server, ChatRequest(model="openai/gpt-5", messages=messages, purpose="judge"))
            verdicts.append(read_answer(reply.text, criterion.id, "Mars is red.").verdict)
        assert server.counters.by_purpose["judge"].calls == 2
    assert verdicts == [Verdict.PASS, Verdict.FAIL]


async def test_a_broken_judge_is_never_understood(serve, call_openrouter):
    criterion = Criterion(id="C1", text='Does the response mention "Mars"?')
    task = Task(prompt="p", response="r", criteria=(criterion,))
    request = ChatRequest(model="judge", messages=judge_messages(task, criterion, "Mars"), purpose="judge")
    async with serve(judge_broken=1) as (server, _):
        texts = [(await call_openrouter(server, request)).text for _ in range(6)]
    assert [read_answer(text, "C1", "Mars") for text in texts] == [None] * 6


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


@pytest.mark.parametrize(
    ("model", "key", "code"), [("any", "bad-key", "unauthorized"), ("no-such-model", "key-a", "unknown_model")]
)
async def test_a_bad_key_or_an_unknown_model_is_refused_for_good(serve, call_openrouter, asked, model, key, code):
    async with serve() as (server, _):
        with pytest.raises(ProviderError) as failed:
            await call_openrouter(server, asked(model=model), key=key)
    assert (failed.value.code, failed.value.advice) == (code, Advice.NEVER)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", CHAT, 405),
        ("POST", "/v1/models", 404),
        ("GET", "/sim/reset", 404),
        ("GET", "/api/v1/models", 200),
        ("GET", "/sim/counters", 200),
    ],
)
async def test_every_address_answers_with_its_mark(serve, method, path, status):
    async with serve() as (_, client):
        answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["x-simulated"]) == (status, "true")
    assert answer.json()


async def test_the_script_can_be_replaced_and_a_bad_one_changes_nothing(serve):
    async with serve() as (_, client):
        bad = await client.post("/sim/script", content=b'{"sed": 1}')
        good_before = await client.post(CHAT, json=BODY)
        replaced = await client.post("/sim/script", content=b'{"server_error": 1, "target_latency_ms": 0}')
        after = await client.post(CHAT, json=BODY)
    assert [answer.status_code for answer in (bad, good_before, replaced, after)] == [400, 200, 200, 500]
    assert 'there is no "sed"' in bad.json()["error"]["message"]


async def test_a_port_that_is_taken_is_an_error_and_closing_frees_it():
    async with open_server(read_script("")) as first:
        with pytest.raises(OSError, match="address already in use"):
            async with open_server(read_script(""), port=first.port):
                pass
    async with open_server(read_script(""), port=first.port) as again:
        assert again.port == first.port


async def test_history_and_system_prompt_are_part_of_the_conversation(serve, call_openrouter):
    async with serve() as (server, _):
        for history in ((), (Message(role="system", content="Be brief."),)):
            messages = (*history, Message(role="user", content="Hello."))
            await call_openrouter(server, ChatRequest(model="m", messages=messages))
        assert sorted(server.calls.counts().values()) == [1, 1]
