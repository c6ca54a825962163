"""A judge cell: verdicts, score and explanation. Reads every form that real files have; writes one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.domain.slot import Grading
from core.domain.task import PassRule
from core.domain.verdict import CriterionVerdict, Verdict, decide, pass_count, score

_VERDICT = re.compile(r"[\"“”']?(C[1-9][0-9]{0,3})[\"“”']?\s*[:=]\s*[\"“”']?(PASS|FAIL|UNDETERMINED|MISSING)\b", re.IGNORECASE)
_SECTION = re.compile(r"^[ \t]*\[?(grading basis|score|json|explanation)\][ \t]*:?", re.IGNORECASE | re.MULTILINE)
_SCORE = re.compile(r"[01]")


def read_grading(body: str) -> Grading | None:
    """What a judge cell's body says; None for an empty one. A body without sections is all explanation."""
    if not body.strip():
        return None
    sections = _sections(body)
    found = {m[1].upper(): Verdict(m[2].upper()) for m in _VERDICT.finditer(sections.get("grading basis", ""))}
    scored = _SCORE.search(sections.get("score", ""))
    explanation = sections.get("explanation", "" if sections else body)
    return Grading(
        verdicts=tuple(found.items()), score=int(scored[0]) if scored else None, explanation=explanation.strip(), text=body
    )


def write_grading(verdicts: Sequence[CriterionVerdict], rule: PassRule) -> str:
    """The body of an `llm_judge_N` cell. An undecided score is `n/a`, never 0."""
    values = [v.verdict for v in verdicts]
    mark = score(decide(values, rule))
    shown = "n/a" if mark is None else f"{mark} point(s)"
    answer = '"n/a"' if mark is None else str(mark)
    basis = ",\n".join(f'  "{v.criterion_id}": "{v.verdict}"' for v in verdicts)
    passed, total = pass_count(values)
    lines = [f"{v.criterion_id}: ({v.verdict}) {_one_paragraph(v.reason)}".rstrip() for v in verdicts]
    return (
        f"[Grading Basis]:\n\n{{\n{basis}\n}}\n\n[Score]: {shown}\n\n[JSON]: {{\"answer_score\": {answer}}}\n\n"
        f"[Explanation]:\n\nThe pass rate is {passed}/{total}, here are the details:\n\n" + "\n".join(lines)
    )


def _sections(body: str) -> dict[str, str]:
    marks = list(_SECTION.finditer(body))
    ends = [*(m.start() for m in marks[1:]), len(body)][: len(marks)]
    found: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        name = mark[1].lower()
        if name == "explanation":
            end = len(body)  # whatever stands in an explanation belongs to it
        found.setdefault(name, body[mark.end() : end])
        if name == "explanation":
            break
    return found


def _one_paragraph(reason: str) -> str:
    """A reason on one line, so that it cannot look like a section or another criterion's line."""
    return " ".join(reason.split())
