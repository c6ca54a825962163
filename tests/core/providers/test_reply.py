"""Whatever JSON an answer holds, it becomes a reply or an error of ours, and both can be stored."""

import contextlib
import json
import random
from datetime import UTC, datetime

import pytest

from core.errors import ProviderError
from core.providers.answer import AnswerReader, BadAnswer
from core.providers.causes import cause_of
from core.providers.faults import Faults
from core.providers.problem import Problem, problem_of, read_problem
from core.providers.reply import Timing, read_reply
from tests.core.providers.calling import KEY, REQUEST

ATOMS = (
    None, 0, 1, -1, 1.5, True, False, "", "x", "stop", "error", '{"a": 1}', "<html><title>t</title>", "\ud83d", "[1]", [], {},
    "none", 10**30, 401, "401", f"key {KEY}", "\x00",
)  # fmt: skip
FIELDS = (
    "error", "message", "msg", "code", "type", "status", "choices", "delta", "content", "finish_reason", "usage", "cost", "loc",
    "cost_details", "is_byok", "metadata", "raw", "detail", "errors", "base_resp", "status_code", "reasoning", "thinking", "text",
    "refusal", "tool_calls", "reasoning_details", "model", "id", "object", "success", "param", "prompt_tokens",
)  # fmt: skip


def any_value(chance, depth):
    kind = chance.random() if depth else 0
    if kind < 0.35:
        return chance.choice(ATOMS)
    if kind < 0.6:
        return [any_value(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(FIELDS): any_value(chance, depth - 1) for _ in range(chance.randint(0, 5))}


def any_answer(chance):
    choice = {
        "delta": {"content": any_value(chance, 3), "reasoning": any_value(chance, 3)},
        "message": any_value(chance, 3),
    }
    choices = [{**choice, "finish_reason": any_value(chance, 1)}] if chance.random() < 0.5 else any_value(chance, 4)
    return {"choices": choices} | {chance.choice(FIELDS): any_value(chance, 3) for _ in range(3)}


def error_of(problem: Problem, raw: bytes) -> ProviderError:
    return Faults("lab", "lab", KEY).error(cause_of(problem.status or 200, problem), problem.words, raw=raw)


@pytest.mark.parametrize("seed", range(4))
def test_an_answer_of_any_shape_becomes_what_can_be_stored(seed):
    chance = random.Random(seed)
    for _ in range(250):
        body = json.dumps(any_answer(chance)).encode()
        reader = AnswerReader(1_000_000)
        with contextlib.suppress(BadAnswer):
            reader.feed(b"data: %b\n\n" % body if chance.random() < 0.5 else body)
            reader.close()
        merged = reader.merged
        for problem in (problem_of(merged.error), problem_of(merged.rest), read_problem(body)):
            error = error_of(problem, body)
            assert KEY.encode() not in (error.message + error.raw).encode()
        reply = read_reply(
            merged,
            request=REQUEST,
            timing=Timing(1, None),
            raw_request="",
            price_list="",
            unopened_think_tag=True,
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )
        assert type(reply).model_validate_json(reply.model_dump_json()) == reply
