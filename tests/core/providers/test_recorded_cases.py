"""Recorded answers of real providers, where they lie beside this checkout: what they mean, and how often they are paid."""

import pytest

from core.providers.openai_compatible import OpenAICompatible
from tests.core.providers.raw_provider import raw_provider

RIVERS = "Danube\nRhine\nElbe"
REPLIES = (
    "01-finish-words/eos_token", "01-finish-words/stop_upper", "08-content-type/sse_as_json", "08-content-type/sse_no_type",
    "09-empty-event/bare_data", "10-sse-bom/sse_bom", "11-cut-after-finish/incomplete", "12-reasoning-in-text/harmony",
    "12-reasoning-in-text/think_square", "12-reasoning-in-text/thought_tag", "14-byok/byok",
)  # fmt: skip
FAILURES = {
    "02-filter-finish/prohibited": ("refused", "PROHIBITED_CONTENT"),
    "02-filter-finish/safety": ("refused", "SAFETY"),
    "04-refusal-by-other-name/invalid_prompt": ("refused", "usage policy"),
    "04-refusal-by-other-name/or_moderation": ("refused", "violence"),
    "05-reason-inside/or_raw429": ("rate_limited", "temporarily rate-limited upstream"),
    "05-reason-inside/or_region": ("forbidden", "region, or territory not supported"),
    "06-error-in-200/ok_base_resp": ("unauthorized", "login fail"),
    "06-error-in-200/ok_code_msg": ("rate_limited", "Your daily allowance is used up"),
    "08-content-type/json_in_sse": ("unauthorized", "Incorrect API key provided"),
    "15-404-address/go404": ("wrong_address", "404 page not found"),
    "17-parameters/azuremax": ("bad_request", "Use 'max_completion_tokens' instead"),
}
PAID_AGAIN = {"rate_limited"}


def recorded(folder, case):
    """Says what was recorded and closes the connection."""
    answer = (folder / "cases" / case).with_suffix(".http").read_bytes()

    async def speak(writer):
        writer.write(answer)
        writer.close()

    return speak


@pytest.mark.parametrize("case", REPLIES)
async def test_a_recorded_reply_is_read_whole_with_one_call(caller, shared_dir, case):
    async with (
        raw_provider(recorded(shared_dir, case)) as provider,
        caller(provider.base_url, kind=OpenAICompatible, attempts=3) as calls,
    ):
        reply = await calls.call()
    assert (reply.text, len(provider.requests)) == (RIVERS, 1)
    assert case != "14-byok/byok" or reply.cost_usd == pytest.approx(0.0360795)


@pytest.mark.parametrize("case", FAILURES)
async def test_a_recorded_failure_is_reported_with_its_message(caller, shared_dir, case):
    code, words = FAILURES[case]
    async with (
        raw_provider(recorded(shared_dir, case)) as provider,
        caller(provider.base_url, kind=OpenAICompatible, attempts=3) as calls,
    ):
        failed = await calls.failure()
    assert (failed.code, words in failed.message) == (code, True)
    assert len(provider.requests) == (3 if code in PAID_AGAIN else 1)
