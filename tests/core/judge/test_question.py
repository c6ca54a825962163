"""One criterion of one reply: asked, asked again, and what becomes of the answers."""

import pytest

from core.domain.chat import Message, Usage
from core.domain.verdict import CriterionVerdict, Verdict
from core.errors import TooLarge
from core.judge.question import MAX_INLINE_ANSWER_CHARS, read_here
from core.providers.base import CallContext
from tests.core.judge.test_judge import MODEL, SETTINGS, answer, grade, judge_of, reply, task


async def test_a_usable_answer_is_a_verdict_with_its_reason_evidence_and_bill():
    verdict, provider = await grade(answer("FAIL", "C36 is wrong", "The  reply"))
    assert verdict == CriterionVerdict(
        criterion_id="C2", verdict=Verdict.FAIL, reason="C36 is wrong", evidence="The reply", judge_model=MODEL,
        calls=1, usage=Usage(input_tokens=10, output_tokens=2), cost_usd=0.25, latency_ms=5.0,
    )  # fmt: skip
    request = provider.requests[0]
    assert (request.model, request.purpose, request.max_output_tokens) == ("judge-1", "judge", 777)
    assert [message.role for message in request.messages] == ["system", "user"]


async def test_an_unusable_answer_is_shown_to_the_judge_and_asked_again():
    verdict, provider = await grade("Hm, hard to say.", answer("FAIL"))
    assert (verdict.verdict, verdict.reason, verdict.calls, verdict.cost_usd, verdict.latency_ms) == (
        Verdict.FAIL, "because", 2, 0.5, 10.0,
    )  # fmt: skip
    assert verdict.usage == Usage(input_tokens=20, output_tokens=4)
    first, second = provider.requests
    assert second.messages[:2] == first.messages
    assert second.messages[2] == Message(role="assistant", content="Hm, hard to say.")
    assert second.messages[3].role == "user"
    assert "criterion C2" in second.messages[3].content


async def test_a_judge_without_a_usable_answer_is_undetermined_and_its_words_are_kept():
    verdict, provider = await grade("no idea", "still no idea", "sorry, no")
    assert (verdict.verdict, verdict.judge_text, verdict.error, verdict.calls) == (
        Verdict.UNDETERMINED, "sorry, no", "", 3,
    )  # fmt: skip
    assert [len(request.messages) for request in provider.requests] == [2, 4, 4]


async def test_an_answer_that_ran_into_its_limit_is_not_used():
    verdict, _ = await grade(reply(answer("PASS"), finish_reason="length"), answer("FAIL"))
    assert verdict.verdict is Verdict.FAIL


async def test_one_unknown_cost_makes_the_sum_unknown_and_not_too_small():
    verdict, _ = await grade("hm", reply(answer(), cost=None, usage=Usage(input_tokens=1)))
    assert (verdict.cost_usd, verdict.usage) == (None, Usage(input_tokens=11))


@pytest.mark.parametrize("fails", [False, True])
async def test_a_long_answer_is_read_where_nobody_waits_for_it(fails):
    asked = []

    async def read_long(chars, texts):
        asked.append(chars)
        if fails:
            raise TooLarge("The input is too expensive to read.")
        return await read_here(chars, texts)

    long = answer() + " " * MAX_INLINE_ANSWER_CHARS
    judge, provider = judge_of(*[reply(long)] * SETTINGS.max_judge_attempts, read_long=read_long)
    verdict = await judge.grade(task(), task().criteria[1], "The reply.", MODEL, CallContext(session="s"))
    assert verdict.verdict is (Verdict.UNDETERMINED if fails else Verdict.PASS)
    assert asked == [len(long) + len("The reply.")] * len(provider.requests)
