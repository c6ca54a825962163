"""Classifies why a reply ended, from the provider's own finish reason.

OpenAI-compatible servers pass on the reasons of their backends: `STOP` and `MAX_TOKENS` (Gemini), `eos_token` (TGI),
`model_length` (Mistral), `end_turn` and `refusal` (Anthropic), `guardrail_intervened` (Bedrock), `abort` (vLLM). An
unknown reason is not a failure: the model reported that it finished.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class FinishKind(StrEnum):
    STOPPED = "stopped"
    """Finished normally, by a stop sequence, or for an unknown reason."""
    OUTPUT_LIMIT = "output_limit"
    """Cut off at an output or context limit: the text is incomplete."""
    TOOL_CALLS = "tool_calls"
    FILTERED = "filtered"
    """Ended by the provider's filter, or refused by the model's safety training."""
    FAILED = "failed"
    """The model or its server failed, or was stopped, during the reply."""
    NONE = "none"
    """No reason was given, so the reply may be unfinished."""


_PATTERNS: tuple[tuple[FinishKind, re.Pattern[str]], ...] = (
    (FinishKind.NONE, re.compile(r"(none|null|undefined|not_finished|in_progress|finish_reason_unspecified)?")),
    (
        FinishKind.FILTERED,
        re.compile(
            r".*(filter|safety|prohibited|recitation|block(ed|list)|spii|refus|moderat|guardrail|policy|violat"
            r"|flagged|sensitive|harmful|censor|unsafe).*"
        ),
    ),
    (
        FinishKind.OUTPUT_LIMIT,
        re.compile(
            r".*(length|max_(new_|output_|completion_)?tokens?|(token|output|context)_limit|context_window|truncat).*"
        ),
    ),
    (FinishKind.TOOL_CALLS, re.compile(r"(malformed_|unexpected_)?(tool|function)_(calls?|use)|tools?")),
    (
        FinishKind.FAILED,
        re.compile(
            r".*(error|fail|abort|cancel|interrupt|insufficient_system_resource|timeout|timed_out|unavailable"
            r"|disconnect|incomplete).*"
        ),
    ),
)
"""Each pattern is matched against the whole normalised reason. The first match counts; anything else is STOPPED."""
MAX_WORD_CHARS = 200
"""Maximum length of a finish reason; the rest is ignored."""
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=256)
def finish_kind(reason: str) -> FinishKind:
    """Classify a finish reason, e.g. `MAX_TOKENS`, `maxTokens`, `length`, `SAFETY` or `content_filter`."""
    words = _CASE_CHANGE.sub("_", reason[:MAX_WORD_CHARS]).lower()
    folded = _SEPARATORS.sub("_", words).strip("_")
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(folded)), FinishKind.STOPPED)
