"""A hunt's notebook replaces a file only if it has everything that is in it: hunts, replies and reviews."""

import json
import os

import pytest

from core.cli.replaced_notebook import contains
from core.notebooks.document import UNBOUNDED
from core.notebooks.examples import read_example
from core.notebooks.parse import parse_notebook
from tests.core.cli.running import run

HUNT = ("--model", "simulated/hasty", "--hunts", "2")
REVIEW = "I read this reply twice, and it is short by three words."


def with_cell(raw, heading, body):
    """The notebook with the body of one more, or the existing, cell."""
    notebook = json.loads(raw)
    text = f"**[{heading}]**\n\n{body}"
    for cell in notebook["cells"]:
        if "".join(cell["source"]).startswith(f"**[{heading}]**"):
            cell["source"] = text
            return json.dumps(notebook).encode()
    notebook["cells"].append({"cell_type": "markdown", "id": heading, "metadata": {}, "source": text})
    return json.dumps(notebook).encode()


def filled():
    return with_cell(with_cell(read_example("word-budget"), "model_1", "A reply."), "human_judge_1", REVIEW)


def reviews(raw):
    return [slot.human_judge.text for slot in parse_notebook(raw, UNBOUNDED).slots if slot.human_judge]


async def test_the_hunted_notebook_keeps_its_replies_and_reviews_under_another_name(folder, shared_dir):
    raw = (shared_dir / "notebooks" / "kryptonite-old-export.ipynb").read_bytes()
    (folder / "x.ipynb").write_bytes(raw)
    code, _, err = await run(folder, "hunt", "x.ipynb", *HUNT, "--out", "x.ipynb")
    assert (code, "x.ipynb already existed with other content; it was renamed to x.1.ipynb." in err) == (0, True)
    assert (folder / "x.1.ipynb").read_bytes() == raw
    assert len(reviews(raw)) == 4


@pytest.mark.parametrize("link", [os.symlink, os.link])
async def test_a_link_to_the_hunted_notebook_is_no_way_around(folder, link):
    (folder / "x.ipynb").write_bytes(filled())
    link(folder / "x.ipynb", folder / "link.ipynb")
    code, _, err = await run(folder, "hunt", "x.ipynb", *HUNT, "--out", "link.ipynb")
    assert (code, "it was renamed to" in err) == (0, True)
    assert filled() in [path.read_bytes() for path in folder.glob("*.ipynb")]


async def test_the_folder_of_the_hunted_notebooks_keeps_those_with_replies(folder):
    (folder / "x.ipynb").write_bytes(filled())
    code, _, err = await run(folder, "hunt", "words.ipynb", "x.ipynb", *HUNT, "--out", ".")
    assert (code, err.count("it was renamed to")) == (0, 1)  # words.ipynb has no slot
    assert (folder / "x.1.ipynb").read_bytes() == filled()
    assert sorted(path.name for path in folder.glob("*.ipynb")) == ["words.ipynb", "x.1.ipynb", "x.ipynb"]


async def test_an_export_is_continued_in_place_unless_somebody_reviewed_what_its_slots_lose(folder):
    script = {"seed": 7, "target_latency_ms": 1, "judge_latency_ms": 1}
    held = ("hunt", "words.ipynb", "--model", "simulated/careful", "--hunts", "4", "--out", "done.ipynb")
    assert (await run(folder, *held, script=script))[0] == 0
    (folder / "done.ipynb").write_bytes(with_cell((folder / "done.ipynb").read_bytes(), "human_judge_4", REVIEW))
    before = (folder / "done.ipynb").read_bytes()
    more = ("hunt", "done.ipynb", "--model", "simulated/hasty", "--hunts", "16", "--out", "done.ipynb")
    code, _, err = await run(folder, *more, script=script)
    after = (folder / "done.ipynb").read_bytes()
    assert (code, REVIEW in reviews(after)) == (0, False)
    assert "it was renamed to done.1.ipynb" in err
    assert (folder / "done.1.ipynb").read_bytes() == before


def test_white_space_is_no_difference_and_another_task_is_one():
    blank, source = read_example("word-budget"), filled()
    assert contains(source, blank, source=blank)
    assert contains(with_cell(source, "human_judge_1", f"\n{REVIEW} \n"), source, source=source)
    assert not contains(with_cell(source, "human_judge_1", "Another."), source, source=source)
    assert not contains(with_cell(source, "model_1", "Another."), source, source=source)
    assert not contains(source, with_cell(source, "llm_judge_1", "[Explanation]: No."), source=blank)
    assert not contains(source, read_example("cake-acrostic"), source=blank)
    assert not contains(source, b"no notebook", source=blank)
