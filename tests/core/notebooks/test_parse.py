"""What a file must be to load, and what is said about it when it is odd."""

from __future__ import annotations

import json
import time

import pytest

from core.domain.task import Metadata, PassRule, Task
from core.errors import BadNotebook, TooLarge
from core.notebooks.document import Bounds
from core.notebooks.metadata import read_metadata, word_limits
from core.notebooks.parse import parse_notebook
from tests.core.notebooks.building import BASIC, REFERENCE, cell, criteria, load, notebook, raw_notebook, written

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


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"PK\x03\x04\xff\xfe", "not a Jupyter notebook and not text"),
        ("{}".encode("utf-16"), "UTF-16 text"),
        ('{"cells": []}'.encode("utf-16-le"), "UTF-16 text"),
        ('{"cells": [],\n "x": "ü"}'.encode("cp1252"), "line 2 has 'ü' as Windows-1252"),
        ('\n{"x": "“quoted”"}'.encode("cp1252"), "line 2 has '“' as Windows-1252"),
        (b"not json", "not JSON"),
        (b'{"cells": [', "not JSON"),
        (b'{"cells": [{"cell_type": "markdown", "source": ["a" "b"]}], "nbformat": 4}', "not JSON"),
        (b'{"cells": [], "nbformat": 4} x', "not JSON"),
        (b'{"cells": [], "nbformat": 4, "x": NaN}', "NaN"),
        (b'{"cells": [{"x": Infinity}], "nbformat": 4}', "Infinity"),
        (b'{"nbformat": 4, "x": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"[" * 1_000_000, "not an object"),
        (b'{"a":' + b"[" * 1_000_000, "nested too deeply"),
        (b'{"cells": [{"a":' + b'{"a":' * 100_000, "nested too deeply"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b'"x"', "not an object"),
        (b"{}", "neither cells nor nbformat"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"cells": {}, "nbformat": 4}', "no list of cells"),
        (b'{"cells": [], "nbformat": 4}', "no cells"),
        (b'{"cells": [], "nbformat": "4"}', "nbformat is not a number"),
        (b'{"worksheets": [{"cells": []}], "nbformat": 3}', "format 3"),
        (b'{"cells": [7], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": []}, {"source": []}], "nbformat": 4}', "Cell 2"),
        (b'{"cells": [{"cell_type": "markdown", "source": 1}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": ["a", 1]}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": ["a", false]}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown"}], "nbformat": 4}', "Cell 1"),
        (b'{"cells": [{"cell_type": "markdown", "source": ""}], "nbformat": 4, "metadata": []}', "metadata"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_notebook_is_refused_with_a_word_and_a_hint(raw, says):
    with pytest.raises(BadNotebook) as refused:
        load(raw)
    assert says in refused.value.message
    assert refused.value.hint


CELLS = b'{"nbformat": 4, "cells": [%s]}'


def test_too_many_cells_are_refused_before_the_rest_is_read():
    raw = CELLS % (b'{"cell_type": "raw", "source": ""},' * 11 + b"and this is no JSON")
    with pytest.raises(TooLarge, match="more than 10 cells") as refused:
        parse_notebook(raw, Bounds(max_cells=10))
    assert "more than 10 cells" in refused.value.message
    assert parse_notebook(raw_notebook(), Bounds(max_cells=len(BASIC))).task.prompt


@pytest.mark.parametrize("heap", [b"{}", b"[]", b"0", b'"a"', b'"\\\\"', b'"\\""'])
def test_heaps_of_values_are_refused_before_they_are_made(heap):
    raw = CELLS % (b'{"cell_type": "raw", "source": "", "metadata": {"a": [' + b",".join([heap] * 300_000) + b"]}}")
    with pytest.raises(TooLarge, match="more than 200,000 values"):
        parse_notebook(raw, Bounds(max_values=200_000))
    assert parse_notebook(raw, Bounds(max_values=1_000_000)).slots == ()


@pytest.mark.parametrize("text", ["[{," * 100_000, '\\",' * 100_000, "\\\\[," * 100_000])
def test_marks_in_a_text_are_no_values(text):
    assert parse_notebook(raw_notebook("**[prompt]**\n\n" + text), Bounds(max_values=1000)).task.prompt == text


def test_a_notebook_over_the_limit_is_too_large():
    with pytest.raises(TooLarge):
        parse_notebook(raw_notebook(), Bounds(100))


@pytest.mark.parametrize("style", ["lines", "one", "string"])
@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"indent": 2},
        {"indent": 4},
        {"indent": "\t"},
        {"indent": None},
        {"indent": None, "compact": True},
        {"crlf": True},
        {"ascii_only": True},
        {"tail": ""},
    ],
)
def test_every_layout_of_file_and_source_gives_the_same_task(style, layout):
    loaded = load(written(notebook(*BASIC, style=style), **layout))
    assert (loaded.task, loaded.warnings, loaded.slots) == (BASIC_TASK, (), ())


def test_crlf_inside_the_cells_is_a_habit_of_the_file_and_not_part_of_the_task():
    assert load(raw_notebook(*(text.replace("\n", "\r\n") for text in BASIC))).task == BASIC_TASK


def test_a_byte_order_mark_does_no_harm():
    assert load(b"\xef\xbb\xbf" + raw_notebook()).task == BASIC_TASK


def test_a_lone_surrogate_becomes_a_replacement_character():
    raw = raw_notebook("**[prompt]**\n\nPLACE").replace(b"PLACE", b"a \\ud800 b")
    assert load(raw).task.prompt == "a \ufffd b"


def test_a_blank_template_loads_and_says_what_is_missing():
    names = ("prompt", "response", "response_reference", "judge_prompt_template", "judge_system_prompt")
    loaded = load(raw_notebook("# Metadata", *(f"**[{name}]**" for name in names), "**[qwen_1]**", "**[llm_judge_1]**"))
    assert loaded.task == Task()
    assert [(w.code, w.cell) for w in loaded.warnings] == [
        ("missing_prompt", 1),
        ("missing_response", 2),
        ("built_in_judge_template", 4),
        ("built_in_judge_system_prompt", 5),
        ("missing_criteria", 3),
    ]
    assert [(slot.number, slot.model, slot.filled) for slot in loaded.slots] == [(1, "qwen", False)]


def test_a_notebook_without_our_headings_loads_and_asks_whether_it_is_one():
    warning = load(raw_notebook("# Some notes", "hello")).warnings[0]
    assert warning.code == "no_task_cells"
    assert warning.message.startswith("This notebook holds no task: none of its 2 cells is a text cell")


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


def test_broken_criteria_load_as_a_proposal_with_a_warning_at_their_cell():
    loaded = load(raw_notebook("**[response_reference]**\n\n" + REFERENCE.replace('?"\n  },\n\n', '?"\n  }\n\n')))
    assert (loaded.task.criteria, loaded.proposed_criteria) == ((), BASIC_TASK.criteria)
    assert [(w.code, w.cell) for w in loaded.warnings if "criteria" in w.code] == [("criteria_json_broken", 0)]


@pytest.mark.parametrize(
    ("prose", "rule"),
    [
        ("", PassRule.MAJORITY),
        ("The answer must PASS ALL of the criteria below.", PassRule.ALL),
        ("More than 50% of all criteria must pass.", PassRule.MAJORITY),
    ],
)
def test_the_pass_rule_is_read_from_the_prose_around_the_criteria(prose, rule):
    assert load(raw_notebook(f"**[response_reference]**\n\n{prose}\n\nC1: all criteria must pass\n\nC2: b\n\nC3: c"))\
        .task.pass_rule is rule  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "**Domain:** - Art, Design & Law: a - b", "**Domain**: Art, Design & Law: a - b", "Domain: Art, Design & Law: a - b",
        "Domain: - Art, Design & Law: a - b", "- **Domain:** Art, Design & Law: a - b", "* Domain : Art, Design & Law: a - b",
        "**Domain: Art, Design & Law: a - b**", "**Domain**： – Art, Design & Law: a - b",
    ],
)  # fmt: skip
def test_metadata_lines_are_read_in_every_form(line):
    assert read_metadata(f"\n\n{line}\n\nno key here\n\n**Model:** -\n") == Metadata(
        entries=(("Domain", "Art, Design & Law: a - b"), ("Model", ""))
    )


@pytest.mark.parametrize(
    ("asked", "limits"),
    [
        ("20 - 50 words", (20, 50)), ("20–50", (20, 50)), ("Above 500 words", (500, None)), ("500+ words", (500, None)),
        ("Up to 1,000 words", (None, 1000)), ("Below 20 words", (None, 20)), ("any", (None, None)), ("", (None, None)),
        ("50 words", (None, None)),
    ],
)  # fmt: skip
def test_the_asked_for_prompt_length_is_understood(asked, limits):
    assert word_limits(asked) == limits


@pytest.mark.parametrize(
    ("asked", "warned"), [("2 - 4 words", False), ("20 - 50 words", True), ("Above 500 words", True)]
)
def test_a_prompt_of_another_length_gives_a_warning(asked, warned):
    loaded = load(raw_notebook(f"# Metadata\n\n**User Prompt Length:** - {asked}", "**[prompt]**\n\none two three"))
    assert ("prompt_length" in {w.code for w in loaded.warnings}) is warned


@pytest.mark.parametrize(
    ("body", "attempts", "warned"),
    [("\n\n7", 7, False), (": 12", 12, False), (":\n\n16 attempts", 16, False), ("", 0, False), ("\n\nmany", 0, True)],
)
def test_the_number_of_attempts_is_read(body, attempts, warned):
    loaded = load(raw_notebook(f"**[number_of_attempts_made]**{body}"))
    assert (loaded.attempts_before, "bad_attempts" in {w.code for w in loaded.warnings}) == (attempts, warned)


def test_thousands_of_repeated_headings_give_a_bounded_number_of_warnings():
    loaded = load(raw_notebook(*["**[prompt]**\n\nx"] * 3000))
    assert len(loaded.warnings) <= 51


def test_a_foreign_list_in_the_judge_system_prompt_is_pointed_out():
    other = '**[judge_system_prompt]**\n\n[{"id": "C1", "criteria1": "something else"}]'
    loaded = load(raw_notebook(*BASIC[:5], other))
    assert [w.code for w in loaded.warnings] == ["foreign_criteria"]


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


@pytest.mark.parametrize("piece", ["**[", "[Score]", "C1: PASS ", "\n", "```\n### Hunt 1 - x\n", " ", "- a: b\n"])
@pytest.mark.timeout(30)
def test_hostile_cells_of_half_a_megabyte_are_read_in_bounded_time(piece):
    junk = piece * (500_000 // len(piece))
    heads = ("# Metadata", "**[x_1]**", "**[llm_judge_1]**", "**[reasoning_traces]**", "**[number_of_attempts_made]**")
    load(raw_notebook(*(f"{head}\n\n{junk}" for head in heads), junk))


def test_reading_costs_little_more_than_json():
    big = raw_notebook(*BASIC, *(f"**[qwen_{n}]**\n\n{'word ' * 2000}" for n in range(1, 51)))
    assert len(big) > 500_000
    json_s = min(_timed(lambda: json.loads(big)) for _ in range(3))
    assert min(_timed(lambda: load(big)) for _ in range(3)) < 30 * json_s + 0.005


def _timed(work) -> float:
    start = time.thread_time()  # what it costs, however busy the machine is
    work()
    return time.thread_time() - start


def test_a_file_that_was_cut_off_is_told_in_a_sentence_that_reads():
    with pytest.raises(BadNotebook) as refused:
        parse_notebook(b'{"cells": [{"cell_type": "mark', Bounds(1000))
    assert refused.value.message == "The file is not JSON: Unterminated string starting at line 1, column 26."


def with_source(source):
    value = notebook(*BASIC)
    value["cells"][1]["source"] = source
    return written(value)


@pytest.mark.parametrize(
    "source",
    [
        ["**[prompt]**\n", None, "\n", "Write a poem about three birds."],
        [None, "**[prompt]**\n\nWrite a poem about three birds.", None],
        [None, None, "**[prompt]**\n\n", "Write a poem ", None, "about three birds."],
    ],
)
def test_null_among_the_lines_is_nothing_as_jupyter_reads_it(source):
    assert load(with_source(source)).task == BASIC_TASK


@pytest.mark.parametrize("source", [None, [], [None], [None, None], ""])
def test_a_cell_without_a_source_is_an_empty_cell(source):
    loaded = load(with_source(source))
    assert loaded.task.prompt == ""
    assert "missing_prompt" in {warning.code for warning in loaded.warnings}
