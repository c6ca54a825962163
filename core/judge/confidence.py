"""How sure the judge's model was of the words of its verdict, from the log-probabilities of its tokens.

This is the model's own probability of writing this verdict after its own reason. It is not calibrated: 0.99 does not
mean that 99 of 100 such verdicts are right.
"""

from __future__ import annotations

import math
import re
from itertools import accumulate

from core.domain.chat import TokenLogprobs
from core.domain.verdict import Verdict

DIGITS = 4


def confidence_of(verdict: Verdict, answer: TokenLogprobs | None) -> float | None:
    """The probability of the tokens that the verdict's word consists of, from 0 to 1.

    None without log-probabilities, and if the verdict is not a member of a JSON object. Of several members the last one
    counts, as a correction does.
    """
    if answer is None:
        return None
    text = "".join(answer.tokens)
    members = list(re.finditer(rf'":\s{{0,20}}"\s{{0,20}}({verdict.value})', text, re.IGNORECASE))
    if not members:
        return None
    start, end = members[-1].span(1)
    stops = accumulate(map(len, answer.tokens))
    said = (
        logprob
        for token, stop, logprob in zip(answer.tokens, stops, answer.logprobs, strict=True)
        if stop > start and stop - len(token) < end
    )
    return round(math.exp(min(0.0, sum(said))), DIGITS)
