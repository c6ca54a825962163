"""Reload at any moment, deep links, back and forward, a second tab: the same state, nothing doubled."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    go_to,
    newest_run,
    open_hunt,
    plan_hunts,
    rows,
    start_button,
    wait_for_end,
    what_is_shown,
)  # fmt: skip

pytestmark = pytest.mark.browser
SLOW = ("simulated/thinker",)


def test_a_reload_before_the_check_keeps_the_task_and_the_plan(page: Page, product: Product) -> None:
    go_to(page, product.open_example())
    plan_hunts(page, 23)
    before = what_is_shown(page)
    page.reload()
    expect(start_button(page)).to_have_text("Start 23 hunts")
    assert what_is_shown(page) == before


def test_a_reload_during_a_check_continues_the_same_check(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    sid = product.open_example()
    go_to(page, sid)
    page.locator("#plan-judge").select_option("simulated/thinker")
    page.get_by_role("button", name="Check the reference").click()
    page.reload()
    expect(page.locator("check-panel strong")).to_have_text("The reference passes")
    assert request_log.sent("POST", "/reference-check") == 1
    expect(page.locator("criteria-list .mark.pass")).to_have_count(len(product.session(sid)["task"]["criteria"]))


def test_a_reload_during_a_run_continues_the_same_run(page: Page, product: Product, request_log: RequestLog) -> None:
    sid = product.open_example()
    rid = product.begin_run(sid, 400, *SLOW)
    go_to(page, sid)
    state = newest_run(page).locator(".run-state")
    expect(state).to_have_text(re.compile("of 400 done"))
    page.reload()
    expect(state).to_have_text(re.compile("of 400 done"))
    seen = state.inner_text()
    expect(state).not_to_have_text(seen)
    product.cancel(sid, rid)
    wait_for_end(page)
    expect(page.locator("run-list .run")).to_have_count(1)
    expect(page.locator("hunt-table .chip").first).to_have_text(f"All {len(product.hunts(sid))}")
    assert request_log.sent("POST", "/runs") == 0


def test_a_reload_after_the_end_shows_the_same_again(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.check(sid)
    product.run(sid, 8)
    product.run(sid, 4, "simulated/careful")
    go_to(page, sid)
    expect(rows(page)).to_have_count(12)
    before = what_is_shown(page)
    page.reload()
    expect(rows(page)).to_have_count(12)
    assert what_is_shown(page) == before


def test_a_reload_with_a_hunt_open_opens_it_again(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 4)
    go_to(page, sid)
    panel = open_hunt(page, 3)
    expect(panel.frame_locator("iframe").locator("body")).not_to_be_empty()
    page.reload()
    expect(panel.locator("h2")).to_have_text("Hunt 3")
    expect(panel.frame_locator("iframe").locator("body")).not_to_be_empty()


def test_a_deep_link_opens_its_hunt_and_an_unknown_one_says_so(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.run(sid, 4)
    go_to(page, sid, product.hunts(sid)[1]["hunt_id"])
    panel = page.locator("hunt-panel")
    expect(panel.locator("h2")).to_have_text("Hunt 2")
    page.goto(f"/#/s/{sid}/h/r_nothing.7")
    expect(panel.locator(".problem")).to_be_visible()
    expect(panel.locator(".problem .hint")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_back_and_forward_walk_between_start_session_and_hunt(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 4)
    go_to(page)
    page.goto(f"/#/s/{sid}")
    panel = open_hunt(page, 2)
    page.go_back()
    expect(panel).to_be_hidden()
    expect(rows(page)).to_have_count(4)
    page.go_back()
    expect(page.get_by_role("heading", name="Find what breaks a model.")).to_be_visible()
    page.go_forward()
    expect(rows(page)).to_have_count(4)
    page.go_forward()
    expect(panel.locator("h2")).to_have_text("Hunt 2")


def test_another_session_shows_nothing_of_the_one_before(page: Page, product: Product) -> None:
    first, second = product.open_example("word-budget"), product.open_example("cake-acrostic")
    product.run(first, 6)
    go_to(page, first)
    expect(rows(page)).to_have_count(6)
    page.goto(f"/#/s/{second}")
    expect(page.locator("task-panel .task-title")).to_have_text(product.session(second)["name"])
    expect(rows(page)).to_have_count(0)
    expect(page.locator("hunt-table .empty")).to_contain_text("No hunts yet.")
    expect(page.locator("run-list")).to_be_hidden()
    assert page.locator("#task-prompt .text").text_content() == product.session(second)["task"]["prompt"]


def test_two_tabs_on_one_session_show_the_same(product: Product, new_context: NewContext) -> None:
    sid = product.open_example()
    product.check(sid)
    context = new_context()
    one, other = context.new_page(), new_context().new_page()
    for tab in (one, other):
        go_to(tab, sid)
    plan_hunts(one, 12)
    start_button(one).click()
    for tab in (one, other):
        wait_for_end(tab)
        expect(rows(tab)).to_have_count(12)
        expect(tab.locator("hunt-table .row .tag", has_text="Judging")).to_have_count(0)
    deadline = time.monotonic() + 15
    while what_is_shown(one) != what_is_shown(other) and time.monotonic() < deadline:
        one.wait_for_timeout(100)  # second opinions arrive after the end of the run
    assert what_is_shown(one) == what_is_shown(other)
    assert len(product.session(sid)["runs"]) == 1
