"""The answer of a judge, and how it is read if it has the requested form: one JSON object and nothing else.

Any other text is read by core.judge.answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.domain.verdict import Verdict
from core.judge.encodable_text import bounded, encodable
from core.judge.statements import verdict_of
from core.judge.wording import ANSWER_ID_KEY

MAX_REASON_CHARS = 50_000  # the judge's output limit is about 60,000
MAX_EVIDENCE_CHARS = 20_000
REQUESTED_KEYS = frozenset({"reason", "evidence", "verdict", ANSWER_ID_KEY})
"""The members of an answer that the prompt requests (`ANSWER_FORM` in core.judge.wording)."""
_MEMBERS = json.JSONDecoder(object_pairs_hook=list)
"""Reads an object as a list of its members, so that repeated names are seen."""


@dataclass(frozen=True)
class Answer:
    """A judge's usable answer on one criterion."""

    verdict: Verdict
    """PASS or FAIL, or UNDETERMINED if the judge says so."""
    reason: str
    """Complete, or "" when the judge gave none."""
    evidence: str
    """As the judge wrote it; core.judge.evidence checks it against the reply."""


def bounded_answer(verdict: Verdict, reason: str, evidence: str) -> Answer:
    """The answer with its texts cut to their limits."""
    return Answer(
        verdict=verdict, reason=bounded(reason, MAX_REASON_CHARS), evidence=evidence[:MAX_EVIDENCE_CHARS].strip()
    )


def read_requested_form(text: str, answer_id: str) -> Answer | None:
    """The answer if it is the requested object and nothing else; None if it may be anything else.

    Most answers are, and core.judge.answer says the same of them after much more work.
    """
    try:
        members = _MEMBERS.decode(text) if answer_id else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, list) or not all(isinstance(member, tuple) for member in members):
        return None
    values = dict(members)
    if (
        len(values) < len(members)
        or not values.keys() <= REQUESTED_KEYS
        or members[-1:] != [(ANSWER_ID_KEY, answer_id)]
    ):
        return None
    if not all(isinstance(value, str) for value in values.values()):
        return None
    verdict = verdict_of(values.get("verdict"))
    if verdict is None:
        return None
    reason, evidence = (encodable(values.get(key, "")) for key in ("reason", "evidence"))
    return bounded_answer(verdict, reason.strip(), evidence)
