"""The forms in which judges answer: those that can be read, and those that nobody can use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from core.simulator.chance import Chance
from core.simulator.judging.decision import Decision

NOTHING_TO_JUDGE = "I see no criterion and no reply between their marks, so there is nothing that I could judge."


_ROUND = str.maketrans("{}", "()")


def _verdict(decision: Decision) -> str:
    return "PASS" if decision.passed else "FAIL"


def _fields(decision: Decision) -> dict[str, str]:
    return {"reason": decision.reason, "evidence": decision.evidence, "verdict": _verdict(decision)}


def _json(fields: Mapping[str, str], indent: int | None = None) -> str:
    return json.dumps(fields, ensure_ascii=False, indent=indent)


def _signed(decision: Decision, answer_id: str) -> dict[str, str]:
    return _fields(decision) | ({"answer_id": answer_id} if answer_id else {})


def _plain(decision: Decision, _criterion_id: str, answer_id: str = "") -> str:
    return _json(_signed(decision, answer_id))


def _pretty(decision: Decision, _criterion_id: str, answer_id: str = "") -> str:
    return _json(_signed(decision, answer_id), indent=2)


def _fence(decision: Decision, _criterion_id: str, answer_id: str = "") -> str:
    return f"```json\n{_pretty(decision, '', answer_id)}\n```"


def _around(decision: Decision, criterion_id: str, answer_id: str = "") -> str:
    answer = _plain(decision, "", answer_id)
    return f"I have looked at {criterion_id} only.\n\n{answer}\n\nThe others are not my business here."


def _status(decision: Decision, criterion_id: str, _answer_id: str = "") -> str:
    return _json({"id": criterion_id, "explanation": decision.reason, "status": _verdict(decision)})


def _result(decision: Decision, _criterion_id: str, _answer_id: str = "") -> str:
    return _json({"message": decision.reason, "evidence": decision.evidence, "result": _verdict(decision).lower()})


def _grading(decision: Decision, criterion_id: str, _answer_id: str = "") -> str:
    reason = decision.reason.translate(_ROUND)  # braces outside an object make a careful reader doubt the object
    return f"[Grading Basis]:\n\n{_json({criterion_id: _verdict(decision)}, 2)}\n\n[Explanation]: {reason}"


def _corrected(decision: Decision, _criterion_id: str, answer_id: str = "") -> str:
    hasty = {"reason": "At first sight.", "evidence": "", "verdict": "FAIL" if decision.passed else "PASS"}
    signed = hasty | ({"answer_id": answer_id} if answer_id else {})
    return f"{_json(signed)}\n\nWait, let me look again before I answer.\n\n{_plain(decision, '', answer_id)}"


FORMS: Mapping[str, Callable[[Decision, str, str], str]] = {
    "plain": _plain,
    "pretty": _pretty,
    "fence": _fence,
    "around": _around,
    "status": _status,
    "result": _result,
    "grading": _grading,
    "corrected": _corrected,
}
"""Every one of them must be understood. status, result and grading are what notebooks ask for: judges that answer so
leave the answer id out. Source: domain.md, Rules, Judging."""

UNUSABLE: tuple[Callable[[Decision], str], ...] = (
    lambda decision: f"On the whole I would rather say that it does. {decision.reason}",
    lambda decision: _json({"reason": decision.reason, "evidence": decision.evidence}),
    lambda decision: _json({"reason": decision.reason, "verdict": "PARTIAL"}),
    lambda decision: _plain(decision, "")[: -len('SS"}')],
    lambda _decision: "{}",
    lambda _decision: "I am sorry, but I cannot help with grading.",
)
"""Every one of them must be asked for again, and never be read as a verdict."""


def written(decision: Decision, criterion_id: str, form: str, chance: Chance, answer_id: str = "") -> str:
    """The decision in the asked-for form; `mixed` draws one."""
    name = chance.pick("form", tuple(FORMS)) if form == "mixed" else form
    return FORMS[name](decision, criterion_id, answer_id)


def unusable(decision: Decision, chance: Chance) -> str:
    return chance.pick("unusable", UNUSABLE)(decision)
