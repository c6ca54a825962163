"""Every spelling of a finish reason is one of a few kinds; an unknown one is a finished reply."""

import pytest

from core.domain.finish_reason import FinishKind, finish_kind

WORDS = {
    FinishKind.STOPPED: (
        "stop", "STOP", "Stop", "eos", "EOS", "eos_token", "end_turn", "END_TURN", "completed", "COMPLETE", "finished",
        "stop_sequence", "FINISH_REASON_STOP", "endoftext", "</s>", "OTHER", "unknown", "stop_token",
    ),
    FinishKind.OUTPUT_LIMIT: (
        "length", "LENGTH", "max_tokens", "MAX_TOKENS", "maxTokens", "max_output_tokens", "max_completion_tokens",
        "max_new_tokens", "model_length", "FINISH_REASON_MAX_TOKENS", "model_context_window_exceeded", "token_limit",
        "incomplete: max_output_tokens", "truncated",
    ),
    FinishKind.FILTERED: (
        "content_filter", "CONTENT_FILTER", "contentFilter", "content_filtered", "content-filter", "SAFETY",
        "PROHIBITED_CONTENT", "RECITATION", "BLOCKLIST", "SPII", "IMAGE_SAFETY", "refusal", "content_filter: SAFETY",
        "guardrail_intervened", "moderation", "sensitive", "incomplete: content_filter",
    ),
    FinishKind.TOOL_CALLS: ("tool_calls", "function_call", "tool_use", "TOOL_CALL", "MALFORMED_FUNCTION_CALL"),
    FinishKind.FAILED: ("error", "ERROR", "abort", "network_error", "insufficient_system_resource", "cancelled", "failed"),
    FinishKind.NONE: ("", "null", "None", " "),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in WORDS.items() for word in words])
def test_a_finish_reason_is_understood_in_every_spelling(kind, word):
    assert finish_kind(word) is kind
