"""What a file must be to load, and what is said about it when it is odd."""

from __future__ import annotations

import json
import time

import pytest

from core.domain.task import Metadata, PassRule, Task
from core.notebooks.parse import read_metadata, word_limits
from tests.core.notebooks.building import (
    BASIC,
    BASIC_TASK,
    REFERENCE,
    load,
    notebook,
    raw_notebook,
    written,
)


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
    assert warning.message.startswith("This notebook contains no task: none of its 2 cells is a text cell")


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
