"""Parsers of texts that models and trainers write take time in proportion to the text, whatever its shape."""

import time

import pytest

from core.judge.answer import read_answer
from core.judge.evidence import passage_of
from core.notebooks.criteria.pass_rule import read_pass_rule
from core.notebooks.parse import read_metadata
from core.notebooks.slots import read_grading
from core.providers.problem import read_problem
from core.providers.split_reasoning import split_reasoning
from tests.hostile_shapes import SHAPES
from tests.lateness import TRIES, on_reference_machine

OBJECT = '{"reason": "It does.", "evidence": "", "verdict": "PASS"}'
PARSERS = {
    "the judge's answer": lambda text: read_answer(text, "C1", text),
    "an object before it": lambda text: read_answer(OBJECT + text, "C1", text, "abcd"),
    "an object in it": lambda text: read_answer(text[: len(text) // 2] + OBJECT + text[len(text) // 2 :], "C1", ""),
    "evidence": lambda text: passage_of(text, " ".join(text[: len(text) // 2].split()) + "b"),
    "reasoning": lambda text: split_reasoning(text, "", unopened_think_tag=True),
    "reasoning, opened": lambda text: split_reasoning("<think>" + text, "", unopened_think_tag=True),
    "reasoning, channels": lambda text: split_reasoning(
        "<|channel|>analysis<|message|>" + text, "", unopened_think_tag=True
    ),
    "a pass rule": lambda text: read_pass_rule(text[:100_000]),
    "a grading": read_grading,
    "metadata": read_metadata,
    "a provider's error": lambda text: read_problem(text.encode("utf-8", "surrogatepass")),
}


def slow(chars: int, allowed_s: float) -> dict[str, float]:
    """The parsers and shapes that took longer, in CPU seconds of the reference machine, at the best of some tries."""
    found = {}
    for shape, make in SHAPES.items():
        text = make(chars)
        for name, parse in PARSERS.items():
            for _ in range(TRIES):
                took_s = on_reference_machine(_cpu_s(parse, text), allowed_s)
                if took_s < allowed_s:
                    break
            else:
                found[f"{name}: {shape}"] = round(took_s, 2)
    return found


def _cpu_s(parse, text: str) -> float:
    before = time.process_time()
    parse(text)
    return time.process_time() - before


def test_no_shape_makes_a_parser_slow():
    assert slow(12_000, 0.1) == {}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_shape_of_the_greatest_length_makes_a_parser_slow():
    assert slow(400_000, 1.0) == {}
