"""The server over real sockets: judges, accounts, addresses and its script."""

import pytest

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.task import Task
from core.domain.verdict import Verdict
from core.errors import Advice, ProviderError
from core.judge.answer import read_answer
from core.providers.base import ChatRequest
from core.simulator.script import read_script
from core.simulator.server import open_server
from tests.judge_prompts import judge_messages

BODY = {"model": "vendor/any", "messages": [{"role": "user", "content": "Tell me about Mars and Venus."}]}
CHAT = "/v1/chat/completions"


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
