"""Parse the slots of a notebook: model, reply, trace, both gradings."""

from __future__ import annotations

import re
from itertools import islice

from core.domain.slot import Slot
from core.notebooks.cells import Cells
from core.notebooks.gradings import read_grading
from core.notebooks.headings import SLOT_ROLES, Role


def read_slots(cells: Cells) -> tuple[Slot, ...]:
    """Every slot that has a cell, by number. A slot without a model cell has model ""."""
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
"""Headings read in a cell: several for each of the 999 numbers that a hunt can have."""
_HUNT = re.compile(r"^### Hunt ([1-9][0-9]{0,2}) - .*$", re.IGNORECASE | re.MULTILINE)


def split_reply(body: str, number: int) -> tuple[str, str]:
    """(reply, trace) of a model cell of an older file, where the trace follows a second token of the slot's number."""
    for token in _SECOND_TOKEN.finditer(body):
        if token.group(1) in {None, str(number)}:
            return body[: token.start()].rstrip(), body[token.end() :].strip("\n")
    return body, ""


def collected_traces(cells: Cells) -> dict[int, str]:
    """Traces by slot from a `reasoning_traces` cell: `### Hunt k - model` and a fence. The trace may hold fences."""
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
    """The attempts that the cell states: its first line if that is one number (`1,234`, `16 attempts`), else the total
    or the sum of its lines if each states one by name (`GPT-5.2: 12`); None when it is anything else.
    """
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
    """`body` with the new number. Numbers by model are kept below it; a body that is not understood is not changed."""
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
