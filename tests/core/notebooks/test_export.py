"""What an export writes, and above all what it leaves alone."""

from __future__ import annotations

import json

import pytest

from core.domain.session import Visibility
from core.domain.slot import Grading
from core.domain.task import PassRule
from core.domain.verdict import Outcome, Verdict
from core.notebooks.export import Export, delivery_name, download_name, export_notebook, preview
from tests.core.notebooks.building import (
    BASIC,
    EMPTY_SLOT,
    LAYOUTS,
    NOON,
    export,
    hunt,
    load,
    notebook,
    raw_notebook,
    session,
    sources,
    written,
)  # fmt: skip

TRICKY = (
    "ends in spaces  ",
    "\n\nstarts and ends with blank lines  \n\n",
    "narrow\u202fspace, line\u2028separator, next\x85line, tab\t, nul\x00, \ufeff",
    "**[llm_judge_1]**\n\nfirst line is a heading",
    "**bold** and **[x]** and\n\n**[reasoning_trace_4]**\n\nnot a trace",
    "crlf\r\nlines\r\n",
    "lone\rreturn and 😀",
    "# Metadata\n\n**Domain:** - x",
    "**[a]**",
    "x\n**[reasoning_traces]**",
)


@pytest.mark.parametrize("style", ["lines", "one", "string"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_chosen_and_nothing_edited_gives_the_same_bytes(layout, style):
    raw = written(notebook(*BASIC, style=style), **LAYOUTS[layout])
    assert export(raw) == raw
    assert (
        export(raw, all_hunts=[hunt(1, outcome=Outcome.ERROR, verdicts="").model_copy(update={"reply": None})]) == raw
    )


def test_a_reply_that_nobody_could_choose_is_kept_all_the_same():
    raw = written(notebook(*BASIC))
    cancelled = hunt(1, outcome=Outcome.CANCELLED, verdicts="")
    assert load(export(raw, all_hunts=[cancelled])).resumed.hunts == (cancelled,)


def test_a_review_made_here_is_written_and_marked_when_it_was_not_blind():
    review = Grading(verdicts=(("C1", Verdict.FAIL),), score=0, explanation="It names none.")
    raw = raw_notebook(*BASIC, *EMPTY_SLOT)
    opened = sources(export(raw, hunt(1), reviews={"r_a.1": review}))[8]
    blind = sources(export(raw, hunt(1), reviews={"r_a.1": review}, visibility=Visibility.BLIND))[8]
    assert opened.endswith("[Review]: made with the judge's verdicts in view\n\n[Explanation]:\n\nIt names none.")
    assert blind.endswith('[JSON]: {"answer_score": 0}\n\n[Explanation]:\n\nIt names none.')


def test_a_blind_export_before_reveal_holds_nothing_of_the_judge_but_the_outcome():
    raw = raw_notebook(*BASIC, *EMPTY_SLOT)
    out = export(raw, hunt(1), visibility=Visibility.BLIND)
    assert sources(out)[7] == "**[llm_judge_1]**"
    assert not any(word in out.decode() for word in ('FAIL"', "reason 1", "verdicts", "judges", "pass rate"))
    assert load(out).resumed.hunts[0].outcome is Outcome.BROKE
    revealed = export(raw, hunt(1), visibility=Visibility.BLIND, revealed_at=NOON)
    assert "The pass rate is 1/3" in revealed.decode()


def test_a_hunt_without_verdicts_gets_an_empty_judge_cell_and_no_score():
    bare = hunt(1).model_copy(update={"verdicts": ()})
    out = export(raw_notebook(*BASIC, *EMPTY_SLOT), bare, visibility=Visibility.BLIND, revealed_at=NOON)
    assert sources(out)[7] == "**[llm_judge_1]**"
    assert load(out).slots[0].llm_judge is None


def test_an_undetermined_verdict_is_written_as_such_and_never_as_a_failure():
    out = sources(export(raw_notebook(*BASIC, *EMPTY_SLOT), hunt(1, verdicts="UFF")))
    assert '"C1": "UNDETERMINED"' in out[7]
    assert "C1: (UNDETERMINED) reason 1" in out[7]


@pytest.mark.parametrize("reply", TRICKY, ids=lambda reply: repr(reply[:20]))
@pytest.mark.parametrize("existing", [(), EMPTY_SLOT, tuple(text + "\r\n\r\nold\r\n" for text in EMPTY_SLOT)])
def test_a_reply_comes_back_as_it_was_from_the_cell_alone(existing, reply):
    out = export(raw_notebook(*BASIC, *existing), hunt(1, reply, reasoning=reply))
    content = json.loads(out)
    del content["metadata"]["model_hunter"]
    slot = load(written(content)).slots[0]
    assert (slot.response, slot.reasoning) == (reply, reply)
    assert load(out).resumed.hunts[0].reply.text == reply


@pytest.mark.parametrize("reply", TRICKY, ids=lambda reply: repr(reply[:20]))
def test_a_reply_without_reasoning_comes_back_as_it_was_too(reply):
    slot = load(export(raw_notebook(*BASIC), hunt(1, reply))).slots[0]
    assert (slot.response, slot.reasoning) == (reply, "")


def test_an_edited_pass_rule_survives_the_export_and_an_edit_of_the_prose_wins_over_it():
    raw = raw_notebook(*BASIC)
    out = export(raw, hunt(1), task=load(raw).task.model_copy(update={"pass_rule": PassRule.ALL}))
    assert load(out).task.pass_rule is PassRule.ALL
    again = export(out, hunt(1))
    assert load(again).task.pass_rule is PassRule.ALL


def changes(before: bytes, after: bytes) -> list[tuple[str, str]]:
    return [(c.heading, c.change) for c in preview(before, after) if c.change != "same"]


def test_nothing_changed_is_all_the_same():
    raw = raw_notebook(*BASIC, "a note")
    assert changes(raw, raw) == []
    assert [c.index for c in preview(raw, raw)] == list(range(len(BASIC) + 1))


def test_written_slots_added_cells_and_removed_traces_are_listed():
    raw = raw_notebook(*BASIC, *EMPTY_SLOT, "**[reasoning_traces]**\n\nold", "a note")
    out = export_notebook(raw, Export(session=session(load(raw)), hunts=(hunt(1),), selected=(hunt(1),), attempts=1))
    assert changes(raw, out) == [
        ("Nemotron_1", "changed"), ("llm_judge_1", "changed"), ("reasoning_traces", "removed"),
        ("number_of_attempts_made", "added"),
    ]  # fmt: skip
    assert [c.after for c in preview(raw, out) if c.change != "removed"] == sources(out)
    assert [c.before for c in preview(raw, out) if c.change != "added"] == sources(raw)


def test_an_unpaired_surrogate_is_reported():
    raw = raw_notebook(*BASIC, "a note HALF").replace(b"HALF", rb"\ud83d")
    assert [(c.before, c.after) for c in preview(raw, raw)][-1] == ("a note \ufffd", "a note \ufffd")


def test_repeated_headings_are_distinguished():
    raw = raw_notebook(*BASIC, "**[nemotron_1]**\n\none", "**[nemotron_1]**\n\ntwo")
    other = raw_notebook(*BASIC, "**[nemotron_1]**\n\none", "**[nemotron_1]**\n\nthree")
    assert [(c.before[-3:], c.after[-5:]) for c in preview(raw, other) if c.change != "same"] == [("two", "three")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("task.ipynb", "task.ipynb"),
        ("A,_B_&_C__D.ipynb", "A,_B_&_C__D.ipynb"),
        ("задача 鳥 ü.ipynb", "задача 鳥 ü.ipynb"),
        ("../../etc/passwd", "passwd.ipynb"),
        ("C:\\files\\x.ipynb", "x.ipynb"),
        ('a\r\nSet-Cookie: "x".ipynb', "aSet-Cookie_ _x_.ipynb"),
        ("x\u202eipynb.exe", "xipynb.exe.ipynb"),
        ("", "notebook.ipynb"),
        ("...", "notebook.ipynb"),
        (".ipynb", "notebook.ipynb"),
        ("鳥" * 300, "鳥" * 64 + ".ipynb"),
        ("\ud800x", "x.ipynb"),
    ],
)
def test_a_download_keeps_the_users_name_without_what_is_dangerous(name, expected):
    assert download_name(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("task.ipynb", "task-hunted.ipynb"),
        ("task", "task-hunted.ipynb"),
        ("task-hunted.ipynb", "task-hunted-2.ipynb"),
        ("task-hunted-2.ipynb", "task-hunted-3.ipynb"),
        ("task-hunted-9 (1).ipynb", "task-hunted-9 (1)-hunted.ipynb"),
        ("-hunted.ipynb", "-hunted-2.ipynb"),
        ("../задача 鳥.ipynb", "задача 鳥-hunted.ipynb"),
        ("", "notebook-hunted.ipynb"),
        ("鳥" * 300, "鳥" * 62 + "-hunted.ipynb"),
    ],
)
def test_a_delivery_never_has_the_name_of_its_source(name, expected):
    assert delivery_name(name) == expected
    assert delivery_name(name) != download_name(name)
    assert len(expected.encode()) <= 200
