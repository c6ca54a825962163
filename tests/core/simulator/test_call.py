"""Determinism, and the truth that tests may ask for: which breaks the script planted."""

import asyncio
import json
import random

import pytest

from core.domain.chat import Message
from core.domain.criteria import Criterion
from core.domain.task import PassRule, Task
from core.domain.verdict import Outcome, Verdict, decide
from core.judge.answer import read_answer
from core.providers.base import CallContext, ChatRequest
from core.simulator.call import (
    CACHE_STEP_CHARS,
    MIN_CACHED_CHARS,
    TOKEN_CHARS,
    Calls,
    PromptCache,
    plan_call,
    random_of,
    read_conversation,
)
from core.simulator.provider import SimulatedProvider
from core.simulator.replies import EXAMPLES
from core.simulator.script import Fault, Script, read_script
from tests.judge_prompts import judge_messages
from tests.planted import planted

CRITERIA = next(example.criteria for example in EXAMPLES if example.name == "word-budget")
BUDGET = "Write the out-of-office reply of a lighthouse keeper on holiday. Mention Gerald."
HUNTS = 300


async def at_once(_seconds: float) -> None:
    """Nobody waits, but others get their turn."""
    await asyncio.sleep(0)


def asked(prompt):
    return (Message(role="user", content=prompt),)


def criteria(texts):
    return tuple(Criterion(id=criterion, text=text) for criterion, text in texts.items())


def task_of(prompt, texts):
    return Task(prompt=prompt, response="reference", criteria=criteria(texts))


async def judged(provider, task, reply):
    """The ids that the judge fails, by the product's own prompt and reader."""
    failed = set()
    for criterion in task.criteria:
        request = ChatRequest(model="judge", messages=judge_messages(task, criterion, reply), purpose="judge")
        answer = read_answer((await provider.complete(request, CallContext())).text, criterion.id, reply)
        if answer.verdict is Verdict.FAIL:
            failed.add(criterion.id)
    return failed


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        (BUDGET, CRITERIA),
        (BUDGET, {**CRITERIA, "C6": "Is it kind?", "C2": "Is the response at most 60 words long?"}),
        ("Explain tides.", {"C1": "Does it explain tides?", "C2": "Is it short?", "C3": 'Does it mention "Moon"?'}),
    ],
)
async def test_the_judge_finds_every_planted_break_and_no_other(prompt, texts):
    script = read_script('{"seed": 5, "break_rate": 0.4}')
    provider, task = SimulatedProvider(script, sleep=at_once), task_of(prompt, texts)
    for nth in range(40):
        request = ChatRequest(model="hasty", messages=asked(prompt))
        reply = await provider.complete(request, CallContext())
        truth = planted(script, "simulated/hasty", asked(prompt), nth, task.criteria)
        assert (reply.text, await judged(provider, task, reply.text)) == (truth.text, set(truth.breaks))


async def test_the_same_seed_gives_the_same_replies_whatever_the_order_of_the_calls():
    prompts = [f"Tell me about Place{n}." for n in range(10)] * 3

    async def replies(order_seed):
        provider = SimulatedProvider(Script(), sleep=at_once)
        order = prompts[:]
        random.Random(order_seed).shuffle(order)
        calls = [provider.complete(ChatRequest(model="hasty", messages=asked(p)), CallContext()) for p in order]
        return sorted(reply.text for reply in await asyncio.gather(*calls))

    assert await replies(1) == await replies(2)


def test_another_seed_another_model_and_another_call_give_other_replies():
    def text(seed=1, model="hasty", nth=0):
        script = read_script(json.dumps({"seed": seed}))
        return plan_call(script, read_conversation(model, asked("Tell me about Place."), "target"), nth).text

    assert len({text(), text(seed=2), text(model="careful"), text(nth=1)}) == 4
    assert text() == text()


def test_a_judges_conversation_does_not_depend_on_the_nonce_or_on_being_asked_again():
    one, other = task_of("Why?", CRITERIA), task_of("Why?", {**CRITERIA, "C9": "more"})
    first, second = (judge_messages(task, task.criteria[0], "reply") for task in (one, other))
    again = (*first, Message(role="assistant", content="hm"), Message(role="user", content="Once more, please."))
    assert first != second
    assert len({read_conversation("judge", messages).key for messages in (first, second, again)}) == 1


def test_calls_are_counted_per_conversation_and_old_conversations_are_forgotten():
    calls, script = Calls(max_conversations=2), Script()
    conversations = {name: read_conversation("hasty", asked(name), "target") for name in "abc"}

    def nth(name):
        digest = calls.plan(script, conversations[name]).request_id.removeprefix("sim-")
        behavior = script.behavior_of("hasty")
        return next(n for n in range(9) if random_of(behavior, conversations[name], n).digest == digest)

    assert [nth(name) for name in "aabac"] == [0, 1, 0, 2, 0]
    assert calls.counts() == {conversations["a"].key: 3, conversations["c"].key: 1}
    assert nth("b") == 0


def test_the_results_of_the_first_calls_can_be_set():
    script = read_script('{"first_calls": ["rate_limited", "ok"], "server_error": 1}')
    assert [planted(script, "hasty", asked("x"), nth).fault for nth in range(3)] == [
        Fault.RATE_LIMITED,
        Fault.NONE,
        Fault.SERVER_ERROR,
    ]


def test_faults_happen_at_their_rates():
    faults = [planted(Script(), "flaky", asked("x"), nth).fault for nth in range(2000)]
    assert sum(fault is not Fault.NONE for fault in faults) / len(faults) == pytest.approx(0.2, abs=0.03)
    assert len(set(faults)) > 8


@pytest.mark.parametrize(("model", "low", "high"), [("careful", 0.0, 0.05), ("hasty", 0.4, 0.6), ("judge", 0.15, 0.35)])
def test_the_characters_break_the_word_budget_as_often_as_they_should(model, low, high):
    def outcome(nth):
        broken = planted(Script(), model, asked(BUDGET), nth, criteria(CRITERIA)).breaks
        return decide((Verdict.FAIL if c in broken else Verdict.PASS for c in CRITERIA), PassRule.MAJORITY)

    broke = sum(outcome(nth) is Outcome.BROKE for nth in range(HUNTS))
    assert low <= broke / HUNTS <= high


def test_a_latency_without_spread_is_exact_and_one_with_spread_stays_within_it():
    def waits(script, purpose):
        conversation = read_conversation("any", asked("x"), purpose)
        return {plan_call(script, conversation, nth).wait_s for nth in range(200)}

    assert (waits(Script(), "target"), waits(Script(), "judge")) == ({0.4}, {0.1})
    spread = waits(read_script('{"latency_spread": 0.5}'), "target")
    assert 0.2 <= min(spread) < 0.25
    assert 0.55 < max(spread) <= 0.6


def prompt(text):
    return (Message(role="user", content=text),)


@pytest.mark.parametrize(
    ("stored", "asked", "tokens"),
    [
        (MIN_CACHED_CHARS - 1, MIN_CACHED_CHARS - 1, 0),
        (MIN_CACHED_CHARS, MIN_CACHED_CHARS, 1024),
        (MIN_CACHED_CHARS + CACHE_STEP_CHARS - 1, MIN_CACHED_CHARS + 2 * CACHE_STEP_CHARS, 1024),
        (MIN_CACHED_CHARS + 5 * CACHE_STEP_CHARS, MIN_CACHED_CHARS + 2 * CACHE_STEP_CHARS, 1280),
    ],
)
def test_cached_is_the_longest_beginning_in_steps_from_a_thousand_tokens_on(stored, asked, tokens):
    cache = PromptCache()
    cache.store("m", prompt("x" * stored))
    assert cache.cached_tokens("m", prompt("x" * asked + "?")) == tokens


def test_another_beginning_another_model_and_nothing_stored_are_not_cached():
    cache = PromptCache()
    asked = prompt("x" * 2 * MIN_CACHED_CHARS)
    assert cache.cached_tokens("m", asked) == 0
    cache.store("m", asked)
    assert cache.cached_tokens("m", asked) == 2 * MIN_CACHED_CHARS // TOKEN_CHARS
    assert cache.cached_tokens("other", asked) == 0
    assert cache.cached_tokens("m", prompt("y" + "x" * 2 * MIN_CACHED_CHARS)) == 0
