"""Written cells: those of an edited task, of slots and attempts; others are not touched; a new notebook has them all."""

from __future__ import annotations

import json

import pytest

from core.domain.criteria import Criterion
from core.domain.task import PassRule, Task
from core.notebooks.export import Export, export_notebook
from core.notebooks.write_cells import blank_notebook, fits, heading_name, template_notebook
from tests.core.notebooks.building import (
    BASIC,
    EMPTY_SLOT,
    criteria,
    export,
    hunt,
    load,
    notebook,
    raw_notebook,
    session,
    sources,
    validate,
    written,
)


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


def test_a_typed_in_task_gets_a_notebook_that_says_the_same():
    task = load(raw_notebook(*BASIC)).task
    for rule in PassRule:
        wanted = task.model_copy(update={"pass_rule": rule})
        raw = blank_notebook(wanted)
        validate(raw)
        assert load(raw).task == wanted
        validate(export(raw, hunt(1)))
    assert load(blank_notebook(Task())).task == Task()


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


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("openrouter/nvidia/nemotron-3-nano-30b-a3b:free", "nemotron-3-nano-30b-a3b"),
        ("openai/gpt-5.2", "gpt-5.2"),
        ("fireworks/accounts/fireworks/models/qwen3-235b-a22b-thinking-2507", "qwen3-235b-a22b-thinking-2507"),
        ("own/Some Model [v2]*", "Some-Model-v2"),
        ("own/llm_judge", "model-llm_judge"),
        ("own/prompt", "model-prompt"),
        ("own/модель", "модель"),
        ("own/", "own"),
        ("", "model"),
    ],
)
def test_a_heading_names_the_model_shortly(model, name):
    assert heading_name(model) == name
    slots = load(raw_notebook(f"**[{heading_name(model)}_3]**\n\nx")).slots
    assert [(slot.number, slot.model) for slot in slots] == [(3, name)]


def test_a_simulated_model_says_so_in_its_heading():
    assert heading_name("simulated/careless", simulated=True) == "simulated-careless"
    assert not fits("careless", "simulated/careless", simulated=True)


@pytest.mark.parametrize(
    ("written", "model", "fitting"),
    [
        ("nemotron", "openrouter/nvidia/nemotron-3-nano-30b-a3b:free", True),
        ("Nemotron", "openrouter/nvidia/nemotron-3-nano-30b-a3b", True),
        ("Nemotron-3-Nano-30B-A3B", "openrouter/nvidia/nemotron-3-nano-30b-a3b", True),
        ("nemotron-3", "openrouter/nvidia/nemotron-3-nano-30b-a3b", False),
        ("qwen", "openrouter/nvidia/nemotron-3-nano-30b-a3b", False),
        ("qwen", "openrouter/qwen/qwen3-235b-a22b", True),
        ("Qwen3-235B(Thinking)", "fireworks/accounts/fireworks/models/qwen3-235b-a22b-thinking-2507", True),
        ("Qwen3-235B", "fireworks/accounts/fireworks/models/qwen3-235b-a22b-thinking-2507", False),
        ("GPT-5.2", "openai/gpt-5.2", True),
        ("GPT-5", "openai/gpt-5.2", False),
        ("GPT-5", "openai/gpt-5-mini", False),
        ("GPT-5", "openai/gpt-5-2025-08-07", True),
        ("n", "openai/nemotron", False),
        ("nano", "openrouter/nvidia/nemotron-3-nano-30b-a3b", False),
        ("model", "openai/gpt-5", False),
        ("модель", "openai/gpt-5", False),
    ],
)
def test_a_heading_that_fits_the_model_stays(written, model, fitting):
    assert fits(written, model) is fitting
