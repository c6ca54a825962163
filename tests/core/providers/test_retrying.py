"""What failed earlier is not lost behind what failed last."""

import json

import pytest

from core.errors import Advice
from core.providers.base import CallContext, RetryBudget
from tests.core.providers.calling import REQUEST
from tests.core.providers.raw_provider import cut_after, raw_provider, says, whole

LIMITED = says(whole("429 Too Many Requests", b'{"error": {"message": "Daily limit of tier 1"}}'))
BROKEN = says(whole("500 Internal Server Error", b'{"error": {"message": "CUDA out of memory"}}'))
CUT = cut_after(b"")


@pytest.mark.parametrize(
    ("speaks", "code", "parts"),
    [
        ([LIMITED, CUT, CUT], "cut_stream", ["Earlier attempts: OpenRouter limits the rate of calls (429): Daily limit of tier 1."]),
        ([LIMITED, BROKEN, CUT], "cut_stream",
         ["Earlier attempts: OpenRouter limits the rate of calls (429): Daily limit of tier 1; "
          "OpenRouter failed on its side (500): CUDA out of memory."]),
        ([CUT, CUT, LIMITED], "rate_limited", ["(429): Daily limit of tier 1. Earlier attempts: OpenRouter ended the reply"]),
        ([BROKEN, CUT, BROKEN], "server_error", ["CUDA out of memory. Earlier attempts: OpenRouter ended the reply"]),
    ],
)  # fmt: skip
async def test_the_last_failure_names_the_causes_of_earlier_attempts(caller, speaks, code, parts):
    async with raw_provider(*speaks) as provider, caller(provider.base_url, attempts=3) as calls:
        failed = await calls.failure()
    assert failed.code == code
    assert all(part in failed.message for part in parts)


@pytest.mark.parametrize("speak", [LIMITED, BROKEN])
async def test_a_repeated_cause_is_reported_once(caller, speak):
    async with raw_provider(speak) as provider, caller(provider.base_url, attempts=3) as calls:
        failed = await calls.failure()
    assert "Earlier" not in failed.message


async def test_earlier_causes_are_reported_beside_the_final_reason(caller):
    async with raw_provider(LIMITED, BROKEN) as provider, caller(provider.base_url, attempts=5) as calls:
        with pytest.raises(Exception, match="Not retried: the run's retry budget is used up") as failed:
            await calls.retrying.complete(REQUEST, CallContext(budget=RetryBudget(left=1)))
    assert failed.value.advice is Advice.NEVER
    assert "Earlier attempts: OpenRouter limits the rate of calls" in failed.value.message


async def test_long_words_of_earlier_tries_stay_short(caller):
    long = says(whole("429 Too Many Requests", json.dumps({"error": {"message": "slow " * 500}}).encode()))
    async with raw_provider(long, CUT) as provider, caller(provider.base_url, attempts=2) as calls:
        assert len((await calls.failure()).message) < 700
