"""What an export changes is told cell by cell, and the empty template is a task notebook."""

from __future__ import annotations

from core.domain.task import Task
from core.notebooks.export import Export, export_notebook
from core.notebooks.preview import preview
from core.notebooks.task_cells import template_notebook
from tests.core.notebooks.building import BASIC, EMPTY_SLOT, hunt, load, raw_notebook, session, sources


def told(before: bytes, after: bytes) -> list[tuple[str, str]]:
    return [(c.heading, c.change) for c in preview(before, after) if c.change != "same"]


def test_nothing_changed_is_all_the_same():
    raw = raw_notebook(*BASIC, "a note")
    assert told(raw, raw) == []
    assert [c.index for c in preview(raw, raw)] == list(range(len(BASIC) + 1))


def test_written_slots_added_cells_and_removed_traces_are_told():
    raw = raw_notebook(*BASIC, *EMPTY_SLOT, "**[reasoning_traces]**\n\nold", "a note")
    out = export_notebook(raw, Export(session=session(load(raw)), hunts=(hunt(1),), selected=(hunt(1),), attempts=1))
    assert told(raw, out) == [
        ("Nemotron_1", "changed"), ("llm_judge_1", "changed"), ("reasoning_traces", "removed"),
        ("number_of_attempts_made", "added"),
    ]  # fmt: skip
    assert [c.after for c in preview(raw, out) if c.change != "removed"] == sources(out)
    assert [c.before for c in preview(raw, out) if c.change != "added"] == sources(raw)


def test_half_a_surrogate_pair_is_told_as_what_it_is():
    raw = raw_notebook(*BASIC, "a note HALF").replace(b"HALF", rb"\ud83d")
    assert [(c.before, c.after) for c in preview(raw, raw)][-1] == ("a note \ufffd", "a note \ufffd")


def test_repeated_headings_are_told_apart():
    raw = raw_notebook(*BASIC, "**[nemotron_1]**\n\none", "**[nemotron_1]**\n\ntwo")
    other = raw_notebook(*BASIC, "**[nemotron_1]**\n\none", "**[nemotron_1]**\n\nthree")
    assert [(c.before[-3:], c.after[-5:]) for c in preview(raw, other) if c.change != "same"] == [("two", "three")]


def test_the_template_has_all_headings_and_says_nothing():
    raw = template_notebook()
    loaded = load(raw)
    assert loaded.task == Task()
    assert [(slot.number, slot.filled) for slot in loaded.slots] == [(n, False) for n in (1, 2, 3, 4)]
    assert {w.code for w in loaded.warnings} == {
        "missing_prompt", "missing_response", "missing_criteria", "built_in_judge_template", "built_in_judge_system_prompt",
    }  # fmt: skip
    filled = export_notebook(raw, Export(session=session(loaded), hunts=(hunt(1),), selected=(hunt(1),), attempts=1))
    assert sources(filled)[6].startswith("**[nemotron-3-nano-30b-a3b_1]**\n\nRook.")
