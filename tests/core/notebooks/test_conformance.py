"""How another reader sees a notebook: every row of the table of differences, its words, and the edits for both readers."""

from __future__ import annotations

import json

import pytest

from core.domain.criteria import Criterion
from core.domain.task import Metadata, PassRule
from core.notebooks.conformance import (
    apply_edits,
    check_conformance,
    criteria_findings,
    task_findings,
    template_findings,
    with_readable_criteria,
)
from core.notebooks.document import UNBOUNDED
from core.notebooks.examples import read_example
from core.notebooks.item_reader import SeenCriterion, read_rubric
from core.notebooks.parse import parse_notebook
from core.notebooks.write_cells import blank_notebook
from tests.builders import a_finished_hunt, a_task
from tests.core.notebooks.building import raw_notebook

TEXTS = ("Names three birds.", "Ends with a question mark.", "Has fewer than nine lines.")
ROWS = [{"id": f"C{n}", "criteria": text} for n, text in enumerate(TEXTS, 1)]
ARRAY = json.dumps(ROWS)
TEMPLATE = "{prompt} {response} {standard_response} {criteria}"
RULE = "All of the criteria must pass:\n\n"


def a_notebook(reference: str = ARRAY, template: str = TEMPLATE, task_id: str = "70258", *more: str) -> bytes:
    return raw_notebook(
        f"# Metadata\n\n**Task ID:** - {task_id}",
        "**[prompt]**\n\nWrite about birds.",
        "**[response]**\n\nRook, wren, tit?",
        f"**[response_reference]**\n\n{reference}",
        f"**[judge_prompt_template]**\n\n{template}",
        "**[judge_system_prompt]**\n\nBe strict.",
        *more,
    )


def checked(raw: bytes, name: str = "task.ipynb", **changes):
    notebook = parse_notebook(raw, UNBOUNDED)
    hunts = notebook.resumed.hunts if notebook.resumed else ()
    return check_conformance(raw, notebook.task, changes.pop("hunts", hunts), name, **changes)


def codes(conformance) -> list[str]:
    return [one.code for one in conformance.findings if one.severity != "note"]


def edited(raw: bytes):
    """The notebook after all proposed edits."""
    return apply_edits(raw, checked(raw).edits)


def test_a_task_that_both_read_alike_has_only_notes():
    conformance = checked(a_notebook())
    assert conformance.readable
    assert [(one.id, one.text) for one in conformance.criteria] == [(row["id"], row["criteria"]) for row in ROWS]
    assert [(one.code, one.severity) for one in conformance.findings] == [("pass_rule", "note")]
    assert conformance.edits == ()


def test_what_a_typed_task_is_written_as_is_read_alike_whatever_its_texts_hold():
    texts = ("Has {braces} and {}.", 'Quotes "{id}".', "Ends in }", "{", "Ä: { “id” }")
    task = a_task(5, judge_prompt_template=TEMPLATE, judge_system_prompt="Be strict.")
    criteria = tuple(one.model_copy(update={"text": text}) for one, text in zip(task.criteria, texts, strict=True))
    raw = blank_notebook(task.model_copy(update={"criteria": criteria}))
    assert codes(checked(raw, "7.ipynb")) == []
    assert parse_notebook(raw, UNBOUNDED).task.criteria == criteria


FORMS = {
    "lines": ("\n".join(f"C{n}: {text}" for n, text in enumerate(TEXTS, 1)), ["no_criteria"]),
    "object": (json.dumps({f"C{n}": text for n, text in enumerate(TEXTS, 1)}), ["no_criteria"]),
    "strings": (json.dumps(TEXTS), ["criteria_unreadable"]),
    "a table": ("| id | criterion |\n|---|---|\n" + "\n".join(f"| C{n} | {t} |" for n, t in enumerate(TEXTS, 1)), ["no_criteria"]),
    "a type before the text": (json.dumps([{"id": row["id"], "type": "format", **row} for row in ROWS]), ["criterion_misread"]),
    "no ids": (json.dumps([{"criteria": text} for text in TEXTS]), ["criterion_id"]),
    "lower-case ids": (json.dumps([{**row, "id": row["id"].lower()} for row in ROWS]), ["criterion_id"]),
    "numeric ids": (json.dumps([{**row, "id": n} for n, row in enumerate(ROWS, 1)]), ["criterion_id", "criterion_id_type"]),
    "another id key": (json.dumps([{"criterion_id": row["id"], "criteria": row["criteria"]} for row in ROWS]), ["criterion_lost", "criterion_added"]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prose", ["", RULE])
def test_each_form_that_is_lost_or_misread_is_named_and_can_be_written_so_that_both_read_it(form, prose):
    reference, expected = FORMS[form]
    raw = a_notebook(prose + reference)
    found = checked(raw)
    if not prose:
        assert codes(found) == expected
    assert codes(found)
    assert [edit.edit for edit in found.edits] == ["criteria"]
    after = edited(raw)
    assert codes(checked(after)) == []
    before, now = (parse_notebook(one, UNBOUNDED).task for one in (raw, after))
    assert now == before
    assert now.pass_rule is (PassRule.ALL if prose else PassRule.MAJORITY)
    assert with_readable_criteria(raw, before) == after


@pytest.mark.parametrize("rest", ["{braces} around words.", "an opening { alone.", "a closing } alone."])
def test_a_brace_in_a_criterion_loses_it_only_among_prose(rest):
    rows = [*ROWS, {"id": "C4", "criteria": f"Has {rest}"}]
    assert codes(checked(a_notebook(json.dumps(rows)))) == []
    raw = a_notebook(RULE + json.dumps(rows))
    (finding,) = [one for one in checked(raw).findings if one.severity != "note"]
    assert (finding.code, finding.criterion_ids) == ("criterion_lost", ("C4",))
    assert finding.message == "C4 is dropped there without a message."
    assert codes(checked(edited(raw))) == []


@pytest.mark.parametrize("key", ["rule", "question", "anything"])
def test_one_text_under_any_key_is_read_by_both(key):
    assert codes(checked(a_notebook(json.dumps([{"id": row["id"], key: row["criteria"]} for row in ROWS])))) == []


def test_another_tasks_objects_in_the_prose_are_named_and_cannot_be_edited_away():
    found = checked(a_notebook(f'Not like {{"id": "X1", "note": "Never mind."}}:\n\n{ARRAY}'))
    assert codes(found) == ["criterion_added"]
    assert "Never mind." in found.findings[0].message
    assert found.edits == ()


TEMPLATES = {
    "{grade} {prompt} {response} {standard_response} {criteria}": ["template_fails"],
    '{prompt} {response} {standard_response} {criteria} as {"result": "PASS"}': ["template_fails"],
    "{} {prompt} {response} {standard_response} {criteria}": ["template_fails"],
    "} {prompt} {response} {standard_response} {criteria}": ["template_fails"],
    "{prompt} {response} {standard_response}": ["template_without_criteria"],
    "{prompt} {response} {criteria}": ["template_without_standard_response"],
    "{response} {standard_response} {criteria}": ["template_without_prompt"],
    "{prompt} {standard_response} {criteria}": ["template_without_model_response"],
    "{prompt} {model_resposne} {standard_response} {response_reference}": [],
    "{{prompt}} {response} {standard_response} {criteria}": ["template_without_prompt", "template_doubled"],
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_that_fail_or_hide_a_value_are_named_and_can_be_edited(template):
    raw = a_notebook(template=template)
    found = checked(raw)
    assert codes(found) == TEMPLATES[template]
    assert [edit.edit for edit in found.edits] == (["judge_prompt_template"] if TEMPLATES[template] else [])
    assert codes(checked(edited(raw))) == []


def test_without_a_template_both_use_their_own():
    found = checked(a_notebook(template=""))
    assert codes(found) == []
    assert "built_in_template" in [one.code for one in found.findings]
    assert found.edits == ()


@pytest.mark.parametrize(
    ("task_id", "name", "fits"),
    [
        ("70258", "x.ipynb", True),
        ("5a1f0c52-0000-4c64-9a6b-0d3b5f7f1c03", "x.ipynb", False),
        ("", "x.ipynb", False),
        ("", "9.ipynb", True),
    ],
)
def test_a_task_id_must_be_a_whole_number(task_id, name, fits):
    assert codes(checked(a_notebook(task_id=task_id), name)) == ([] if fits else ["task_id"])


SLOTS = (
    "**[nemotron_1]**\n\nReply.",
    '**[llm_judge_1]**\n\n[Grading Basis]:\n\n{"C1": "PASS", "C2": "PASS", "C3": "FAIL"}\n\n[Score]: 1 point(s)',
    "**[nemotron_2]**\n\nReply.",
    '**[llm_judge_2]**\n\n[Grading Basis]:\n\n{"C1": "FAIL", "C2": "UNDETERMINED", "C3": "FAIL"}\n\n[Score]: 0 point(s)',
)


def test_rewards_count_the_criteria_that_are_read():
    rows = [
        (one.slot, one.passed, one.reward_mean, one.reward_all, one.reward_majority)
        for one in checked(a_notebook(ARRAY, TEMPLATE, "1", *SLOTS)).rewards
    ]
    assert rows == [(1, 2, pytest.approx(2 / 3), 0.0, 1.0), (2, 0, None, 0.0, 0.0)]
    third_lost = RULE + json.dumps([*ROWS[:2], {"id": "C3", "criteria": "Has {braces}."}])
    assert checked(a_notebook(third_lost, TEMPLATE, "1", *SLOTS)).rewards[0].reward_mean == 1.0
    none_read = checked(a_notebook(FORMS["lines"][0], TEMPLATE, "1", *SLOTS)).rewards[0]
    assert (none_read.reward_mean, none_read.reward_all, none_read.reward_majority) == (0.0, 0.0, 1.0)
    others = checked(a_notebook(FORMS["a type before the text"][0], TEMPLATE, "1", *SLOTS)).rewards[0]
    assert (others.reward_mean, others.reward_all, others.reward_majority) == (None, None, 1.0)


def test_an_undetermined_verdict_is_noted():
    found = checked(a_notebook(ARRAY, TEMPLATE, "1", *SLOTS))
    assert "undetermined" in [one.code for one in found.findings if one.severity == "note"]
    assert found.readable


def test_what_can_be_learnt_comes_from_all_hunts_if_there_are_any():
    (slots,) = checked(a_notebook(ARRAY, TEMPLATE, "1", *SLOTS), samples=2).learning
    assert (slots.model, slots.hunts, slots.pass_rate, slots.selected) == ("nemotron", 2, 0.5, True)
    (hunts,) = checked(a_notebook(ARRAY, TEMPLATE, "1", *SLOTS), hunts=(a_finished_hunt(1),), samples=2).learning
    assert (hunts.model, hunts.hunts, hunts.pass_rate, hunts.selected) == (a_finished_hunt(1).model, 1, 0.0, False)


def test_edits_leave_everything_else_as_it_is():
    raw = a_notebook(RULE + FORMS["lines"][0], "{prompt} {grade}", "1", *SLOTS)
    after, before = json.loads(edited(raw)), json.loads(raw)
    assert [place for place, (a, b) in enumerate(zip(after["cells"], before["cells"], strict=True)) if a != b] == [3, 4]
    assert edited(edited(raw)) == edited(raw)
    assert raw == apply_edits(raw, ())


def test_a_task_that_cannot_be_read_here_is_not_edited():
    found = checked(a_notebook('[{"id": "C1", "criteria": "One."}, {"id": "C2" "criteria": "Two."}]'))
    assert codes(found) == ["criterion_added"]
    assert found.edits == ()


@pytest.mark.parametrize("name", ["word-budget", "cake-acrostic", "nobel-detective"])
def test_the_examples_are_read_alike_but_for_their_task_ids(name):
    assert codes(checked(read_example(name))) == ["task_id"]


def test_long_criteria_are_shortened_in_the_report_only():
    rows = [*ROWS, {"id": "C4", "criteria": "long " * 2_000}]
    found = checked(a_notebook(json.dumps(rows)))
    assert codes(found) == []
    assert len(found.criteria[3].text) == 4_000
    assert len(read_rubric(json.dumps(rows))[3].text) == 10_000


OURS = (Criterion(id="C1", text="One."), Criterion(id="C2", text="Two."))


def test_at_most_ten_criteria_are_named():
    ours = tuple(Criterion(id=f"C{n}", text=f"Text {n}.") for n in range(1, 15))
    (lost,) = criteria_findings((SeenCriterion("C1", "Text 1."),), ours)
    assert lost.message == ("C2, C3, C4, C5, C6, C7, C8, C9, C10, C11 and 3 more are dropped there without a message.")
    assert len(lost.criterion_ids) == 13


def test_what_is_read_instead_is_quoted():
    (misread,) = criteria_findings((SeenCriterion("c1", "format"), SeenCriterion("C2", "Two.")), OURS)
    assert misread.message == "Another text is read there for C1: C1 is “format”."


def test_the_same_criteria_have_no_finding():
    assert criteria_findings((SeenCriterion("C1", "One."), SeenCriterion("C2", "Two.")), OURS) == ()


def test_ids_that_are_no_text_are_rejected_even_if_the_texts_fit():
    (renamed, rejected) = criteria_findings(
        (SeenCriterion("1", "One.", id_is_text=False), SeenCriterion("C2", "Two.")), OURS
    )
    assert renamed.message == "Ids stay there as they are written: C1 is “1”."
    assert (rejected.severity, rejected.message) == (
        "rejected",
        "The grading of every reply fails there: no text is the id 1.",
    )


def test_the_field_that_str_format_fails_at_is_named():
    (finding,) = template_findings('{prompt} {"a": 1}')
    assert finding.message.endswith('str.format fails at the judge prompt template: {"a": 1} is no placeholder.')


def test_incomplete_tasks_and_conversations_are_named():
    task = a_task(prompt=" ", response="", pass_rule=PassRule.ALL, metadata=Metadata(entries=(("Task ID", "7"),)))
    found = {one.code: one.message for one in task_findings(task, "x.ipynb", several_turns=True)}
    assert list(found) == ["empty_task", "built_in_system_prompt", "several_turns", "pass_rule"]
    assert "all of the criteria" in found["pass_rule"]
