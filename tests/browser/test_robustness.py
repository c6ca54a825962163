"""The robustness report on the page: what it costs, its progress and results, and that a sealed session has none."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.trainer import go_to

pytestmark = pytest.mark.browser


def test_the_judge_is_tested_after_the_first_hunts(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid, act="task")
    panel = page.locator("robustness-panel")
    start = panel.get_by_role("button", name="Test the judge")
    expect(start).to_be_disabled()
    expect(panel).to_contain_text("Hunt first")
    product.run(sid, 4, "simulated/hasty")
    page.reload()
    expect(panel).to_contain_text(
        "4 replies with 56 attacks and harmless sentences each: at most 1,140 judge calls, free"
    )
    panel.locator("#robustness-replies").fill("1")
    expect(panel).to_contain_text("1 reply with 56 attacks")
    start.click()
    expect(panel.get_by_role("button", name="Test again")).to_be_enabled(timeout=30_000)
    expect(panel.locator("tbody tr")).to_have_count(6)
    expect(panel.locator("strong").first).not_to_have_text("Testing the judge …")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_sealed_session_is_not_tested(page: Page, product: Product) -> None:
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    product.run(sid, 2, "simulated/hasty")
    go_to(page, sid, act="task")
    panel = page.locator("robustness-panel")
    expect(panel).to_contain_text("Not before the reveal")
    expect(panel.get_by_role("button")).to_be_disabled()
