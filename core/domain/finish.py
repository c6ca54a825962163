"""Why a reply ended: the provider's own word, whatever its spelling, as one of a few kinds.

Servers of the OpenAI dialect pass on the words of what runs behind them: `STOP` and `MAX_TOKENS` (Gemini), `eos_token`
(TGI), `model_length` (Mistral), `end_turn` and `refusal` (Anthropic), `guardrail_intervened` (Bedrock), `abort` (vLLM).
A word that nobody knows is not a failure: the model said that it was finished.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class FinishKind(StrEnum):
    STOPPED = "stopped"
    """Finished by itself, by a stop sequence, or for a reason that we do not know."""
    OUTPUT_LIMIT = "output_limit"
    """Cut at an output or context limit: the text is not whole."""
    TOOL_CALLS = "tool_calls"
    FILTERED = "filtered"
    """Ended by the provider's own filter, or refused by the model's safety training."""
    FAILED = "failed"
    """The model or its server failed, or was stopped, in the middle of the reply."""
    NONE = "none"
    """No reason was given: nobody said that the reply is finished."""


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
"""Each is matched against the whole folded word; the first match counts, anything else is STOPPED."""
MAX_WORD_CHARS = 200
"""What follows is neither kept nor looked at: no reason is longer than a line."""
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=256)
def finish_kind(reason: str) -> FinishKind:
    """The kind of a finish reason, e.g. of `MAX_TOKENS`, `maxTokens`, `length`, `SAFETY` or `content_filter`."""
    words = _CASE_CHANGE.sub("_", reason[:MAX_WORD_CHARS]).lower()
    folded = _SEPARATORS.sub("_", words).strip("_")
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(folded)), FinishKind.STOPPED)
