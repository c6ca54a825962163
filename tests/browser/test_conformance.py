"""The Deliver step says how another reader sees the notebook, and edits it only when asked to."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.notebooks.item_reader import read_rubric
from tests.browser.product import Product
from tests.browser.trainer import go_to
from tests.core.notebooks.building import raw_notebook

pytestmark = pytest.mark.browser
REFERENCE = "More than half must pass.\n\nC1: Says krypton.\nC2: Says {36}.\nC3: Is short."
TEMPLATE = 'Judge {response} by {criteria}, as {"result": "PASS"}.'


def notebook() -> dict:
    return json.loads(
        raw_notebook(
            "# Metadata\n\n**Task ID:** - 70258",
            "**[prompt]**\n\nName the element with atomic number 36.",
            "**[response]**\n\nKrypton.",
            f"**[response_reference]**\n\n{REFERENCE}",
            f"**[judge_prompt_template]**\n\n{TEMPLATE}",
            "**[judge_system_prompt]**\n\nBe strict.",
        )
    )


def test_both_edits_are_shown_in_the_preview_and_delivered(page: Page, product: Product, tmp_path: Path) -> None:
    sid = product.open({"notebook": notebook(), "name": "krypton.ipynb"})
    go_to(page, sid, act="deliver")
    view, changed = page.locator("conformance-view"), page.locator("delivery-view [data-change=changed]")
    expect(view).to_contain_text("does not read this task: 2 differences.")
    expect(view.locator("[data-severity=rejected]")).to_have_count(2)
    expect(view).to_contain_text("No criteria are read there, so every reply gets the reward 0.")
    expect(changed).to_have_count(0)

    view.get_by_role("button", name="Write the criteria so that both read them").click()
    expect(changed).to_have_count(1)
    expect(changed).to_contain_text("response_reference")
    view.get_by_role("button", name="Keep the notebook’s form").click()
    expect(changed).to_have_count(0)
    view.get_by_role("button", name="Write the criteria so that both read them").click()

    view.get_by_role("button", name="Edit the judge prompt template").click()
    expect(changed).to_have_count(2)
    expect(view).to_contain_text("NVIDIA-NeMo/Gym inverse_if 07d6b0d reads the same task.")
    expect(view.get_by_role("button", name="Edit the judge prompt template")).to_have_count(0)
    template = product.session(sid)["task"]["judge_prompt_template"]
    assert template.startswith('Judge {response} by {criteria}, as {{"result": "PASS"}}.')

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download the notebook").click()
    downloading.value.save_as(tmp_path / "out.ipynb")
    cells = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    seen = read_rubric("".join(cells[3]["source"]))
    assert [(one.id, one.text) for one in seen] == [("C1", "Says krypton."), ("C2", "Says {36}."), ("C3", "Is short.")]
