"""Builders: notebooks in every style that files have, sessions and hunts with sensible defaults."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, datetime
from typing import Any

import nbformat

from core.domain.chat import Reply
from core.domain.criteria import Criterion
from core.domain.hunt import Hunt, HuntStatus
from core.domain.run import Run, RunStatus
from core.domain.session import Session
from core.domain.task import Metadata, PassRule, Task
from core.domain.verdict import CriterionVerdict, Outcome, Verdict
from core.notebooks.criteria.forms import Found, Span
from core.notebooks.document import Bounds
from core.notebooks.export import Export, export_notebook
from core.notebooks.parse import LoadedNotebook, parse_notebook

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MODEL = "openrouter/nvidia/nemotron-3-nano-30b-a3b:free"
MAX_BYTES = 50_000_000
ARRAY = (
    '[\n  { "id": "C1", "criteria1": "Does it name [three] birds?"\n  },\n\n'
    '  { "id": "C2", "criteria2": "Is every line shorter than 40 characters?"\n  },\n'
    '  { "id": "C3", "criteria3": "Does it end with a \\"?\\""\n  }\n]'
)
REFERENCE = f"To earn 1 point, the answer must PASS more than 50% [of] the criteria:\n\n{ARRAY}\n\nElse 0 points."
BASIC = (
    "# Metadata\n\n**Task ID:** - 5a1f0c52-0000-4c64-9a6b-0d3b5f7f1c03\n\n**Domain:** - Pets, Birds & Bees",
    "**[prompt]**\n\nWrite a poem about three birds.",
    "**[response]**\n\nRook, wren, tit?",
    f"**[response_reference]**\n\n{REFERENCE}",
    "**[judge_prompt_template]**\n\n{prompt} {response} {criteria}",
    "**[judge_system_prompt]**\n\nYou are strict.",
)
EMPTY_SLOT = ("**[Nemotron_1]**", "**[llm_judge_1]**", "**[human_judge_1]**")


def cell(text: str, place: int = 0, *, style: str = "lines", with_id: bool = True) -> dict[str, Any]:
    """A markdown cell; `style`: how its source is kept (`lines`, `one`, `string`)."""
    parts = text.split("\n")
    lines = [*(part + "\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]
    source: Any = {"lines": lines, "one": [text], "string": text}[style]
    named = {"id": f"cell-{place}"} if with_id else {}
    return {"cell_type": "markdown", **named, "metadata": {"id": f"cell-{place}"}, "source": source}


def notebook(*texts: str, style: str = "lines", minor: int = 5, metadata: Any = None) -> dict[str, Any]:
    return {
        "cells": [cell(text, n, style=style, with_id=minor >= 5) for n, text in enumerate(texts)],
        "metadata": {"colab": {"provenance": []}} if metadata is None else metadata,
        "nbformat": 4,
        "nbformat_minor": minor,
    }


def written(
    value: Any,
    *,
    indent: int | str | None = 1,
    ascii_only: bool = False,
    crlf: bool = False,
    tail: str = "\n",
    compact: bool = False,
) -> bytes:
    separators = (",", ":") if compact else None
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=separators) + tail
    return (text.replace("\n", "\r\n") if crlf else text).encode()


def raw_notebook(*texts: str, **kwargs: Any) -> bytes:
    return written(notebook(*(texts or BASIC), **kwargs))


def load(raw: bytes) -> LoadedNotebook:
    return parse_notebook(raw, Bounds(MAX_BYTES))


def sources(raw: bytes) -> list[str]:
    """The text of each cell."""
    return ["".join(c["source"]) for c in json.loads(raw.decode("utf-8-sig"))["cells"]]


def criteria(*texts: str) -> tuple[Criterion, ...]:
    return tuple(Criterion(id=f"C{n}", text=text) for n, text in enumerate(texts, 1))


def hunt(
    number: int = 1,
    text: str = "Rook.",
    *,
    reasoning: str = "",
    model: str = MODEL,
    verdicts: str = "PFF",
    outcome: Outcome = Outcome.BROKE,
    simulated: bool = False,
) -> Hunt:
    """A judged hunt of run r_a. `verdicts`: one letter for each criterion, P F U M."""
    words = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED, "M": Verdict.MISSING}
    return Hunt(
        hunt_id=f"r_a.{number}", run_id="r_a", number=number, model=model, status=HuntStatus.DONE, outcome=outcome,
        reply=Reply(text=text, reasoning=reasoning, cost_usd=0.01, model="nemotron", latency_ms=412.0),
        verdicts=tuple(
            CriterionVerdict(
                criterion_id=f"C{n}", verdict=words[letter], reason=f"reason {n}", judge_model="openai/gpt-5",
                calls=1, cost_usd=0.002,
            )
            for n, letter in enumerate(verdicts, 1)
        ),
        started_at=NOON, finished_at=NOON, simulated=simulated,
    )  # fmt: skip


def session(loaded: LoadedNotebook | None = None, **changes: Any) -> Session:
    """A session with one finished run of nine hunts."""
    task = loaded.task if loaded else Task()
    run = Run(
        run_id="r_a", models=(MODEL,), hunts=9, judge_model="openai/gpt-5", task=task, first_number=1,
        status=RunStatus.COMPLETED, created_at=NOON,
    )  # fmt: skip
    start = Session(
        session_id="s_secret", name="birds.ipynb", created_at=NOON, task=task, loaded_task=task, runs=(run,),
        hunts_issued=9, attempts_before=loaded.attempts_before if loaded else 0,
    )  # fmt: skip
    return start.model_copy(update=changes)


def pieces(body: str, found: Found | None) -> list[tuple[str, ...]]:
    """The items of a list in `body`: id, text, and the positions of item, text and id."""

    def at(span: Span | None) -> str:
        return "" if span is None else span.of(body)

    items = found.items if found else ()
    return [(i.id, i.text, at(i.whole), at(i.text_at), at(i.id_at)) for i in items]


BASIC_TASK = Task(
    prompt="Write a poem about three birds.",
    response="Rook, wren, tit?",
    criteria=criteria(
        "Does it name [three] birds?", "Is every line shorter than 40 characters?", 'Does it end with a "?"'
    ),
    pass_rule=PassRule.MAJORITY,
    judge_prompt_template="{prompt} {response} {criteria}",
    judge_system_prompt="You are strict.",
    metadata=Metadata(entries=(("Task ID", "5a1f0c52-0000-4c64-9a6b-0d3b5f7f1c03"), ("Domain", "Pets, Birds & Bees"))),
)


LAYOUTS = {
    "jupyter": {}, "two spaces": {"indent": 2}, "four spaces": {"indent": 4}, "tabs": {"indent": "\t"},
    "one line": {"indent": None}, "compact": {"indent": None, "compact": True}, "CRLF": {"crlf": True},
    "ASCII": {"ascii_only": True}, "no last line break": {"tail": ""},
}  # fmt: skip


def export(raw: bytes, *hunts, all_hunts=None, **changes) -> bytes:
    loaded = load(raw)
    own = {name: changes.pop(name) for name in ("reviews",) if name in changes}
    kept = tuple(all_hunts if all_hunts is not None else hunts)
    state = session(loaded, **changes)
    return export_notebook(
        raw,
        Export(session=state, hunts=kept, selected=hunts, attempts=state.attempts_before + len(kept), **own),
    )


def validate(raw: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(json.loads(raw.decode("utf-8-sig")))


CELLS = b'{"nbformat": 4, "cells": [%s]}'
