"""A run on the page: cancelled, failing, retried, stopped, and two hundred hunts walked by keyboard."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.hunting.receipts.receipt import receipt_hashes
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import go_to, newest_run, open_hunt, row, rows, step_to, wait_for_end

pytestmark = pytest.mark.browser
FILLED = "(bar) => [...bar.children].reduce((sum, part) => sum + part.offsetWidth, 0) / bar.offsetWidth"
MAX_ROWS = 80


def test_a_run_cancelled_in_its_middle_keeps_what_is_there(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.begin_run(sid, 400, "simulated/thinker")
    go_to(page, sid)
    expect(page.locator("hunt-table .row[data-status=broke]").first).to_be_visible()
    newest_run(page).get_by_role("button", name="Cancel").click()
    wait_for_end(page)
    expect(newest_run(page).locator(".run-state")).to_have_text(re.compile(r"cancelled after \d+ of 400"))
    expect(newest_run(page).get_by_role("button", name="Cancel")).to_be_hidden()
    counts = product.session(sid)["runs"][0]["counts"]
    expect(page.locator("hunt-table .chip", has_text="Breaks")).to_have_text(f"Breaks {counts['broke']}")
    expect(page.locator("hunt-table .chip", has_text="In progress")).to_have_count(0)
    step_to(page, "deliver")
    expect(page.locator("deliver-card")).to_contain_text(f"state {counts['replies']} attempt")


def test_provider_failures_are_shown_in_row_and_panel_with_their_cause(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 6, "simulated/hasty", "simulated/flaky")
    failed = [hunt for hunt in product.hunts(sid) if hunt["outcome"] == "error"]
    assert len(failed) == 3
    go_to(page, sid)
    for hunt in failed:
        expect(row(page, hunt["number"]).locator(".excerpt")).to_have_text(hunt["error"]["message"])
        expect(row(page, hunt["number"]).locator(".tag")).to_have_text("Error")
    panel = open_hunt(page, failed[0]["number"])
    expect(panel.locator("header .problem")).to_contain_text(failed[0]["error"]["message"])
    expect(panel).to_contain_text("Never counts as a break.")
    expect(panel.locator("header")).to_contain_text("2 attempts")
    expect(panel).to_contain_text("No usable reply.")
    page.keyboard.press("Escape")
    page.locator("hunt-table .chip", has_text="Errors 3").click()
    expect(rows(page)).to_have_count(3)


def test_a_retry_is_shown_while_it_runs(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    rid = product.begin_run(sid, 200, "simulated/thinker", "simulated/flaky")
    expect(newest_run(page).locator(".part").first).to_be_visible()
    assert newest_run(page).locator(".bar").evaluate(FILLED) < 0.9, "hunts that have not begun are the empty rest"
    expect(page.locator("hunt-table .excerpt", has_text="Retrying, attempt 2").first).to_be_visible()
    product.cancel(sid, rid)
    wait_for_end(page)


def test_a_run_that_is_stopped_by_one_failure_says_why(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    product.run(sid, 100, "simulated/flaky")
    expect(newest_run(page).locator(".run-state")).to_have_text(re.compile(r"stopped after \d+ of 100"))
    reason = product.session(sid)["runs"][0]["stop_reason"]
    assert "same cause" in reason
    expect(newest_run(page).locator(".caution")).to_have_text(reason)


def test_a_run_started_without_the_check_says_so(page: Page, product: Product) -> None:
    sid = product.open({"example": "word-budget", "require_check": True})
    go_to(page, sid)
    start = page.locator("hunt-plan .start")
    expect(start).to_be_disabled()
    page.get_by_label("Start although the reference check has not passed").check()
    start.click()
    wait_for_end(page)
    expect(newest_run(page).locator(".caution")).to_have_text("Started without a passed reference check.")
    assert product.session(sid)["runs"][0]["check_overridden"] is True


def test_a_model_that_is_not_there_is_refused_where_it_was_chosen(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    page.get_by_role("button", name="Choose models").click()
    page.get_by_label("Any other model").fill("no name")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("model-picker [role=alert]")).to_contain_text("provider/model ID")
    page.get_by_label("Any other model").fill("openrouter/qwen/qwen3-32b")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("model-picker [role=alert]")).to_contain_text("OPENROUTER_API_KEY")
    page.keyboard.press("Escape")
    expect(page.locator("hunt-plan .tag.model")).to_have_count(1)


def focused(page: Page) -> Locator:
    return page.locator("hunt-table .row:has(:focus)")


def test_two_hundred_hunts_are_few_rows_and_are_walked_by_keyboard(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 200, "simulated/hasty")
    go_to(page, sid)
    expect(row(page, 1)).to_be_visible()
    assert rows(page).count() < MAX_ROWS
    page.mouse.move(900, 700)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(row(page, 200)).to_be_in_viewport()
    assert rows(page).count() < MAX_ROWS
    expect(page.locator("hunt-table .table")).to_have_attribute("aria-rowcount", "201")
    expect(row(page, 200)).to_have_attribute("aria-rowindex", "201")

    row(page, 200).get_by_role("link").focus()
    for key, number in (("ArrowUp", 199), ("k", 198), ("j", 199), ("ArrowDown", 200), ("ArrowDown", 200)):
        page.keyboard.press(key)
        expect(focused(page).get_by_role("link")).to_have_text(f"#{number}")
    for _ in range(60):
        page.keyboard.press("ArrowUp")
    expect(focused(page).get_by_role("link")).to_have_text("#140")
    expect(focused(page)).to_be_in_viewport()

    page.keyboard.press("Enter")
    panel = page.locator("hunt-panel")
    expect(panel.locator("h2")).to_have_text("Hunt 140")
    expect(panel).to_be_focused()
    page.keyboard.press("j")
    expect(panel.locator("h2")).to_have_text("Hunt 141")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(panel.locator("h2")).to_have_text("Hunt 139")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(focused(page).get_by_role("link")).to_have_text("#139")


def test_the_keys_of_an_opened_hunt_hold_after_a_click_into_its_reply(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 2)
    go_to(page, sid)
    panel = open_hunt(page, 1)
    panel.frame_locator("iframe").locator("p").first.click()
    page.keyboard.press("j")
    expect(panel.locator("h2")).to_have_text("Hunt 2")
    panel.frame_locator("iframe").locator("p").first.click()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_leaving_a_hunt_by_the_back_key_gives_the_focus_back_to_its_row(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 4)
    go_to(page, sid)
    panel = open_hunt(page, 3)
    page.go_back()
    expect(panel).to_be_hidden()
    expect(focused(page).get_by_role("link")).to_have_text("#3")


def test_an_opened_hunt_follows_what_happens_to_it(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.begin_run(sid, 2, "simulated/thinker")
    go_to(page, sid)
    panel = open_hunt(page, 2)
    expect(panel.locator("header .tag").first).to_have_text(re.compile("Broke|Held"))
    expect(panel.frame_locator("iframe").locator("body")).not_to_be_empty()
    hunt = product.hunts(sid)[1]
    assert panel.locator(".judged .reason").all_text_contents() == [v["reason"] for v in hunt["verdicts"]]


def test_the_receipt_of_a_hunt_is_downloaded_whole_and_not_while_it_is_sealed(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 2, "simulated/hasty")
    go_to(page, sid)
    open_hunt(page, 1)
    link = page.locator("hunt-panel").get_by_role("link", name="Receipt")
    with page.expect_download() as downloading:
        link.click()
    receipt = json.loads(downloading.value.path().read_text(encoding="utf-8"))
    hunt = product.hunts(sid)[0]
    assert (receipt["hunt"]["hunt_id"], receipt["hunt"]["outcome"]) == (hunt["hunt_id"], hunt["outcome"])
    assert receipt_hashes(receipt) == receipt["hashes"]
    blind = product.open({"example": "word-budget", "visibility": "blind"})
    product.run(blind, 2, "simulated/hasty")
    go_to(page, blind)
    open_hunt(page, 1)
    expect(page.locator("hunt-panel").get_by_role("button", name="Compare with")).to_be_visible()
    expect(link).to_be_hidden()
