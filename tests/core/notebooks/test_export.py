"""What an export writes, and above all what it leaves alone."""

from __future__ import annotations

import json
import warnings

import nbformat
import pytest

from core.domain.criteria import Criterion
from core.domain.session import Visibility
from core.domain.slot import Grading
from core.domain.task import PassRule, Task
from core.domain.verdict import Outcome, Verdict
from core.notebooks.export import Export, export_notebook
from core.notebooks.task_cells import blank_notebook
from tests.core.notebooks.building import (
    BASIC,
    EMPTY_SLOT,
    NOON,
    criteria,
    hunt,
    load,
    notebook,
    raw_notebook,
    session,
    sources,
    written,
)  # fmt: skip

LAYOUTS = {
    "jupyter": {}, "two spaces": {"indent": 2}, "four spaces": {"indent": 4}, "tabs": {"indent": "\t"},
    "one line": {"indent": None}, "compact": {"indent": None, "compact": True}, "CRLF": {"crlf": True},
    "ASCII": {"ascii_only": True}, "no last line break": {"tail": ""},
}  # fmt: skip
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


@pytest.mark.parametrize("style", ["lines", "one", "string"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_every_layout_an_export_looks_as_if_the_same_program_had_written_it(layout, style):
    content = notebook(*BASIC, *EMPTY_SLOT, "a note — ü", style=style)
    raw = written(content, **LAYOUTS[layout])
    out = export(raw, hunt(1, "Rook — ü."))
    validate(out)
    assert written(json.loads(out), **LAYOUTS[layout]) == out


def test_a_slot_is_written_whole_into_the_cells_that_are_there():
    out = export(raw_notebook(*BASIC, *EMPTY_SLOT), hunt(3, "Rook.", reasoning="hmm", verdicts="PFF"))
    assert sources(out)[6:] == [
        "**[Nemotron_1]**\n\nRook.",
        '**[llm_judge_1]**\n\n[Grading Basis]:\n\n{\n  "C1": "PASS",\n  "C2": "FAIL",\n  "C3": "FAIL"\n}\n\n'
        '[Score]: 0 point(s)\n\n[JSON]: {"answer_score": 0}\n\n[Explanation]:\n\n'
        "The pass rate is 1/3, here are the details:\n\nC1: (PASS) reason 1\nC2: (FAIL) reason 2\nC3: (FAIL) reason 3",
        "**[human_judge_1]**",
        "**[reasoning_trace_1]**\n\nhmm",
        "**[number_of_attempts_made]**:\n\n1",
    ]


def test_missing_slots_are_added_in_order_with_ids_of_their_own():
    taken = notebook(*BASIC, "closing note")
    taken["cells"][0]["id"] = "hunter-model-1"
    out = export(written(taken), *(hunt(n, f"reply {n}", reasoning="r") for n in (1, 2)))
    heads = [text.split("\n")[0] for text in sources(out)]
    assert heads[5:] == [
        "**[judge_system_prompt]**",
        *(f"**[{name}_{n}]**" for n in (1, 2) for name in (
            "nemotron-3-nano-30b-a3b", "llm_judge", "human_judge", "reasoning_trace")),
        "closing note",
        "**[number_of_attempts_made]**:",
    ]  # fmt: skip
    ids = [c["id"] for c in json.loads(out)["cells"]]
    assert len(set(ids)) == len(ids)
    validate(out)


def test_a_missing_cell_of_a_slot_goes_to_its_place():
    raw = raw_notebook(*BASIC, "**[llm_judge_1]**", "**[nemotron_2]**", "**[human_judge_2]**", "note")
    heads = [text.split("\n")[0] for text in sources(export(raw, hunt(1), hunt(2)))][6:]
    assert heads == [
        "**[nemotron-3-nano-30b-a3b_1]**", "**[llm_judge_1]**", "**[human_judge_1]**", "**[nemotron_2]**",
        "**[llm_judge_2]**", "**[human_judge_2]**", "note", "**[number_of_attempts_made]**:",
    ]  # fmt: skip


def test_slots_beyond_the_selection_are_emptied_and_keep_their_headings():
    old = (
        "**[qwen_2]**\n\nold",
        "**[llm_judge_2]**\n\nold",
        "**[human_judge_2]**\n\nold",
        "**[reasoning_trace_2]**\n\nold",
    )
    out = export(raw_notebook(*BASIC, *EMPTY_SLOT, *old), hunt(1))
    assert sources(out)[9:-1] == ["**[qwen_2]**", "**[llm_judge_2]**", "**[human_judge_2]**", "**[reasoning_trace_2]**"]


def test_a_review_of_an_earlier_hunt_does_not_stay_beside_a_new_one():
    old = (
        "**[Nemotron_1]**\n\nold",
        "**[llm_judge_1]**\n\nold",
        "**[human_judge_1]**\n\nsomebody's opinion of the old",
    )
    out = export(raw_notebook(*BASIC, *old), hunt(1))
    assert "somebody's opinion" not in out.decode()


def test_what_a_person_wrote_beside_a_hunt_after_the_export_moves_with_that_hunt():
    one, two = hunt(1, "one"), hunt(2, "two")
    first = json.loads(export(raw_notebook(*BASIC, *EMPTY_SLOT), one, two))
    for made in first["cells"]:
        if "".join(made["source"]) == "**[human_judge_2]**":
            made["source"] = ["**[human_judge_2]**\n", "\n", "opinion of two"]
    again = sources(export(written(first), two, one))
    assert "**[human_judge_1]**\n\nopinion of two" in again
    assert "**[human_judge_2]**" in again


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


def test_an_undetermined_verdict_is_written_as_such_and_never_as_a_failure():
    out = sources(export(raw_notebook(*BASIC, *EMPTY_SLOT), hunt(1, verdicts="UFF")))
    assert '"C1": "UNDETERMINED"' in out[7]
    assert "C1: (UNDETERMINED) reason 1" in out[7]


@pytest.mark.parametrize("model", ["openai/gpt-5", "openrouter/qwen/qwen3-235b-a22b"])
def test_the_heading_names_the_model_that_was_really_used(model):
    out = sources(export(raw_notebook(*BASIC, *EMPTY_SLOT), hunt(1, model=model)))
    assert out[6].startswith(f"**[{model.rpartition('/')[2]}_1]**")


def test_the_attempts_are_counted_on_and_moved_behind_the_slots():
    raw = raw_notebook(*BASIC, "**[Number_of_attempts_made]**:\n\n7", *EMPTY_SLOT, "note")
    out = sources(export(raw, hunt(1), all_hunts=[hunt(1), hunt(2)]))
    assert out[-2:] == ["note", "**[Number_of_attempts_made]**:\n\n9"]
    assert len(out) == len(BASIC) + len(EMPTY_SLOT) + 2


def test_older_traces_are_gone_and_traces_stand_once():
    old = (
        "**[nemotron_1]**\n\nold\n\n**[reasoning_trace_1]**\n\nold trace",
        "**[reasoning_traces]**\n\n### Hunt 1 - x\n\n```\nold trace\n```",
    )
    out = export(raw_notebook(*BASIC, *old, old[1]), hunt(1, reasoning="new trace"))
    text = "\n".join(sources(out))
    assert ("old trace" in text, text.count("new trace"), text.count("reasoning_trace")) == (False, 1, 1)


def test_repeated_headings_are_left_alone():
    raw = raw_notebook(*BASIC, *EMPTY_SLOT, "**[nemotron_1]**\n\nsecond", "**[human_judge_1]**\n\nsecond")
    out = sources(export(raw, hunt(1)))
    assert [text for text in out if text.endswith("second")] == [
        "**[nemotron_1]**\n\nsecond",
        "**[human_judge_1]**\n\nsecond",
    ]


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


@pytest.mark.parametrize(
    ("name", "place", "heading"),
    [
        ("prompt", 1, "prompt"), ("response", 2, "response"), ("judge_prompt_template", 4, "judge_prompt_template"),
        ("judge_system_prompt", 5, "judge_system_prompt"),
    ],
)  # fmt: skip
def test_an_edited_text_changes_its_cell_and_no_other(name, place, heading):
    raw = raw_notebook(*BASIC, *EMPTY_SLOT)
    loaded = load(raw)
    out = export(raw, task=loaded.task.model_copy(update={name: "New\n\nwords."}))
    expected = sources(raw)
    expected[place] = f"**[{heading}]**\n\nNew\n\nwords."
    assert sources(out) == expected
    assert getattr(load(out).task, name) == "New\n\nwords."


def test_edited_criteria_change_the_list_and_not_the_prose_nor_the_judge_system_prompt():
    raw = raw_notebook(*BASIC)
    task = load(raw).task
    edited = task.model_copy(update={"criteria": (*task.criteria, Criterion(id="C9", text="Is it [new]?"))})
    before, after = sources(raw), sources(export(raw, task=edited))
    assert after[3].startswith(before[3].partition("[\n")[0])
    assert after[3].endswith("\n\nElse 0 points.")
    assert after[:3] + after[4:] == before[:3] + before[4:]
    assert load(export(raw, task=edited)).task == edited


def test_a_cell_that_says_the_edit_already_is_not_touched():
    raw = raw_notebook(*BASIC)
    loaded = load(raw)
    stale = loaded.task.model_copy(update={"prompt": "older", "criteria": criteria("a", "b", "c")})
    out = export(raw, loaded_task=stale)
    assert sources(out) == sources(raw)


def test_cells_for_parts_of_the_task_that_were_not_there_are_added_in_order():
    raw = raw_notebook("# Metadata", "**[prompt]**\n\nx", "note")
    task = Task(prompt="x", response="y", criteria=criteria("a b", "c d", "e f"), judge_system_prompt="strict")
    out = export(raw, task=task)
    assert [text.split("\n")[0] for text in sources(out)] == [
        "# Metadata", "**[prompt]**", "**[response]**", "**[response_reference]**", "**[judge_system_prompt]**", "note",
    ]  # fmt: skip
    assert load(out).task == task


def test_an_edited_pass_rule_survives_the_export_and_an_edit_of_the_prose_wins_over_it():
    raw = raw_notebook(*BASIC)
    out = export(raw, hunt(1), task=load(raw).task.model_copy(update={"pass_rule": PassRule.ALL}))
    assert load(out).task.pass_rule is PassRule.ALL
    again = export(out, hunt(1))
    assert load(again).task.pass_rule is PassRule.ALL


def test_an_older_format_gets_no_ids_and_stays_valid():
    content = notebook(*BASIC, minor=4)
    out = export(written(content), hunt(1))
    assert not any("id" in made for made in json.loads(out)["cells"])
    validate(out)


def test_everything_that_is_not_ours_stays_to_the_byte():
    odd = (
        '{"nbformat_minor":5, "nbformat" : 4,\n\n "cells":[ {"cell_type":"code","id":"x","metadata":{"a":1.50e3},"source":"1\\/2 \\u00e9",'
        '"outputs":[ ],"execution_count":null} ,\n   {"cell_type":"markdown", "source":["**[prompt]**\\n\\nhi"],"id":"y","metadata":{ }}\n],'
        '"metadata":{"z":[1 ,2],"kernelspec":{"display_name":"P","name":"p"}}  }  \n'
    )  # fmt: skip
    out = export(odd.encode(), hunt(1)).decode()
    start, end = odd.index('{"cell_type":"code"'), odd.index("}\n]")
    assert odd[: end + 1] in out
    assert odd[start:end] in out
    assert out.startswith(odd[: end + 1])
    assert '"metadata":{"z":[1 ,2],"kernelspec":{"display_name":"P","name":"p"}' in out
    assert out.endswith("}  }  \n")
    validate(out.encode())


def test_a_typed_in_task_gets_a_notebook_that_says_the_same():
    task = load(raw_notebook(*BASIC)).task
    for rule in PassRule:
        wanted = task.model_copy(update={"pass_rule": rule})
        raw = blank_notebook(wanted)
        validate(raw)
        assert load(raw).task == wanted
        validate(export(raw, hunt(1)))
    assert load(blank_notebook(Task())).task == Task()


@pytest.mark.parametrize("odd", [{"id": ["x"]}, {"id": None}, {"id": {"a": 1}}, {"metadata": None}])
def test_odd_ids_and_metadata_of_other_cells_do_not_matter(odd):
    content = notebook(*BASIC, "note")
    content["cells"][-1].update(odd)
    out = json.loads(export(written(content), hunt(1)))
    assert {k: v for k, v in out["cells"][6].items() if k in odd} == {} or odd.items() <= _note(out).items()


def _note(content) -> dict:
    return next(made for made in content["cells"] if made["source"] == ["note"])


@pytest.mark.parametrize("metadata", [{}, None])
def test_the_record_is_written_into_metadata_that_were_empty_or_not_there(metadata):
    content = notebook(*BASIC, metadata={})
    if metadata is None:
        del content["metadata"]
    for layout in LAYOUTS.values():
        out = export(written(content, **layout), hunt(1))
        assert load(out).resumed.hunts == (hunt(1),)
        validate(out)
