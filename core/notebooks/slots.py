"""The slots of a notebook: model, reply, trace, both judge cells, attempts. The last two are written here, too."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice

from core.domain.hunt import Hunt
from core.domain.review import Review, human_outcome, review_problems
from core.domain.slot import Grading, Slot
from core.domain.task import Task
from core.domain.verdict import CriterionVerdict, Outcome, Verdict, pass_count, score
from core.notebooks.cells import SLOT_ROLES, Cells, Role
from core.notebooks.text import neat, one_line


def read_slots(cells: Cells) -> tuple[Slot, ...]:
    """All slots with a cell, by number. A slot without a model cell has model ""."""
    collected = collected_traces(cells)
    return tuple(_slot(cells, number, collected.get(number, "")) for number in cells.numbers(*SLOT_ROLES))


def _slot(cells: Cells, number: int, collected: str) -> Slot:
    model = cells.find(Role.MODEL, number)
    own_trace = cells.find(Role.REASONING_TRACE, number)
    reply, trace = model.body if model else "", ""
    if own_trace:  # then a token inside the reply is the reply's own text
        trace = own_trace.body
    else:
        reply, trace = split_reply(reply, number)
    return Slot(
        number=number,
        model=model.heading.name if model else "",
        response=reply if reply.strip() else "",
        reasoning=trace if trace.strip() else collected,
        llm_judge=read_grading(cells.body(Role.LLM_JUDGE, number)),
        human_judge=read_grading(cells.body(Role.HUMAN_JUDGE, number)),
    )


_SECOND_TOKEN = re.compile(
    r"^[ \t]{0,3}\*\*\[reasoning_traces?(?:_0{0,3}([0-9]{1,3}))?\]\*\*:?[ \t]*$", re.IGNORECASE | re.MULTILINE
)
MAX_MARKS = 5_000
"""Maximum headings read in a cell: several for each of the 999 possible numbers of a hunt."""
_HUNT = re.compile(r"^### Hunt ([1-9][0-9]{0,2}) - .*$", re.IGNORECASE | re.MULTILINE)


def split_reply(body: str, number: int) -> tuple[str, str]:
    """(reply, trace) of a model cell in older files, where the trace follows a second token with the slot's number."""
    for token in _SECOND_TOKEN.finditer(body):
        if token.group(1) in {None, str(number)}:
            return body[: token.start()].rstrip(), body[token.end() :].strip("\n")
    return body, ""


def collected_traces(cells: Cells) -> dict[int, str]:
    """Traces by slot from a `reasoning_traces` cell: `### Hunt k - model` and a fenced block. Traces may contain
    fences."""
    body = cells.body(Role.REASONING_TRACES)
    marks = list(islice(_HUNT.finditer(body), MAX_MARKS))
    ends = [*(mark.start() for mark in marks[1:]), len(body)][: len(marks)]
    traces: dict[int, str] = {}
    for mark, end in zip(marks, ends, strict=True):
        if (number := int(mark.group(1))) not in traces:
            traces[number] = _unfenced(body[mark.end() : end])
    return traces


def _unfenced(text: str) -> str:
    """The text between the first and the last fence."""
    text = text.strip()
    if not text.startswith("```"):
        return text
    inner = text.partition("\n")[2]
    return inner.rstrip().removesuffix("```").strip("\n")


_SEPARATED = r"[0-9]{1,3}(?P<separator>[,.' \u2019\u00a0\u202f_])[0-9]{3}(?:(?P=separator)[0-9]{3})?"
_NUMBER = rf"(?<!-)(?P<number>{_SEPARATED}|[0-9]{{1,9}})(?![^\W\d_])"
"""Not followed by a letter: `10k` and `3x` are not numbers."""
_SIGNS = r"[\s*_`:：;.!()\[\]–—-]"
_AFTER = rf"(?:{_SIGNS}|[^\W\d_]){{0,200}}"
_ALONE = re.compile(rf"{_SIGNS}{{0,20}}{_NUMBER}{_AFTER}")
_BY_MODEL = re.compile(rf"(?:[-*•]\s)?(?P<name>[^:：=|]{{1,120}})[:：=]\s{{0,20}}\**\s{{0,5}}{_NUMBER}{_AFTER}")
_TOTAL = re.compile(r"(?:total|sum|all|overall|altogether)\b", re.IGNORECASE)
MAX_LINES = 200
BEFORE = "Before: "
"""Prefix that an export writes before numbers by model, below the new total."""


def read_attempts(body: str) -> int | None:
    """The attempts in the cell: its first line if that is one number (`1,234`, `16 attempts`), else the total or the
    sum of its lines if each has a name (`GPT-5.2: 12`); None for anything else."""
    lines = [line.strip() for line in body.splitlines() if line.strip()][: MAX_LINES + 1]
    if not lines or len(lines) > MAX_LINES:
        return None
    alone = _ALONE.fullmatch(lines[0])
    if alone:
        return _value(alone)
    found = [_BY_MODEL.fullmatch(line) for line in lines]
    if not all(found):
        return None
    numbers = [(match["name"].strip(" *_-"), _value(match)) for match in found if match]
    totals = [number for name, number in numbers if _TOTAL.match(name)]
    return totals[0] if totals else sum(number for _, number in numbers)


def with_attempts(body: str, attempts: int) -> str:
    """`body` with the new number. Numbers by model are kept below it; an unreadable body is not changed."""
    if not body.strip():
        return str(attempts)
    stated = read_attempts(body)
    if stated is None or stated == attempts:
        return body
    first, newline, rest = body.strip().partition("\n")
    if _ALONE.fullmatch(first.strip()):
        return str(attempts) + (newline + rest if rest.strip() else "")
    return f"{attempts}\n\n{BEFORE}{'; '.join(line.strip() for line in body.splitlines() if line.strip())}"


def _value(match: re.Match[str]) -> int:
    return int("".join(sign for sign in match["number"] if sign.isdigit()))


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
"""Headings and verdicts after this many characters of a cell are ignored."""
CUT_OFF = "The reply was cut off at its output limit."
UNBLINDED = "made with the judge's verdicts in view"


def read_grading(body: str) -> Grading | None:
    """A judge cell's body as values; None if it is blank. Damaged parts stay in `text`."""
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
    """The first section of each name; nothing after `[Explanation]` is parsed."""
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
    """The body of `llm_judge_N`: verdicts, score by the hunt's outcome, the pass rate and each criterion's reason.

    "" for a hunt whose verdicts a sealed export left out.
    """
    if not hunt.verdicts:
        return ""
    passed, total = pass_count(v.verdict for v in hunt.verdicts)
    lines = [CUT_OFF, ""] if hunt.cut_off else []
    lines += [f"The pass rate is {passed}/{total}, here are the details:", ""]
    lines += [f"{v.criterion_id}: ({v.verdict.value}) {_reason(v)}".rstrip() for v in hunt.verdicts]
    verdicts = [(v.criterion_id, v.verdict) for v in hunt.verdicts]
    return _written(verdicts, score(hunt.outcome or Outcome.UNDETERMINED), "\n".join(lines))


def review_grading(review: Review, task: Task) -> Grading | None:
    """The trainer's review in the form of a judge cell; None while it is a draft. `task` is that of the hunt's run."""
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
