"""Over notebooks and sessions of every make: only declared cells change, twice is once, all comes back."""

from __future__ import annotations

import json

import nbformat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbdime import diff_notebooks

from core.domain.task import Task
from core.notebooks.cells import Role, read_cells
from core.notebooks.document import open_document
from core.notebooks.export import Export, export_notebook
from core.notebooks.slots import read_attempts
from tests.core.notebooks.building import BASIC, criteria, hunt, load, notebook, session, written

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
RESULTS = {Role.MODEL, Role.LLM_JUDGE, Role.HUMAN_JUDGE, Role.REASONING_TRACE, Role.REASONING_TRACES, Role.ATTEMPTS}
TASK_CELLS = {
    Role.PROMPT: "prompt", Role.RESPONSE: "response", Role.RESPONSE_REFERENCE: "criteria",
    Role.JUDGE_PROMPT_TEMPLATE: "judge_prompt_template", Role.JUDGE_SYSTEM_PROMPT: "judge_system_prompt",
}  # fmt: skip

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.sampled_from(
    ["hello", "**[x]**", "a  \n\n", "\n\nb", "C1: x", "[1]", "\u2028", "{}", "| a |", "- b\n- c", "\r\n"]
)
bodies = st.lists(texts | words, max_size=4).map("\n".join)
replies = bodies.filter(str.strip)
headings = st.sampled_from(
    [
        *(f"**[{name}_{n}]**" for n in (1, 2, 3) for name in ("Nemotron", "llm_judge", "human_judge", "reasoning_trace")),
        "**[reasoning_traces]**", "**[number_of_attempts_made]**:", "**[prompt_2]**", "**[response_reference]**",
        "**[prompt]**", "**[response]**", "note", "", "**[judge_system_prompt]**", "# Metadata",
    ]
)  # fmt: skip
cells = st.tuples(headings, bodies).map("\n\n".join)
layouts = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([1, 2, 4, "\t", None]), "ascii_only": st.booleans(), "crlf": st.booleans(),
        "tail": st.sampled_from(["", "\n", "\n\n"]), "compact": st.booleans(),
    }
)  # fmt: skip


@st.composite
def files(draw) -> bytes:
    start = list(BASIC) if draw(st.booleans()) else []
    content = notebook(*start, *draw(st.lists(cells, min_size=1, max_size=8)), minor=draw(st.sampled_from([4, 5])))
    for made in content["cells"]:
        form = draw(st.sampled_from(["lines", "one", "string"]))
        joined = "".join(made["source"])
        made["source"] = {"lines": made["source"], "one": [joined], "string": joined}[form]
    layout = draw(layouts)
    if layout["indent"] is not None:
        layout["compact"] = False
    return written(content, **layout)


@st.composite
def exports(draw, raw: bytes) -> Export:
    loaded = load(raw)
    hunts = [hunt(n, draw(replies), reasoning=draw(bodies)) for n in range(1, draw(st.integers(1, 4)) + 1)]
    selected = draw(st.permutations(hunts))[: draw(st.integers(0, 3))]
    task = loaded.task
    for name in draw(st.sets(st.sampled_from(sorted(TASK_CELLS.values())))):
        new = criteria(*draw(st.lists(replies, min_size=1, max_size=4))) if name == "criteria" else draw(bodies)
        task = Task.model_validate(task.model_dump() | {name: new})
    state = session(loaded, task=task)
    attempts = loaded.attempts_before + len(hunts)
    return Export(session=state, hunts=tuple(hunts), selected=tuple(selected), attempts=attempts)


@FEW
@given(st.data())
def test_only_declared_cells_change(data):
    raw = data.draw(files())
    export = data.draw(exports(raw))
    out = export_notebook(raw, export)
    edited = {
        role for role, name in TASK_CELLS.items()
        if getattr(export.session.task, name) != getattr(export.session.loaded_task, name)
    }  # fmt: skip
    declared = edited | (RESULTS if export.selected else {Role.ATTEMPTS})
    assert _others(raw, declared) == _others(out, declared)
    before, after = (json.loads(b) for b in (raw, out))
    after["metadata"].pop("model_hunter", None)
    assert {k: v for k, v in after.items() if k != "cells"} == {k: v for k, v in before.items() if k != "cells"}


def _others(raw: bytes, declared: set[Role]) -> list[str]:
    """The text, in the file, of every cell that is not declared, in order."""
    document = open_document(raw)
    winners = {c.index for c in read_cells(document).by_key.values() if c.heading.role in declared}
    traces = {c.index for c in read_cells(document).all(Role.REASONING_TRACES)} if Role.MODEL in declared else set()
    kept = [n for i, n in enumerate(document.cells) if i not in winners | traces]
    return [document.text[node.start : node.end] for node in kept]


@FEW
@given(st.data())
def test_exporting_twice_changes_nothing_the_second_time(data):
    raw = data.draw(files())
    export = data.draw(exports(raw))
    out = export_notebook(raw, export)
    assert export_notebook(out, export) == out


@FEW
@given(st.data())
def test_an_exported_session_loads_back_whole(data):
    raw = data.draw(files())
    export = data.draw(exports(raw))
    exported = export_notebook(raw, export)
    loaded = load(exported)
    if not export.selected and export.session.task == export.session.loaded_task:
        return
    assert loaded.resumed.hunts == export.hunts
    assert loaded.resumed.session.task == export.session.task
    if export.selected:
        filled = [slot for slot in loaded.slots if slot.number <= len(export.selected)]
        assert [slot.response for slot in filled] == [h.reply.text for h in export.selected]
        assert [slot.reasoning.strip() for slot in filled] == [h.reply.reasoning.strip() for h in export.selected]
        assert not any(slot.filled for slot in loaded.slots if slot.number > len(export.selected))
        understood = "bad_attempts" not in {warning.code for warning in load(raw).warnings}
        stated = read_attempts(read_cells(open_document(exported)).body(Role.ATTEMPTS))
        assert stated == (export.attempts if understood else None)
    names = [n for n in TASK_CELLS.values() if n != "criteria"]
    assert {n: getattr(loaded.task, n) for n in names} == {n: getattr(export.session.task, n) for n in names}


@FEW
@given(files())
def test_an_unchanged_export_is_the_same_to_the_byte(raw):
    loaded = load(raw)
    assert export_notebook(raw, Export(session=session(loaded))) == raw


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(replies, min_size=1, max_size=3))
def test_nbdime_sees_changes_in_declared_cells_only(some):
    raw = written(notebook(*BASIC, "**[Nemotron_1]**", "**[llm_judge_1]**", "**[human_judge_1]**", "note"))
    loaded = load(raw)
    hunts = tuple(hunt(n, text) for n, text in enumerate(some, 1))
    out = export_notebook(raw, Export(session=session(loaded), hunts=hunts, selected=hunts, attempts=len(hunts)))
    for op in diff_notebooks(nbformat.reads(raw.decode(), 4), nbformat.reads(out.decode(), 4)):
        if op.key == "metadata":
            assert [(inner.op, inner.key) for inner in op.diff] == [("add", "model_hunter")]
            continue
        assert op.key == "cells"
        for change in op.diff:
            if change.op == "patch":
                assert change.key in {6, 7, 8}
                assert {inner.key for inner in change.diff} == {"source"}
            else:
                assert change.op == "addrange"
