"""How that reader reads and rewards tasks: by recorded facts, and by its own code where a copy is at hand.

INVERSE_IF_READER names a folder with a copy of `resources_servers/inverse_if`, which is never part of this project.
"""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
from pathlib import Path

import pytest

from core.domain.judge_template import format_problem, is_format_string
from core.domain.slot import Grading, Slot
from core.domain.task import Metadata
from core.domain.verdict import Outcome, Verdict
from core.judge.answer import read_answer
from core.notebooks.item_reader import (
    SeenCriterion,
    TaskSkipped,
    learning,
    read_rubric,
    read_task_id,
    read_verdict,
    reward_all,
    reward_mean,
    slot_rewards,
    task_item,
)
from core.notebooks.parse import LoadedNotebook
from core.notebooks.write_cells import blank_notebook
from tests.builders import a_finished_hunt, a_task, a_verdict
from tests.core.notebooks.building import ARRAY, REFERENCE, load

COPY = Path(os.environ.get("INVERSE_IF_READER", "no copy"))
with_copy = pytest.mark.skipif(
    not (COPY / "app.py").is_file(), reason="INVERSE_IF_READER names no copy of NeMo-Gym's inverse_if"
)
C1, C2 = '{"id": "C1", "criteria": "One."}', '{"id": "C2", "criteria": "Two."}'
RUBRICS = {
    f"[{C1}, {C2}]": [("C1", "One."), ("C2", "Two.")],
    f"Prose [{C1},\n{C2}] and more.": [("C1", "One."), ("C2", "Two.")],
    f"{C1} {C2}": [("C1", "One."), ("C2", "Two.")],
    '[{"id": "C1", "rule": "One."}, {"id": "C2", "question": "Two."}]': [("C1", "One."), ("C2", "Two.")],
    '[{"id": "C1", "type": "format", "criteria": "One."}]': [("C1", "format")],
    '[{"criteria": "One.", "id": "C1"}]': [("C1", "One.")],
    '[{"criteria": "One."}, {"id": "c2", "criteria": "Two."}]': [("", "One."), ("c2", "Two.")],
    'Prose [{"criteria": "One."}]': [],
    '[{"criterion_id": "C1", "criteria": "One."}]': [("", "C1")],
    '[{"id": "C1"}, {}]': [("C1", ""), ("", "")],
    '[{"id": "C1", "criteria": ["One.", 2]}]': [("C1", "['One.', 2]")],
    "C1: One.\nC2: Two.": [],
    '{"C1": "One.", "C2": "Two."}': [],
    "": [],
    '["One.", "Two."]': None,
    f"[{C1}, 7]": None,
    f"[{C1}, null]": None,
    'Prose ["One.", "Two."]': [],
    f'[{C1}, {{"id": "C2", "criteria": "Has {{braces}}."}}]': [("C1", "One."), ("C2", "Has {braces}.")],
    f'Prose [{C1}, {{"id": "C2", "criteria": "Has {{braces}}."}}]': [("C1", "One.")],
    f'Prose [{C1}, {{"id": "C2", "criteria": "Ends in }}"}}]': [("C1", "One.")],
    f'Prose [{C1}, {{"id": "C2", "criteria": "Has \\u007bbraces\\u007d."}}]': [("C1", "One."), ("C2", "Has {braces}.")],
    f'Prose [{C1}, {{"id": "C2", "criteria": "A raw\nbreak"}}]': [("C1", "One.")],
    f'Not {{"id": "C9"}} but [{C1}]': [("C9", ""), ("C1", "One.")],
    f"[{C1}, {C2}": [("C1", "One."), ("C2", "Two.")],
    '{"criteria": [{"id": "C1", "criteria": "One."}]}': [("C1", "One.")],
    '{"a": "\\"id\\""}': [],
}
"""Bodies of response_reference, and the criteria there; None: the task is skipped."""


def seen(reference: str) -> list[tuple[str, str]] | None:
    try:
        return [(one.id, one.text) for one in read_rubric(reference)]
    except TaskSkipped:
        return None


@pytest.mark.parametrize("reference", RUBRICS)
def test_criteria_as_that_reader_sees_them(reference):
    assert seen(reference) == RUBRICS[reference]


def test_ids_that_are_no_text_are_marked():
    assert read_rubric('[{"id": 1, "criteria": "One."}, {"id": null, "criteria": "Two."}]') == (
        SeenCriterion("1", "One.", id_is_text=False),
        SeenCriterion("None", "Two.", id_is_text=False),
    )


def test_what_is_nested_too_deeply_is_skipped():
    with pytest.raises(TaskSkipped, match="nested"):
        read_rubric("[" * 200_000)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("70258", 70258),
        (" 7 ", 7),
        ("-3", -3),
        ("5a1f0c52-8a0e-4c64-9a6b-0d3b5f7f1c03", None),
        ("task", None),
        ("", None),
    ],
)
def test_a_task_id_is_a_whole_number(written, number):
    assert read_task_id(written) == number


ANSWERS = {
    '{"result": "PASS", "explanation": "x"}': True,
    'Well.\n```json\n{"result": "fail", "explanation": "{x}"}\n```': False,
    '```\n{"result": " pass "}\n```': True,
    '```json\n{"result": "maybe"}\n```\n{"result": "PASS"}': True,
    '{"result": "PASS"} … on second thought {"result": "FAIL"}': True,
    '{"result": "FAIL"} {"result": "PASS"}': False,
    '{"result": "FAIL", "why": bare}\nPASS': True,
    "The reply does not PASS, it must FAIL.": True,
    "FAIL": False,
    "PASS\n1\n2\n3\n4\n5": False,
    "PASS\n2\n3\n4\n5": True,
    "fail\npassable": True,
    "I cannot tell.": False,
    "": False,
    '```json\n[{"result": "FAIL"}]\n```': False,
    '```json\n{"result": 1}\n``` FAIL': False,
    '{"verdict": "PASS"}': True,
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_is_a_pass_or_a_fail(answer):
    assert read_verdict(answer) is ANSWERS[answer]


@pytest.mark.parametrize(
    ("passed", "mean", "every"),
    [((1, 1, 0), 2 / 3, 0), ((1, 1, 0, 0), 0.5, 0), ((1, 1, 1, 0), 0.75, 0), ((1, 1), 1, 1), ((), 0, 0)],
)
def test_rewards_are_the_share_or_all_or_nothing(passed, mean, every):
    passes = [bool(one) for one in passed]
    assert (reward_mean(passes), reward_all(passes)) == (pytest.approx(mean), every)


# -- the same, by its own code


@pytest.fixture(scope="module")
def preprocessing():
    return runpy.run_path(str(COPY / "dataset_preprocess.py"))


@pytest.fixture(scope="module")
def grading():
    """Its function that reads answers, without its server."""
    module = ast.parse((COPY / "app.py").read_text(encoding="utf-8"))
    functions = [n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == "_extract_verdict"]
    names = {"re": re, "json": json}
    exec(compile(ast.Module(functions, []), "app.py", "exec"), names)
    return names["_extract_verdict"]


@with_copy
@pytest.mark.parametrize("reference", [*RUBRICS, ARRAY, REFERENCE])
def test_its_own_code_reads_the_same_criteria(preprocessing, reference):
    task = {"messages": [{"role": "response_reference", "content": reference}]}
    try:
        theirs = [(str(one["id"]), one["criteria"]) for one in preprocessing["_extract_rubrics"](task)]
    except AttributeError:
        theirs = None
    assert seen(reference) == theirs


@with_copy
@pytest.mark.parametrize("answer", ANSWERS)
def test_its_own_code_reads_the_same_answer(grading, answer):
    assert read_verdict(answer) is (grading(answer)[0] == "PASS")


@with_copy
@pytest.mark.parametrize(
    "template",
    [
        "{prompt} {response} {criteria}",
        "{model_resposne}",
        "{grade}",
        '{"result": "PASS"}',
        "{{prompt}}",
        "{}",
        "a } b",
        "{ prompt }",
        "",
    ],
)
def test_its_own_code_fails_at_the_same_templates(preprocessing, template):
    values = dict.fromkeys(("prompt", "model_response", "standard_response", "criteria"), "x")
    try:
        (preprocessing["_normalise_judge_prompt_template"](template) or "").format(**values)
        fails = False
    except (KeyError, ValueError, IndexError):
        fails = True
    assert bool(format_problem(template)) is fails


@with_copy
def test_the_item_form_is_what_its_own_code_makes_of_the_task(preprocessing):
    task = a_task(judge_prompt_template="{prompt} {response} {standard_response} {response_reference}")
    item = task_item(load(blank_notebook(task)), "70258.ipynb")
    roles = {"prompt": task.prompt, "response": task.response, "judge_prompt_template": task.judge_prompt_template}
    raw = {
        "metadata": {"task_id": 70258},
        "messages": [{"role": role, "content": text} for role, text in roles.items()],
        "rubrics": [{"id": one.id, "criteria": one.text} for one in task.criteria],
    }
    theirs = preprocessing["process_task"](raw)
    assert {key: theirs[key] for key in item} == item


@with_copy
def test_its_five_example_items_are_read_alike():
    items = [json.loads(line) for line in (COPY / "data/example.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(items) == 5
    for item in items:
        rubric = json.dumps(item["rubric"])
        assert [(one.id, one.text) for one in read_rubric(rubric)] == [(c["id"], c["criteria"]) for c in item["rubric"]]
        assert format_problem(item["judge_prompt_template"]) == ""


@with_copy
def test_its_recorded_judge_answers_are_read_alike():
    lines = (COPY / "data/example_rollouts.jsonl").read_text(encoding="utf-8").splitlines()
    judged = [one for line in lines for one in json.loads(line)["rubric_evaluations"]]
    assert len(judged) == 15
    for one in judged:
        here = read_answer(one["judge_response"], one["criterion_id"], "")
        assert here is not None
        assert here.verdict == one["verdict"]
        assert read_verdict(one["judge_response"]) is (one["verdict"] == "PASS")


def test_an_item_has_the_task_as_both_read_it():
    template = 'Judge {response} by {response_reference}: {"result": "PASS"}'
    task = a_task(judge_prompt_template=template, metadata=Metadata(entries=(("Task ID", "70258"),)))
    item = task_item(LoadedNotebook(task=task), "x.ipynb")
    assert list(item) == [
        "uuid", "task_id", "rubric", "reference_response", "prompt", "judge_prompt_template", "judge_system_prompt",
        "responses_create_params",
    ]  # fmt: skip
    assert (item["uuid"], item["task_id"], item["judge_system_prompt"]) == ("70258", 70258, None)
    assert item["rubric"][0] == {"id": "C1", "criteria": "Says thing 1."}
    assert item["responses_create_params"] == {"input": [{"role": "user", "content": task.prompt}]}
    written = item["judge_prompt_template"]
    assert written is not None
    assert written.startswith('Judge {model_response} by {criteria}: {{"result": "PASS"}}')
    assert "{standard_response}" in written
    assert is_format_string(written)


def test_a_task_id_that_is_no_number_is_the_uuid_only():
    task = a_task(metadata=Metadata(entries=(("Task ID", "5a1f-c0"),)))
    item = task_item(LoadedNotebook(task=task), "x.ipynb")
    assert (item["uuid"], item["task_id"], item["judge_prompt_template"]) == ("5a1f-c0", None, None)
    assert task_item(LoadedNotebook(task=a_task()), "birds.ipynb")["uuid"] == "birds"


IDS = ("C1", "C2", "C3", "C4")
WORDS = {"P": Verdict.PASS, "F": Verdict.FAIL, "U": Verdict.UNDETERMINED}


def a_slot(verdicts: str, score: int | None = 0, model: str = "qwen") -> Slot:
    said = tuple((id_, WORDS[word]) for id_, word in zip(IDS, verdicts, strict=False))
    return Slot(number=1, model=model, response="Reply.", llm_judge=Grading(verdicts=said, score=score))


@pytest.mark.parametrize(
    ("verdicts", "mean", "every", "majority"),
    [
        ("PPF", 2 / 3, 0, 1), ("PPFF", 0.5, 0, 0), ("PPPF", 0.75, 0, 1), ("PPPP", 1, 1, 1),
        ("PPPU", None, None, 1), ("PFUU", None, 0, None), ("UUU", None, None, None),
    ],
)  # fmt: skip
def test_the_three_rewards_differ(verdicts, mean, every, majority):
    ids = IDS[: len(verdicts)]
    (one,) = slot_rewards([a_slot(verdicts)], ids, ids)
    assert one.reward_mean == (None if mean is None else pytest.approx(mean))
    assert (one.reward_all, one.reward_majority) == (every, majority)


@pytest.mark.parametrize(("answer", "mean"), [("I would let it PASS.", 1.0), ("No idea.", 2 / 3)])
def test_an_unusable_answer_of_the_judge_is_a_verdict_there(answer, mean):
    reply = a_finished_hunt(1).reply.model_copy(update={"text": "Reply."})
    undecided = a_verdict("C3", Verdict.UNDETERMINED, judge_text=answer)
    hunt = a_finished_hunt(1, reply=reply, verdicts=(a_verdict("C1"), a_verdict("C2"), undecided))
    (one,) = slot_rewards([a_slot("PPU")], IDS[:3], IDS[:3], [hunt])
    assert (one.reward_mean, one.reward_majority) == (pytest.approx(mean), 1)
    failed = hunt.model_copy(update={"verdicts": (undecided.model_copy(update={"error": "timeout"}),)})
    assert slot_rewards([a_slot("PPU")], IDS[:3], IDS[:3], [failed])[0].reward_mean is None


def test_a_slot_without_reply_or_verdicts_has_no_reward():
    empty = Slot(number=2, model="qwen", response=" ", llm_judge=a_slot("PPP").llm_judge)
    assert slot_rewards([empty, a_slot(""), Slot(number=3, model="qwen", response="Reply.")], IDS, IDS) == ()


def test_a_verdict_that_is_missing_is_unknown():
    (one,) = slot_rewards([a_slot("PP")], IDS[:3], IDS[:3])
    assert (one.reward_mean, one.reward_all, one.reward_majority) == (None, None, 1)


@pytest.mark.parametrize(
    ("held", "broke", "samples", "alike"),
    [(0, 4, 8, 1.0), (2, 2, 8, 2 * 0.5**8), (1, 3, 4, 0.25**4 + 0.75**4), (3, 1, 2, 0.75**2 + 0.25**2)],
)
def test_what_a_model_can_learn(held, broke, samples, alike):
    outcomes = [Outcome.HELD] * held + [Outcome.BROKE] * broke
    hunts = [a_finished_hunt(n, outcome) for n, outcome in enumerate(outcomes, 1)]
    (one,) = learning(hunts, (), samples)
    p = held / (held + broke)
    assert (one.hunts, one.held, one.pass_rate, one.samples) == (held + broke, held, p, samples)
    assert one.variance == pytest.approx(p * (1 - p))
    assert one.all_alike == pytest.approx(alike)


def test_only_decided_hunts_of_the_last_turn_count_and_labels_are_apart():
    hunts = [
        a_finished_hunt(1, Outcome.HELD, turn=1),
        a_finished_hunt(2, Outcome.HELD, turn=2),
        a_finished_hunt(3, Outcome.BROKE, turn=2, label="cold"),
        a_finished_hunt(4, Outcome.UNDETERMINED, turn=2),
        a_finished_hunt(-1, Outcome.HELD, turn=2),
    ]
    assert [(one.model, one.hunts, one.pass_rate) for one in learning(hunts, (), 8)] == [
        (hunts[1].model, 1, 1.0),
        ("cold", 1, 0.0),
    ]


def test_without_hunts_the_scores_of_the_slots_are_used_and_marked():
    (one,) = learning((), [a_slot("PPP", 1), a_slot("PFF", 0), a_slot("PUU", None)], 8)
    assert (one.model, one.hunts, one.held, one.selected) == ("qwen", 2, 1, True)
    assert learning((), (), 8) == ()
