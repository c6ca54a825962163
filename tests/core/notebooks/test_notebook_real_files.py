"""The real files: all load, an unchanged export is the same, a filled one is valid and loads again."""

from __future__ import annotations

import json
import warnings

import nbformat
import pytest

from core.domain.task import PassRule
from core.notebooks.export import Export, export_notebook
from tests.core.notebooks.building import hunt, load, session, sources

FILES = {
    "kryptonite": (4, 4, 0),
    "kryptonite-old-export": (4, 8, 0),
    "kryptonite-damaged-export": (3, 4, 7),
    "blank-template": (0, 4, 0),
}


@pytest.fixture(params=FILES)
def name(request) -> str:
    return request.param


@pytest.fixture
def raw(shared_dir, name) -> bytes:
    return (shared_dir / "notebooks" / f"{name}.ipynb").read_bytes()


def test_a_real_file_says_what_it_says(raw, name):
    loaded = load(raw)
    assert (len(loaded.task.criteria), len(loaded.slots), loaded.attempts_before) == FILES[name]
    assert loaded.task.pass_rule is PassRule.MAJORITY
    assert [key for key, _ in loaded.task.metadata.entries] == [
        "Task ID", "Domain", "Use Case", "L1 Taxonomy", "User Prompt Length",
    ]  # fmt: skip
    assert loaded.resumed is None


def test_traces_are_read_off_the_replies(raw, name):
    for slot in load(raw).slots:
        assert "reasoning_trace" not in slot.response
        assert bool(slot.reasoning) is (name in {"kryptonite-old-export", "kryptonite-damaged-export"})


def test_a_real_file_goes_through_unchanged_and_filled(raw):
    loaded = load(raw)
    state = session(loaded, slots=loaded.slots)
    assert export_notebook(raw, Export(session=state)) == raw
    hunts = tuple(hunt(n, f"reply {n}\u202f  ", reasoning=f"trace {n}") for n in range(1, 7))
    export = Export(session=state, hunts=hunts, selected=hunts[2:6], attempts=loaded.attempts_before + 6)
    out = export_notebook(raw, export)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(json.loads(out))
    assert export_notebook(out, export) == out
    again = load(out)
    assert (again.task, again.attempts_before, again.resumed.hunts) == (loaded.task, loaded.attempts_before, hunts)
    assert [(s.response, s.reasoning) for s in again.slots[:4]] == [
        (h.reply.text, h.reply.reasoning) for h in hunts[2:6]
    ]
    assert not any(slot.filled or slot.llm_judge or slot.human_judge for slot in again.slots[4:])
    assert sources(out)[:6] == sources(raw)[:6]
    assert sources(out)[-1].startswith("**[number_of_attempts_made]**")
    assert not any("reasoning_traces" in text for text in sources(out))
