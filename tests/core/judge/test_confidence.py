"""The confidence of a verdict is the probability of its own tokens, wherever they begin and end."""

import math

import pytest

from core.domain.chat import TokenLogprobs
from core.domain.verdict import Verdict
from core.judge.confidence import confidence_of

HALF, MOST = math.log(0.5), math.log(0.8)


def answer(*rows):
    tokens, logprobs = zip(*rows, strict=True)
    return TokenLogprobs(tokens, logprobs)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([('{"reason": "PASS", "verdict": "', -3.0), ("PASS", HALF), ('"}', -3.0)], 0.5),
        ([('{"verdict":"', -3.0), ("PA", HALF), ("SS", MOST), ('"}', -3.0)], 0.4),
        ([('{"verdict":', -3.0), (' "P', HALF), ('ASS"', MOST), ("}", -3.0)], 0.4),
        ([('{"result": "pass"}', HALF)], 0.5),
        ([('{"verdict": "', 0.0), ("PASS", HALF), ('"} Wait. {"verdict": "', 0.0), ("PASS", MOST), ('"}', 0.0)], 0.8),
        ([('{"verdict": "', 0.0), ("PASS", 0.1), ('"}', 0.0)], 1.0),
    ],
)
def test_the_probabilities_of_the_tokens_of_the_last_verdict_are_multiplied(rows, expected):
    assert confidence_of(Verdict.PASS, answer(*rows)) == expected


@pytest.mark.parametrize("text", ["PASS", '{"verdict": "FAIL"}', '{"reason": "it says \\"verdict\\": PASS"}', ""])
def test_without_such_a_verdict_in_an_object_there_is_no_confidence(text):
    assert confidence_of(Verdict.PASS, answer((text, HALF))) is None


def test_without_log_probabilities_there_is_no_confidence():
    assert confidence_of(Verdict.PASS, None) is None
