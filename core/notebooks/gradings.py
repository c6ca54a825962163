"""Parse and write judge cells."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from core.domain.hunt import Hunt
from core.domain.review import Review, human_outcome, review_problems
from core.domain.slot import Grading
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Outcome, Verdict, pass_count, score
from core.notebooks.text import neat, one_line

_SECTION = re.compile(
    r"^[ \t]{0,8}\*{0,2}(?P<open>\[)?[ \t]{0,4}"
    r"(?P<name>grading basis|criteria grades|score|json|review|explanation)[ \t]{0,4}(?P<close>\])?"
    r"\*{0,2}[ \t]{0,4}(?P<colon>[:：])?\*{0,2}[ \t]{0,8}",
    re.IGNORECASE | re.MULTILINE,
)
_VERDICT = re.compile(
    r"\bC0{0,3}([1-9][0-9]{0,3})[\"”’']?\s{0,20}[:：=]\s{0,20}[\"“‘']?(PASS|FAIL|UNDETERMINED|MISSING)(?:ED)?\b",
    re.IGNORECASE | re.ASCII,
)
_POINTS = re.compile(r"[ \t\r\n]{0,40}(-?[0-9]{1,4})\b", re.ASCII)
_NOT_APPLICABLE = re.compile(r"\s{0,40}(?:n/?a|none|null|-|–)", re.IGNORECASE)
_ANSWER_SCORE = re.compile(r"answer_score[\"”']?\s{0,20}[:：]\s{0,20}(-?[0-9]{1,4})", re.ASCII)
NOT_APPLICABLE = "n/a"
MAX_SEARCHED_CHARS = 1_000_000
"""Headings and verdicts behind so many characters of a cell are not looked for."""
CUT_OFF = "The reply was cut off at its output limit."
UNBLINDED = "made with the judge's verdicts in view"


def read_grading(body: str) -> Grading | None:
    """A judge cell's body as values; None when it is blank. Whatever is damaged stays in `text`."""
    if not body.strip():
        return None
    sections = _sections(body)
    if not sections:
        return Grading(explanation=neat(body), text=body)
    return Grading(
        verdicts=_verdicts(sections.get("grading basis", "")),
        score=_score(sections),
        explanation=neat(sections.get("explanation", "")).lstrip(" \t"),
        text=body,
    )


def _sections(body: str) -> dict[str, str]:
    """The first section of each name; nothing after `[Explanation]` is looked into."""
    starts: list[tuple[str, int, int]] = []
    for mark in _SECTION.finditer(body, 0, MAX_SEARCHED_CHARS):
        name = mark.group("name").casefold().replace("criteria grades", "grading basis")
        if not (mark.group("open") or mark.group("close")) and not mark.group("colon"):
            continue
        if any(name == seen for seen, _, _ in starts):
            continue
        starts.append((name, mark.start(), mark.end()))
        if name == "explanation":
            break
    ends = [*(start for _, start, _ in starts[1:]), len(body)][: len(starts)]
    return {name: body[start:end] for (name, _, start), end in zip(starts, ends, strict=True)}


def _verdicts(basis: str) -> tuple[tuple[str, Verdict], ...]:
    found: dict[str, Verdict] = {}
    for number, word in _VERDICT.findall(basis[:MAX_SEARCHED_CHARS]):
        found.setdefault(f"C{number}", Verdict(word.upper()))
    return tuple(found.items())


def _score(sections: dict[str, str]) -> int | None:
    written = sections.get("score", "")
    points = _POINTS.match(written)
    if points:
        return int(points.group(1))
    if _NOT_APPLICABLE.match(written):
        return None
    answer = _ANSWER_SCORE.search(sections.get("json", ""))
    return int(answer.group(1)) if answer else None


def judge_cell(hunt: Hunt) -> str:
    """The body of `llm_judge_N`: verdicts, score by the hunt's outcome, the pass rate and each criterion's reason."""
    passed, total = pass_count(v.verdict for v in hunt.verdicts)
    lines = [CUT_OFF, ""] if hunt.cut_off else []
    lines += [f"The pass rate is {passed}/{total}, here are the details:", ""]
    lines += [f"{v.criterion_id}: ({v.verdict.value}) {_reason(v)}".rstrip() for v in hunt.verdicts]
    verdicts = [(v.criterion_id, v.verdict) for v in hunt.verdicts]
    return _written(verdicts, score(hunt.outcome or Outcome.UNDETERMINED), "\n".join(lines))


def review_grading(review: Review, task: Task) -> Grading | None:
    """The trainer's review as a judge cell has it; None while it is a draft. `task` is the hunt's run's."""
    if review_problems(review, task):
        return None
    outcome = human_outcome(review, task)
    said = review.by_criterion
    return Grading(
        verdicts=tuple((c.id, said[c.id]) for c in task.criteria),
        score=score(outcome or Outcome.UNDETERMINED),
        explanation=review.explanation,
    )


def review_cell(review: Grading, *, unblinded: bool) -> str:
    """The body of `human_judge_N`: the trainer's verdicts, score and explanation."""
    return _written(review.verdicts, review.score, review.explanation, unblinded=unblinded)


def _reason(verdict: CriterionVerdict) -> str:
    if verdict.reason.strip():
        return one_line(verdict.reason)
    if verdict.verdict is Verdict.UNDETERMINED:
        return (
            f"the judge gave no usable answer ({verdict.error})" if verdict.error else "the judge gave no usable answer"
        )
    return "the criterion was removed" if verdict.verdict is Verdict.MISSING else ""


def _written(
    verdicts: Sequence[tuple[str, Verdict]], points: int | None, explanation: str, *, unblinded: bool = False
) -> str:
    basis = json.dumps({i: v.value for i, v in verdicts}, indent=2)
    shown = NOT_APPLICABLE if points is None else f"{points} point(s)"
    answer = json.dumps({"answer_score": NOT_APPLICABLE if points is None else points})
    parts = [f"[Grading Basis]:\n\n{basis}", f"[Score]: {shown}", f"[JSON]: {answer}"]
    if unblinded:
        parts.append(f"[Review]: {UNBLINDED}")
    return "\n\n".join((*parts, f"[Explanation]:\n\n{explanation}"))
