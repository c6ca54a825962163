"""What a provider's prompt cache saves a judge, measured with the simulated cache (1,024 tokens, steps of 128)."""

import asyncio

import pytest

from core.domain.criteria import Criterion
from core.domain.task import Task
from core.judge.judge import Judge
from core.providers.base import CallContext
from core.settings import CallSettings
from core.simulator.provider import SimulatedProvider
from core.simulator.script import read_script

CRITERIA = tuple(
    Criterion(id=f"C{n}", text=f"Does the response explain reason {n} of the decline of the harbour, with a year?")
    for n in range(1, 7)
)
TASK = Task(
    prompt="Why did the harbour decline? Give six reasons, each with a year. " * 8,
    response="The harbour declined because the river brought sand. " * 25,
    criteria=CRITERIA,
    judge_system_prompt="You grade answers strictly, by the standard answer alone. " * 50,
)
"""With a judge system prompt of 2,900 characters, as real notebooks have (3,200 in kryptonite.ipynb)."""
REPLY = "The harbour declined in 1871, when the new bridge kept the larger ships out. "


class Catalog:
    def __init__(self, provider) -> None:
        self.provider = provider

    def resolve(self, model):
        return self.provider, model.partition("/")[2]


async def judged(replies, *, warmup, task=TASK, reply_chars=3_000):
    """All verdicts on that many replies, judged one after the other."""
    provider = SimulatedProvider(read_script(""), sleep=asyncio.sleep)
    judge = Judge(Catalog(provider), CallSettings(judge_cache_warmup=warmup))
    verdicts = []

    async def keep(verdict):
        verdicts.append(verdict)

    for number in range(replies):
        text = (f"Reply {number}. " + REPLY * 40)[:reply_chars]
        await judge.grade_all(task, text, "simulated/strict", CallContext, keep)
    return verdicts


def share(verdicts):
    return sum(v.usage.cached_tokens for v in verdicts) / sum(v.usage.input_tokens for v in verdicts)


async def test_four_fifths_of_the_judges_input_come_from_the_cache_when_the_first_criterion_goes_ahead():
    verdicts = await judged(4, warmup=True)
    assert len(verdicts) == 24
    assert share(verdicts) >= 0.8


async def test_with_the_short_built_in_prompt_the_replies_share_too_little_and_three_quarters_are_cached():
    verdicts = await judged(4, warmup=True, task=TASK.model_copy(update={"judge_system_prompt": ""}))
    assert 0.75 <= share(verdicts) < 0.8


async def test_without_the_first_going_ahead_only_what_the_replies_share_is_cached():
    assert 0.2 < share(await judged(4, warmup=False)) < 0.5


async def test_a_template_with_the_criterion_before_the_reply_shares_less_and_is_still_judged():
    template = "Q: {prompt}\n\nStandard: {response_reference}\n\nStudent: {response}"
    verdicts = await judged(2, warmup=True, task=TASK.model_copy(update={"judge_prompt_template": template}))
    assert len(verdicts) == 12
    assert share(verdicts) < 0.5


@pytest.mark.parametrize(("reply_chars", "ahead"), [(3_000, True), (20, False)])
async def test_the_first_goes_ahead_only_where_the_prompt_is_long_enough_for_a_cache(reply_chars, ahead):
    provider, started, first = SimulatedProvider(read_script("")), [], asyncio.Event()
    complete = provider.complete

    async def counted(request, context):
        started.append(request.shared_prefix)
        if len(started) == 1:
            await asyncio.sleep(0)
            alone = len(started) == 1
            first.set()
            assert alone is ahead
        return await complete(request, context)

    provider.complete = counted
    judge = Judge(Catalog(provider), CallSettings(judge_cache_warmup=True))

    async def keep(verdict):
        assert verdict.error == ""

    short = TASK.model_copy(update={"prompt": "Why?", "response": "", "judge_system_prompt": ""})
    await judge.grade_all(TASK if ahead else short, "x" * reply_chars, "simulated/strict", CallContext, keep)
    assert first.is_set()
    assert {(prefix.key, prefix.repeated) for prefix in started} == {(started[0].key, ahead)}
    assert len(started) == 6


async def test_requests_about_another_reply_have_another_key():
    keys = {}
    provider = SimulatedProvider(read_script(""))
    complete = provider.complete

    async def noted(request, context):
        keys.setdefault(request.shared_prefix.key, []).append(request.messages[1].content)
        return await complete(request, context)

    async def keep(_verdict):
        pass

    provider.complete = noted
    judge = Judge(Catalog(provider), CallSettings())
    for text in ("one", "two"):
        await judge.grade_all(TASK, text, "simulated/strict", CallContext, keep)
    assert [len(texts) for texts in keys.values()] == [6, 6]
