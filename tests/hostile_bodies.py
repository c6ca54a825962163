"""Notebooks and request bodies at the size limits that are cheap to send and may be dear to read, by shape.

A notebook's generator takes about how many JSON values and how many bytes it may have; the same name always makes the
same notebook.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import islice
from typing import Any

from core.domain.run import Run, RunStatus
from core.domain.verdict import Outcome
from core.notebooks.session_record import METADATA_KEY, resume_record
from tests.builders import NOW, a_finished_hunt, a_run, a_session, a_task, a_verdict

Shape = Callable[[int, int], bytes]
CELLS = 4990
RUNS = 1000
REFERENCE = "**[response_reference]**\n\n"


def written(sources: list[Any], metadata: Any = None, **more: Any) -> bytes:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": source, **more} for source in sources]
    return _file(json.dumps(cells), json.dumps(metadata or {}))


def _file(cells: str, metadata: str) -> bytes:
    return f'{{"nbformat": 4, "nbformat_minor": 5, "metadata": {metadata}, "cells": {cells}}}'.encode()


TASK_CELLS = [f"**[{name}]**\n\ntext" for name in ("prompt", "response", "judge_system_prompt")]
TASK_CELLS.append(REFERENCE + json.dumps([{"id": f"C{n}", "criteria1": "Is so."} for n in range(1, 4)]))


def _in_metadata(piece: str, opening: str = "[", closing: str = "]", values: int = 1) -> Shape:
    """As much of a piece of JSON as there may be, in the notebook's metadata. `{n}` is a running number."""

    def make(max_values: int, max_bytes: int) -> bytes:
        count = min((max_values - 100) // (values + 1), (max_bytes - 5000) // (len(piece) + 8))
        pieces = ",".join(piece.replace("{n}", str(n)) for n in range(count))
        return _file(json.dumps([{"cell_type": "markdown", "metadata": {}, "source": s} for s in TASK_CELLS]),
                     f'{{"a": {opening}{pieces}{closing}}}')  # fmt: skip

    return make


def _of_text(token: str, heading: str = "**[prompt]**\n\n", share: float = 1.0) -> Shape:
    """One cell with a long text of that token."""

    def make(_values: int, max_bytes: int) -> bytes:
        count = int((max_bytes - 3000) * share) // len(json.dumps(token)[1:-1])
        return written([heading + token * count, *TASK_CELLS[1:]])

    return make


def _of_lines(line: str, heading: str = "**[prompt]**\n") -> Shape:
    def make(values: int, max_bytes: int) -> bytes:
        count = min(values - 200, max_bytes // (len(json.dumps(line)) + 2))
        return written([[heading, "\n", *([line] * count)], *TASK_CELLS[1:]])

    return make


def _of_cells(source: str, **more: Any) -> Shape:
    """As many cells as there may be; `{n}` is a running number."""

    def make(values: int, max_bytes: int) -> bytes:
        one = len(json.dumps(source)) + len(json.dumps(more)) + 60
        count = min(CELLS, values // (4 + 2 * len(more)), max_bytes // one)
        return written([*TASK_CELLS, *(source.replace("{n}", str(n)) for n in range(1, count))], **more)

    return make


def _deep(depth: int, opening: str, closing: str) -> Shape:
    return lambda values, max_bytes: _file(
        json.dumps([{"cell_type": "markdown", "metadata": {}, "source": s} for s in TASK_CELLS]),
        '{"a": [' + ",".join([opening * depth + "1" + closing * depth] * (values // depth - 2)) + "]}",
    )


def _torn(values: int, max_bytes: int) -> bytes:
    return _in_metadata("{}")(values, max_bytes)[:-1]


# -- exports of ours, made by somebody else


def _record(session: Any, hunts: list[Any]) -> bytes:
    return written(TASK_CELLS, {METADATA_KEY: resume_record(session, hunts)})


def _many_hunts(values: int, max_bytes: int) -> bytes:
    count = min(values // 70, max_bytes // 2000)
    runs = _runs(count // 500 + 1, 500, status=RunStatus.COMPLETED, started_at=NOW, finished_at=NOW)
    places = (run.hunt(place) for run in runs for place in range(run.hunts))
    hunts = [
        a_finished_hunt(h.number, Outcome.BROKE, hunt_id=h.hunt_id, run_id=h.run_id) for h in islice(places, count)
    ]
    return _record(a_session(runs=runs, hunts_issued=500 * len(runs)), hunts)


def _runs(count: int, hunts: int, **more: Any) -> tuple[Run, ...]:
    return tuple(a_run(hunts, run_id=f"r_{n}", first_number=1 + n * hunts, **more) for n in range(count))


def _hunts_not_begun(values: int, max_bytes: int) -> bytes:
    runs = _runs(min(20, values // 500), 1000, status=RunStatus.RUNNING, started_at=NOW)
    return _record(a_session(runs=runs, hunts_issued=1000 * len(runs)), [])


def _many_runs(values: int, max_bytes: int) -> bytes:
    ended = {"status": RunStatus.COMPLETED, "started_at": NOW, "finished_at": NOW}
    count = min(RUNS, values // 30)
    task = a_task(criteria=100)
    runs = _runs(count, 1, task=task, **ended)
    return _record(a_session(runs=runs, hunts_issued=count, task=task), [])


def _many_verdicts(values: int, max_bytes: int) -> bytes:
    hunt = a_finished_hunt(1, Outcome.BROKE, verdicts=tuple(a_verdict() for _ in range(min(values // 8, 4000))))
    run = a_run(1, status=RunStatus.COMPLETED, started_at=NOW, finished_at=NOW)
    return _record(a_session(runs=(run,), hunts_issued=1), [hunt])


def _damaged_record(values: int, max_bytes: int) -> bytes:
    raw = json.loads(_many_hunts(values, max_bytes))
    raw["metadata"][METADATA_KEY]["hunts"][-1]["number"] = "x"
    return json.dumps(raw).encode()


def _wrong_record(values: int, max_bytes: int) -> bytes:
    hunts = [{"hunt_id": n, "x": n} for n in range(values // 4)]
    record = {"schema_version": 1, "session": {}, "tasks": [], "hunts": hunts}
    return written(TASK_CELLS, {METADATA_KEY: record})


def _notebooks_in_metadata(values: int, max_bytes: int) -> bytes:
    inner = json.loads(written(TASK_CELLS))
    count = min(values // 40, max_bytes // len(json.dumps(inner)))
    return written(TASK_CELLS, {"notebooks": [inner] * count})


def _random_values(values: int, max_bytes: int) -> bytes:
    chosen = random.Random(7).choices([None, True, 1, -1.5, "a", [], {}, {"a": []}, "\ud83d"], k=values // 2)
    return written(TASK_CELLS, {"a": chosen})


NOTEBOOKS: dict[str, Shape] = {
    # values
    "empty objects": _in_metadata("{}"),
    "empty arrays": _in_metadata("[]"),
    "many keys": _in_metadata('"k{n}": {n}', "{", "}"),
    "objects of one key": _in_metadata('{"k": 1}', values=2),
    "keys that stand twice": _in_metadata('"k": 1', "{", "}"),
    "objects with a key twice": _in_metadata('{"k": 1, "k": 2}', values=3),
    "long keys": _in_metadata('"' + "k" * 90 + '{n}": 0', "{", "}"),
    "tiny strings": _in_metadata('"a"'),
    "different strings": _in_metadata('"a{n}"'),
    "strings of escapes": _in_metadata('"' + "\\u00e9" * 10 + '"'),
    "half characters": _in_metadata('"\\ud83d"'),
    "numbers": _in_metadata("1"),
    "fractions": _in_metadata("0.123456789012345678901234567890"),
    "great exponents": _in_metadata("1e308"),
    "infinite numbers": _in_metadata("1e999"),
    "long numbers": _in_metadata("9" * 4000),
    "numbers beyond length": _in_metadata("9" * 5000),
    "deep arrays": _deep(150, "[", "]"),
    "deep objects": _deep(90, '{"a":', "}"),
    "very deep arrays": _deep(900, "[", "]"),
    "too deep arrays": _deep(100_000, "[", "]"),
    "values, torn": _torn,
    "random values": _random_values,
    "notebooks in the metadata": _notebooks_in_metadata,
    # texts
    "one long line": _of_text("a"),
    "one long line of escapes": _of_text("\\"),
    "quotation marks": _of_text('"'),
    "line breaks": _of_text("\n"),
    "carriage returns": _of_text("\r\n"),
    "nulls": _of_text("\0"),
    "emoji": _of_text("👩‍👧"),
    "wide letters": _of_text("é"),
    "one half character": _of_text("\ud800"),
    "a long heading": _of_text("a", "**["),
    "stars": _of_text("*", ""),
    "ids": _of_text("C1\n", REFERENCE),
    "criteria in lines": _of_text("C1: a\n", REFERENCE, 0.011),
    "brackets of criteria": _of_text('{"id": "C1", "criteria1": "a b"},', REFERENCE + "[", 0.011),
    "a broken list": _of_text('["a b" "c d"] ', REFERENCE, 0.011),
    "metadata lines": _of_text("**Key:** - Value\n", "# Metadata\n"),
    "scores": _of_text("[Score]: 1 point(s)\n", "**[llm_judge_1]**\n\n"),
    "verdicts": _of_text('"C1": "PASS", ', "**[human_judge_1]**\n\n[Grading Basis]: "),
    "traces": _of_text("### Hunt 1 - a\n```\n", "**[reasoning_traces]**\n\n"),
    "short lines": _of_lines("a\n"),
    "empty lines": _of_lines(""),
    "lines of ids": _of_lines("C1\n", REFERENCE),
    # cells
    "many cells": _of_cells("a"),
    "many headings": _of_cells("**[prompt]**\n\na"),
    "many slots": _of_cells("**[model_{n}]**\n\nreply"),
    "many judges": _of_cells('**[llm_judge_{n}]**\n\n[Grading Basis]: {"C1": "PASS"}'),
    "many turns": _of_cells("**[Turn-{n}: prompt]**\n\na"),
    "many criteria of turns": _of_cells("**[Turn-{n}: response_reference]**\n\nC1: a\nC2: b\nC3: c"),
    "long slots": _of_cells("**[model_{n}]**\n\n" + "reply " * 500),
    "cells of outputs": _of_cells("a", outputs=[{"output_type": "stream", "text": ["a"] * 8}]),
    "different cells": _of_cells("cell {n}"),
    # exports
    "many hunts": _many_hunts,
    "hunts that never began": _hunts_not_begun,
    "many runs of a large task": _many_runs,
    "many verdicts": _many_verdicts,
    "a damaged record": _damaged_record,
    "a wrong record": _wrong_record,
}


def _listed(key: str, piece: str, closing: str = "}") -> Callable[[int], bytes]:
    """A body with a list of as many pieces as bytes allow. `{n}` is a running number."""

    def make(max_bytes: int) -> bytes:
        count = max_bytes // (len(piece) + 6)
        return f'{{"version": 1, "{key}": [{",".join(piece.replace("{n}", str(n)) for n in range(count))}]{closing}'.encode()

    return make


def _text(key: str, token: str) -> Callable[[int], bytes]:
    return lambda max_bytes: json.dumps(
        {"version": 1, key: token * (max_bytes // (len(json.dumps(token)) - 1))}
    ).encode()


CRITERION = '{"id": "C{n}", "text": "Is so."}'
BODIES: dict[str, tuple[str, str, Callable[[int], bytes]]] = {
    # method, path in the session ("" is the session's own, "/" all sessions), body
    "criteria of an edit": ("PATCH", "task", _listed("criteria", CRITERION)),
    "wrong criteria of an edit": ("PATCH", "task", _listed("criteria", "{}")),
    "numbers for criteria": ("PATCH", "task", _listed("criteria", "{n}")),
    "a prompt of an edit": ("PATCH", "task", _text("prompt", "a")),
    "a prompt of line breaks": ("PATCH", "task", _text("prompt", "\n")),
    "a prompt of escapes": ("PATCH", "task", _text("response", "é\\")),
    "many unknown keys": ("PATCH", "task", lambda size: b'{"version": 1' + b',"k":0' * (size // 6) + b"}"),
    "a typed-in task": ("POST", "/", lambda size: json.dumps({"task": {"prompt": "\n" * (size // 2 - 99)}}).encode()),
    "criteria of a typed-in task": (
        "POST", "/", lambda size: b'{"task": {"criteria": [' + b'{"id": "C1", "text": "a"},' * (size // 27) + b'{"id": "C1", "text": "a"}]}}',
    ),
    "a review": ("PUT", "reviews/c_0", _text("explanation", "a ")),
    "verdicts of a review": ("PUT", "reviews/c_0", lambda size: b'{"verdicts": {' + b",".join(b'"C%d":"PASS"' % n for n in range(size // 14)) + b"}}"),
    "a selection": ("PUT", "selection", _listed("hunt_ids", '"r_one.{n}"')),
    "models of a run": ("POST", "runs", _listed("models", '"simulated/target"')),
    "criteria of a check": ("POST", "reference-check", _listed("criterion_ids", '"C{n}"')),
    "a trial": ("POST", "trials", _text("model", "a")),
    "a turn": ("POST", "turns", _text("prompt", "a\n")),
    "deep JSON": ("PATCH", "task", lambda size: b'{"a":' * (size // 6)),
    "brackets": ("PATCH", "task", lambda size: b"[" * size),
    "commas": ("PATCH", "task", lambda size: b"," * size),
    "backslashes": ("PATCH", "task", lambda size: b'{"prompt": "' + b"\\" * size),
    "quotation marks": ("PATCH", "task", lambda size: b'"' * size),
    "spaces": ("PATCH", "task", lambda size: b" " * size),
    "no UTF-8": ("PATCH", "task", lambda size: b'{"prompt": "' + b"\xff" * size + b'"}'),
    "nulls": ("PATCH", "task", lambda size: b"\0" * size),
}  # fmt: skip
