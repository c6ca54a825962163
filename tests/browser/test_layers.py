"""What lies over the page: it opens, closes when its work is done, and Back takes away the topmost and nothing else."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.network import cut, restore
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import go_to, open_hunt, row, rows, start_button

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hunted(product: Product) -> str:
    sid = product.open_example()
    product.check(sid)
    product.run(sid, 8, "simulated/hasty", "simulated/careful")
    return sid


def test_back_takes_away_what_lies_on_top_and_so_does_esc(page: Page, hunted: str) -> None:
    go_to(page)
    page.goto(f"/#/s/{hunted}")
    expect(rows(page)).to_have_count(8)
    panel = open_hunt(page, 1)
    compare, keys = page.get_by_role("dialog", name="Compare two replies"), page.get_by_role("dialog", name="Keys")
    panel.get_by_role("button", name="Compare with").click()
    expect(compare.locator(".others li")).to_have_count(7)
    compare.locator(".others button", has_text="#3 ").click()
    expect(compare.locator("h3").nth(1)).to_contain_text("Hunt 3")
    page.go_back()
    expect(compare).to_be_hidden()
    expect(panel.locator("h2")).to_have_text("Hunt 1")
    page.go_forward()
    expect(compare.locator("h3").nth(1)).to_contain_text("Hunt 3")
    page.keyboard.press("Escape")
    expect(compare).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/h/[^+]+$"))
    expect(panel).to_be_visible()
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Choose models").click()
    picker = page.get_by_role("dialog", name="Choose models")
    expect(picker).to_be_visible()
    page.go_back()
    expect(picker).to_be_hidden()
    expect(start_button(page)).to_be_visible()
    open_hunt(page, 1).get_by_role("button", name="Compare with").click()
    expect(compare).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # before the browser has gone back
    expect(panel).to_be_hidden()
    page.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 100))")
    expect(panel).to_be_hidden()
    page.goto(f"/#/s/{hunted}+keys")  # by an address: there is nothing to go back to
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(page).to_have_url(re.compile(rf"#/s/{hunted}$"))


def test_keys_walk_the_hunts_without_a_row_that_has_the_focus(page: Page, product: Product, hunted: str) -> None:
    go_to(page, hunted)
    expect(rows(page)).to_have_count(8)
    page.keyboard.press("j")
    expect(row(page, 1).get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, 2).get_by_role("link")).to_be_focused()
    start_button(page).focus()
    page.keyboard.press("j")
    expect(row(page, 3).get_by_role("link")).to_be_focused()
    page.locator("#main").focus()
    page.keyboard.press("Enter")
    panel = page.locator("hunt-panel")
    expect(panel.locator("h2")).to_have_text("Hunt 3")
    page.keyboard.press("s")
    chosen = product.hunts(hunted)[2]["hunt_id"]
    product.wait_for_selection(hunted, [chosen])
    page.keyboard.press("Escape")
    expect(page.get_by_label("Empty slot 1")).to_be_visible()  # the page knows it, too
    page.locator("#main").focus()
    page.keyboard.press("s")
    product.wait_for_selection(hunted, [])
    page.get_by_label("Hunts", exact=True).locator("visible=true").and_(page.locator("input")).focus()
    page.keyboard.press("j")  # belongs to the field
    expect(row(page, 4).get_by_role("link")).not_to_be_focused()


def test_another_page_opens_at_its_top(page: Page, hunted: str) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    go_to(page, hunted)
    expect(rows(page)).to_have_count(8)
    page.evaluate("scrollTo(0, 400)")
    page.wait_for_function("scrollY > 300")
    page.locator("site-header a").first.click()
    expect(page.get_by_role("heading", name="Load a task")).to_be_visible()
    page.wait_for_function("scrollY === 0")
    page.evaluate("scrollTo(0, 400)")
    page.wait_for_function("scrollY > 300")
    go_to(page, hunted)
    page.wait_for_function("scrollY === 0")


def test_a_turn_begins_whole_and_its_dialog_goes(page: Page, product: Product, request_log: RequestLog) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.check(sid)
    product.run(sid, 8, "simulated/careful")
    held = next(one for one in product.hunts(sid) if one["outcome"] == "held")
    go_to(page, sid)
    open_hunt(page, held["number"]).get_by_role("button", name="Continue from this reply").click()
    dialog = page.get_by_role("dialog", name="Another turn")
    dialog.get_by_label("Next prompt").fill("And of Italy?")
    dialog.get_by_role("button", name="Start the turn").click()
    expect(dialog.locator(".problem")).to_contain_text("there are 0 criteria and at least 3 are needed")
    assert product.session(sid)["turn"] == 1
    dialog.get_by_label("Reference response").fill("Rome.")
    dialog.get_by_label("Criteria").fill("Says Rome.\nIs short.\nNames no other city.")
    dialog.get_by_role("button", name="Start the turn").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("criteria-editor .writing-row")).to_have_count(3)
    expect(page.locator("criteria-editor .missing li")).to_have_count(0)
    assert product.session(sid)["turn"] == 2
    page.go_back()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize(
    ("dialog", "name"), [("turn/r_none.1", "Another turn"), ("compare/r_none.1", "Compare two replies")]
)
def test_a_dialog_for_a_hunt_that_does_not_exist_says_so(page: Page, hunted: str, dialog: str, name: str) -> None:
    page.goto(f"/#/s/{hunted}+{dialog}")
    opened = page.get_by_role("dialog", name=name)
    expect(opened).to_contain_text("Hunt not found")
    expect(opened.locator("form, .sides").locator("visible=true")).to_have_count(0)
    opened.get_by_role("button", name="Close").click()
    expect(page).to_have_url(re.compile(rf"#/s/{hunted}$"))


@pytest.mark.parametrize("act", ["", "/task", "/review", "/deliver", "/h/r_none.1", "/h/r_none.1+compare/r_none.1"])
def test_nothing_covers_the_page_of_a_session_that_is_not_there(page: Page, request_log: RequestLog, act: str) -> None:
    request_log.allow_rejections()
    page.goto(f"/#/s/s_nobody_knows_this_one{act}")
    expect(
        page.get_by_role("heading", name="Session not found. It may have been deleted or have expired.")
    ).to_be_visible()
    for what in ("hunt-panel", "dialog[open]", "session-steps"):
        expect(page.locator(what).locator("visible=true")).to_have_count(0)
    expect(page).to_have_title("Model Hunter")
    page.get_by_role("link", name="Start page").click()
    expect(page.get_by_role("heading", name="Find what breaks a model.")).to_be_visible()


def test_a_lost_server_is_shown_on_top_and_nothing_appears_to_continue(
    own_product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = own_product.open_example()
    own_product.begin_run(sid, 500, "simulated/thinker")
    request_log.origin = own_product.url
    page = new_context(base_url=own_product.url).new_page()
    go_to(page, sid)
    expect(page).to_have_title(re.compile("/500"))
    open_hunt(page, 1)
    banner = page.locator("connection-banner")
    expect(banner).to_be_hidden()
    own_product.kill()
    expect(banner).to_contain_text("The server has been unreachable since")
    expect(page).to_have_title(re.compile("^Not connected · "))
    expect(page.locator("run-list .run-state")).to_contain_text("when the connection was lost")
    page.wait_for_function("() => !document.getAnimations().some((one) => one.playState === 'running')")
    own_product.start()  # in memory: it knows nothing of the session
    expect(
        page.get_by_role("heading", name="Session not found. It may have been deleted or have expired.")
    ).to_be_visible(timeout=20_000)
    expect(banner).to_be_hidden()
    expect(page.locator("hunt-panel")).to_be_hidden()
    expect(page).to_have_title("Model Hunter")
    page.get_by_role("link", name="Start page").click()
    expect(page.get_by_role("heading", name="Find what breaks a model.")).to_be_visible()
    cut(page)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(banner).to_contain_text("The server has been unreachable since")
    restore(page)
    banner.get_by_role("button", name="Try now").click()
    expect(banner).to_be_hidden()


def test_a_name_that_nobody_answers_for_is_refused_when_it_is_chosen(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    go_to(page, product.open_example())
    page.get_by_role("button", name="Choose models").click()
    picker = page.locator("model-picker")
    for name, says in (
        ("gpt-5", "is not a known model"),
        ("openrouter/x", "is not usable"),
        ("simulated/hasti", "Unknown simulated model: hasti"),
    ):
        picker.get_by_label("Any other model").fill(name)
        picker.get_by_role("button", name="Add").click()
        expect(picker.locator(".problem")).to_contain_text(says)
        expect(picker.get_by_label("Any other model")).to_have_value(name)
    expect(page.locator("hunt-plan .tag.model")).to_have_count(1)


def test_a_notebook_warning_is_shown_with_the_task(page: Page, product: Product) -> None:
    sid = product.open({"notebook": {"cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "**[prompt]**\n\nSay hi."},
        {"cell_type": "markdown", "metadata": {}, "source": "**[response]**\n\nhi"},
        {"cell_type": "markdown", "metadata": {}, "source": "**[response_reference]**\n\nno list at all"},
    ], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, "name": "odd.ipynb"})  # fmt: skip
    message = product.session(sid)["warnings"][0]["message"]
    for act in ("hunt", "task"):
        go_to(page, sid, act=act)
        expect(page.locator("task-warnings").locator("visible=true")).to_contain_text(message)
