"""From an example to a delivered notebook, as a trainer goes it."""

import json
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.trainer import (
    check_reference,
    choose_models,
    go_to,
    make_open,
    open_hunt,
    plan_hunts,
    row,
    rows,
    session_id,
    start_button,
    step_to,
    wait_for_end,
)  # fmt: skip

pytestmark = pytest.mark.browser


def test_an_example_is_checked_hunted_read_and_delivered(page: Page, product: Product, tmp_path: Path) -> None:
    go_to(page)
    page.locator("start-view .example").filter(has_text="cake").click()
    sid = session_id(page)
    session = product.session(sid)
    criteria = session["task"]["criteria"]
    assert page.locator("criteria-list .criterion").all_inner_texts() == [one["text"] for one in criteria]
    expect(start_button(page)).to_be_disabled()
    expect(page.locator("hunt-plan .go p")).to_have_text("Check the reference first.")

    make_open(page)
    check_reference(page)
    marks = page.locator("criteria-list .mark")
    expect(marks).to_have_text([f"✓{one['id']} PASS" for one in criteria])

    choose_models(page, "hasty", "thinker")
    plan_hunts(page, 10)
    start_button(page).click()
    wait_for_end(page)
    hunts = product.hunts(sid)
    assert {hunt["model"] for hunt in hunts} == {"simulated/hasty", "simulated/thinker"}
    assert len(hunts) == 10
    expect(rows(page)).to_have_count(10)
    for hunt in hunts:
        shown = row(page, hunt["number"])
        expect(shown).to_have_attribute("data-status", hunt["outcome"])
        expect(shown.locator(".tag").first).to_have_text(hunt["outcome"], ignore_case=True)
        expect(shown.locator(".mark .visually-hidden")).to_have_text(
            [f"{v['criterion_id']} {v['verdict']}" for v in hunt["verdicts"]]
        )
    read_one(page, next(hunt for hunt in hunts if hunt["reasoning"]))
    deliver(page, product, sid, tmp_path)


def read_one(page: Page, hunt: dict) -> None:
    panel = open_hunt(page, hunt["number"])
    frame = panel.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text(hunt["response"].split("\n")[0].strip("#* ")[:40])
    expect(panel.locator("iframe")).to_have_attribute(
        "sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    )
    assert panel.locator(".judged .reason").all_text_contents() == [v["reason"] for v in hunt["verdicts"]]
    panel.get_by_role("tab", name="Reasoning").click()
    expect(panel.get_by_role("tabpanel")).to_have_text(hunt["reasoning"])
    panel.get_by_role("tab", name="Raw").click()
    assert json.loads(panel.locator("pre").nth(1).text_content())["content"] == hunt["response"]
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def deliver(page: Page, product: Product, sid: str, tmp_path: Path) -> None:
    step_to(page, "deliver")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download the notebook").click()
    downloading.value.save_as(tmp_path / "out.ipynb")
    notebook = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    expect(page.locator("notice-stack")).to_contain_text(f"{downloading.value.suggested_filename} was downloaded.")
    again = product.open({"notebook": notebook, "name": "again.ipynb"})
    loaded, hunts = product.session(again), product.hunts(sid)
    decided = sorted((h for h in hunts if h["outcome"] in {"broke", "held"}), key=lambda h: h["outcome"] != "broke")
    chosen = sorted(decided[: len(loaded["slots"])], key=lambda h: h["number"])
    filled = [slot for slot in loaded["slots"] if slot["filled"]]
    assert [slot["response"] for slot in filled] == [hunt["response"] for hunt in chosen][: len(filled)]
    assert len(filled) == 4
    assert product.session(sid)["attempts_made"] == loaded["attempts_made"] == len(hunts)
    expect(page.locator("deliver-card")).to_contain_text(f"state {len(hunts)} attempts")
