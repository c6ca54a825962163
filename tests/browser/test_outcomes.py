"""What a trainer sees of replies that were cut off, and what is asked when the reviews do not agree with the judge."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import running
from tests.browser.product import Product
from tests.browser.scripted_provider import ScriptedAnswer, scripted_provider
from tests.browser.trainer import go_to, open_hunt, row, step_to, wait_for_end

pytestmark = pytest.mark.browser
WHY = "It does everything that this criterion asks for, as far as I can see."


def answer(body: dict[str, Any]) -> ScriptedAnswer:
    if body["model"] == "judge":
        return ScriptedAnswer(json.dumps({"reason": "It does not.", "evidence": "", "verdict": "FAIL"}))
    return ScriptedAnswer("Danube, Rhi", finish_reason="length")


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with scripted_provider(answer) as port:
        address = {"name": "told", "base_url": f"http://127.0.0.1:{port}/v1", "models": ["writer", "judge"]}
        yield from running(Product(tmp_path, OPENAI_COMPATIBLE=json.dumps([address]), DEFAULT_JUDGE="told/judge"))


def test_cut_replies_are_errors_with_their_text_or_marked_where_they_are_judged(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 2, "told/writer")
    go_to(page, sid)
    expect(row(page, 1)).to_have_attribute("data-status", "error")
    expect(row(page, 1).locator(".excerpt")).to_contain_text("cut off Danube, Rhi")
    panel = open_hunt(page, 1)
    expect(panel.locator("header")).to_contain_text("cut off")
    expect(panel.locator("header .problem")).to_contain_text("TARGET_MAX_OUTPUT_TOKENS")
    expect(panel.frame_locator("iframe").locator("body")).to_contain_text("Danube, Rhi")
    expect(panel.get_by_role("button", name="Judge again")).to_be_hidden()
    expect(panel.get_by_role("button", name="Select for delivery")).to_be_hidden()

    no_price = "Models: unknown (no price); judge: unknown (no price); second opinions: unknown (no price)."
    expect(page.locator("hunt-plan .go")).to_contain_text(no_price)
    sid = product.open_example()
    go_to(page, sid)
    page.get_by_label("judge replies that are cut off").check()
    page.wait_for_function("document.querySelector('#session-cut').checked")
    expect(page.locator("hunt-plan .start")).to_be_visible()
    product.run(sid, 4, "told/writer")
    wait_for_end(page)
    assert product.session(sid)["judge_cut_replies"] is True
    expect(page.get_by_label("judge replies that are cut off")).to_be_hidden()
    expect(row(page, 1)).to_have_attribute("data-status", "broke")
    expect(row(page, 1).locator(".excerpt .tag")).to_have_text("cut off")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(4)
    step_to(page, "review")
    expect(page.locator("review-card .reply")).to_contain_text("This reply stopped at its output limit")

    criteria = product.session(sid)["task"]["criteria"]
    for card in product.http.get(f"/api/sessions/{sid}/desk").json()["cards"]:
        review = {"verdicts": {one["id"]: "PASS" for one in criteria}, "explanation": WHY}
        product.http.put(f"/api/sessions/{sid}/reviews/{card['card_id']}", json=review).raise_for_status()
    deliver_after_a_question(page)


def deliver_after_a_question(page: Page) -> None:
    step_to(page, "deliver")
    expect(page.locator("deliver-card .caution")).to_contain_text("Judge: 4 breaks, you: 0.")
    expect(page.locator("session-steps")).to_contain_text("Judge: 4 breaks, you: 0")
    page.get_by_role("button", name="Download the notebook").click()
    dialog = page.get_by_role("dialog", name="You and the judge disagree")
    expect(dialog).to_contain_text("lacks the required 3 breaks. Deliver the notebook anyway?")
    dialog.get_by_role("button", name="Not yet").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Download the notebook").click()
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Download anyway").click()
    assert "The reply was cut off at its output limit." in downloading.value.path().read_text(encoding="utf-8")
