"""The judge's answer as a JSON schema, for models that enforce one.

Only keywords that the strict modes of all providers take: OpenAI and Anthropic reject lengths and counts, so nothing
here bounds the reason; an answer that runs into its output limit is unusable.

The answer id is a plain string: a new schema for each question would have to be compiled again by the provider. It
stands last, so that a quote that ends the reason early cannot give the whole answer.
"""

from __future__ import annotations

from core.domain.verdict import Verdict
from core.judge.wording import ANSWER_ID_KEY
from core.providers.base import AnswerSchema

VERDICTS = (Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED)
_MEMBERS = {
    "reason": {"type": "string", "description": "Why, in a few sentences."},
    "evidence": {"type": "string", "description": "A verbatim quote of the reply that shows it, or an empty string."},
    "verdict": {
        "type": "string",
        "enum": [verdict.value for verdict in VERDICTS],
        "description": "PASS if the reply meets the criterion, FAIL if not; UNDETERMINED if nobody could decide.",
    },
    ANSWER_ID_KEY: {"type": "string", "description": "The id of the question, copied exactly."},
}
VERDICT_SCHEMA = AnswerSchema(
    "verdict",
    {"type": "object", "properties": _MEMBERS, "required": list(_MEMBERS), "additionalProperties": False},
)
