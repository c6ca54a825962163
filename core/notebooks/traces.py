"""Parse reasoning traces from the three places where files have them."""

from __future__ import annotations

import re
from itertools import islice

from core.notebooks.cells import Cells
from core.notebooks.headings import Role

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
