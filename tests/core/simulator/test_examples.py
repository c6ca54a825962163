"""The example notebooks: valid, whole, equal to what the simulated models know, passed by their own answers."""

import json
from pathlib import Path

import nbformat
import pytest

from core.domain.task import PassRule
from core.notebooks.criteria.pass_rule import read_pass_rule
from core.simulator.checks.grammar import find_check
from core.simulator.judge import decide
from core.simulator.prompts import JudgeRequest
from core.simulator.replies import EXAMPLES
from core.simulator.script import Script

FOLDER = Path(__file__).parents[3] / "examples"
SLOTS = [f"{name}_{slot}" for slot in (1, 2, 3, 4) for name in ("model", "llm_judge", "human_judge")]
HEADINGS = ["prompt", "response", "response_reference", "judge_prompt_template", "judge_system_prompt", *SLOTS]


def cells_of(name):
    """Heading and body of each cell."""
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert texts[0].startswith("# Metadata\n")
    return {text.partition("]**")[0].removeprefix("**["): text.partition("]**")[2].strip() for text in texts[1:]}


def criteria_in(body):
    rows = json.loads(body[body.index("[\n") : body.rindex("]") + 1])
    return {row["id"]: row[f"criteria{place}"] for place, row in enumerate(rows, 1)}


@pytest.fixture(params=EXAMPLES, ids=lambda example: example.name)
def example(request):
    return request.param


def test_there_is_a_notebook_for_every_example_and_no_other():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(example.name for example in EXAMPLES)


def test_a_notebook_is_valid_and_has_a_title(example):
    text = (FOLDER / f"{example.name}.ipynb").read_text(encoding="utf-8")
    nbformat.validate(json.loads(text))
    assert json.loads(text)["metadata"]["title"]


def test_a_notebook_has_all_cells_in_order_and_four_empty_slots(example):
    cells = cells_of(example.name)
    assert list(cells) == HEADINGS
    assert [cells[slot] for slot in SLOTS] == [""] * len(SLOTS)
    assert all(cells[name] for name in HEADINGS[:5])


def test_a_notebook_has_the_criteria_that_the_simulated_models_know(example):
    assert criteria_in(cells_of(example.name)["response_reference"]) == dict(example.criteria)


def test_a_prompt_is_known_by_its_own_example_only(example):
    prompt = cells_of(example.name)["prompt"]
    assert [known.name for known in EXAMPLES if known.is_asked_by(prompt)] == [example.name]


def test_the_reference_response_passes_every_criterion_by_being_looked_at(example):
    response, judge = cells_of(example.name)["response"], Script().behavior_of("judge")
    decisions = [decide(judge, JudgeRequest(c, text, response)) for c, text in example.criteria.items()]
    assert all(decision.passed for decision in decisions)
    assert all(find_check(text) for text in example.criteria.values())


def test_the_pass_rule_is_written_in_the_prose():
    bodies = {example.name: cells_of(example.name)["response_reference"] for example in EXAMPLES}
    assert {name: read_pass_rule(body[: body.index("[\n")]).rule for name, body in bodies.items()} == {
        "word-budget": PassRule.MAJORITY,
        "nobel-detective": PassRule.MAJORITY,
        "cake-acrostic": PassRule.ALL,
    }
