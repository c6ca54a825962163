"""A notebook with one turn is an ordinary one, in whichever headings other programs write it."""

import pytest

from core.domain.verdict import Verdict
from core.notebooks.export import Export, export_notebook
from tests.core.notebooks.building import ARRAY, hunt, load, raw_notebook, session, sources

TEXTS = {
    "prompt": "Write a poem about three birds.",
    "response": "Rook, wren, tit?",
    "criteria": f"Every criterion must pass.\n\n{ARRAY}",
    "system": "You are strict.",
    "template": "{prompt} {response} {criteria}",
    "attempts": "23",
}
HEADINGS = {
    "colon": {
        "prompt": "Turn-1: Prompt", "response": "Turn-1: Ideal Response", "criteria": "Turn-1: Criteria", "system": "Turn-1: Judge System Prompt",
        "template": "Turn-1: judge_prompt_template", "attempts": "Turn-1: Number of Attempts Made",
    },
    "dash": {
        "prompt": "Turn 1 - prompt", "response": "Turn 1 - response", "criteria": "Turn 1 - response_reference",
        "system": "Turn 1 - judge_system_prompt", "template": "Turn 1 - Judge Prompt Template", "attempts": "turn 1 - number_of_attempts_made",
    },
    "number": {
        "prompt": "prompt_1", "response": "response_1", "criteria": "response_reference_1", "system": "judge_system_prompt_1",
        "template": "judge_prompt_template_1", "attempts": "number_of_attempts_made_1",
    },
}  # fmt: skip
JUDGED = '**[llm_judge_1]**\n\n**Criteria Grades:**\n```json\n{\n  "C1": "FAIL",\n  "C2": "PASS"\n}\n```\n\n**Score:** 0\n\n**Explanation:**\n[FAIL] C1: no'


def one_turn(scheme: str, *more: str) -> bytes:
    names = HEADINGS[scheme]
    return raw_notebook(*(f"**[{names[part]}]**\n\n{text}" for part, text in TEXTS.items()), *more)


@pytest.mark.parametrize("scheme", HEADINGS)
def test_all_of_the_task_is_read_and_nothing_is_said_of_turns(scheme):
    loaded = load(one_turn(scheme))
    task = loaded.task
    assert (task.prompt, task.response) == (TEXTS["prompt"], TEXTS["response"])
    assert (task.judge_system_prompt, task.judge_prompt_template) == (TEXTS["system"], TEXTS["template"])
    assert (len(task.criteria), task.pass_rule.value) == (3, "all")
    assert (loaded.attempts_before, loaded.warnings) == (23, ())


@pytest.mark.parametrize("scheme", HEADINGS)
def test_an_export_writes_into_the_cells_that_are_there(scheme):
    raw = one_turn(scheme)
    loaded = load(raw)
    edited = loaded.task.model_copy(update={"prompt": "Another.", "judge_system_prompt": "Be kind."})
    changed = session(loaded).model_copy(update={"task": edited})
    exported = export_notebook(raw, Export(session=changed, hunts=(hunt(1),), selected=(hunt(1),), attempts=24))
    texts = sources(exported)
    names = HEADINGS[scheme]
    assert f"**[{names['prompt']}]**\n\nAnother." in texts
    assert f"**[{names['system']}]**\n\nBe kind." in texts
    assert [text for text in texts if "attempts" in text.casefold()] == [f"**[{names['attempts']}]**\n\n24"]
    again = load(exported)
    assert (again.task, again.attempts_before) == (edited, 23)


def test_grades_of_another_program_are_read():
    (slot,) = load(one_turn("colon", "**[GPT5.2_1]**\n\nRook.", JUDGED)).slots
    assert (slot.llm_judge.verdicts, slot.llm_judge.score) == ((("C1", Verdict.FAIL), ("C2", Verdict.PASS)), 0)


def test_two_turns_are_a_conversation():
    loaded = load(one_turn("colon", "**[Turn-2: Prompt]**\n\nAnd now four."))
    assert "several_turns" in {warning.code for warning in loaded.warnings}
    assert loaded.task.judge_system_prompt == TEXTS["system"]


def test_a_plain_cell_beside_one_of_turn_1_counts_as_before():
    loaded = load(one_turn("colon", "**[prompt]**\n\nThe plain one."))
    assert loaded.task.prompt == "The plain one."
    assert [w.code for w in loaded.warnings] == ["several_turns"]


def test_the_recorded_notebook_of_another_program_is_read(shared_dir):
    raw = (shared_dir / "cases" / "23-turn-1-notebook" / "turn1-saved.ipynb").read_bytes()
    loaded = load(raw)
    assert "SECRET-RULE-77" in loaded.task.judge_system_prompt
    assert loaded.task.judge_prompt_template.startswith("Question")
    assert (loaded.attempts_before, len(loaded.slots[0].llm_judge.verdicts), loaded.warnings) == (23, 4, ())
