"""Cells with a heading: which one counts, and what their names mean."""

from __future__ import annotations

import pytest

from tests.core.notebooks.building import cell, criteria, load, notebook, raw_notebook, written


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("**[prompt]**\n\nhello", "hello"),
        ("**[prompt]**\nhello", "hello"),
        ("\n\n  **[PROMPT]**  \n\n\nhello\n\n", "hello"),
        ("**[Prompt]**:\n\nhello", "hello"),
        ("**[prompt]**: hello", "hello"),
        ("**[prompt]**\n\n  hello  \n", "  hello  "),
        ("**[prompt]**\n\nsay **[response]** twice\n\n**[response]**\n\nx", "say **[response]** twice\n\n**[response]**\n\nx"),
        ("x **[prompt]**\n\nhello", ""),
        ("[prompt]\n\nhello", ""),
        ("**[prompt]**", ""),
    ],
)  # fmt: skip
def test_a_heading_is_a_token_on_the_first_line_that_is_not_blank(text, prompt):
    assert load(raw_notebook("**[response]**", text)).task.prompt == prompt


def test_the_first_cell_of_a_heading_counts_and_the_others_are_named():
    loaded = load(raw_notebook("**[prompt]**\n\nfirst", "**[Prompt]**\n\nsecond", "**[a_1]**\n\nx", "**[b_1]**\n\ny"))
    assert loaded.task.prompt == "first"
    assert loaded.slots[0].response == "x"
    repeated = [(w.cell, w.message.split(".")[0]) for w in loaded.warnings if w.code == "duplicate_heading"]
    assert repeated == [
        (1, "Cell 2 repeats the heading Prompt of cell 1"), (3, "Cell 4 repeats the heading b_1 of cell 3"),
    ]  # fmt: skip


def test_a_code_cell_with_a_heading_is_named_and_not_read():
    content = notebook("x")
    content["cells"] = [cell("x") | {"cell_type": "code", "source": "**[prompt]**\n\nx"}]
    loaded = load(written(content))
    assert loaded.task.prompt == ""
    assert [w.cell for w in loaded.warnings if w.code == "not_markdown"] == [0]


SCHEMES = {
    "with numbers": (
        "**[prompt_1]**", "**[response_1]**", "**[response_reference_1]**", "**[selected_response_1]**",
        "**[selected_judge_1]**", "**[prompt_2]**",
    ),
    "with words": (
        "**[Turn 1 - prompt]**", "**[Turn 1 - ideal response]**", "**[Turn 1 - criteria]**",
        "**[Turn 1 - selected response]**", "**[Turn 1 - selected_judge]**", "**[Turn 2 - prompt]**",
    ),
    "with hyphens": (
        "**[Turn-1: Prompt]**", "**[Turn-1: Ideal Response]**", "**[Turn-1: Criteria]**", "**[Turn-1: Selected Response]**",
        "**[Turn-1: Selected Judge]**", "**[Turn-2: Prompt]**",
    ),
}  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_turns_are_read_in_every_scheme(scheme):
    bodies = ("ask", "ideal", "C1: a\nC2: b", "reply", "verdicts", "ask again")
    texts = [f"{head}\n\n{body}" for head, body in zip(SCHEMES[scheme], bodies, strict=True)]
    loaded = load(raw_notebook(*texts, "**[number_of_turns]**\n\n2", "**[breaking_turn]**\n\n2"))
    task = loaded.task
    assert (task.prompt, task.response, task.criteria, loaded.slots) == ("ask", "ideal", criteria("a", "b"), ())
    (warning,) = (warning for warning in loaded.warnings if warning.code == "several_turns")
    assert warning.message.startswith("The notebook has 2 turns.")
