"""The network goes, the server goes, an answer is lost, a finger is nervous: nothing is lost, nothing doubled."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.network import cut, restore
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    go_to,
    newest_run,
    open_hunt,
    plan_hunts,
    row,
    rows,
    start_button,
    wait_for_end,
    what_is_shown,
)  # fmt: skip

pytestmark = pytest.mark.browser
SLOW = ("simulated/thinker",)


def test_what_happened_while_the_network_was_cut_is_there_after_it_returns(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid)
    connection = page.locator("site-header .connection")
    expect(connection).to_have_text("Live")
    cut(page)
    expect(connection).to_have_text("Reconnecting")
    product.run(sid, 8)
    restore(page)
    expect(rows(page)).to_have_count(8)
    expect(connection).to_have_text("Live")
    wait_for_end(page)
    page.reload()
    expect(rows(page)).to_have_count(8)


def test_a_hunt_opened_without_a_network_is_read_when_it_returns(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.run(sid, 2)
    go_to(page, sid)
    expect(rows(page)).to_have_count(2)
    cut(page)
    panel = open_hunt(page, 1)
    expect(panel.locator(".problem")).to_contain_text("The server cannot be reached.")
    restore(page)
    expect(panel.frame_locator("iframe").locator("body")).not_to_be_empty()
    expect(panel.locator(".problem")).to_be_hidden()


def test_a_page_without_a_network_asks_calmly(page: Page, product: Product, request_log: RequestLog) -> None:
    """An open hunt that continues elsewhere is out of date; refreshing it must not flood the server with requests."""
    request_log.allow_rejections()
    sid = product.open_example()
    product.begin_run(sid, 16, *SLOW)
    go_to(page, sid)
    expect(row(page, 1)).to_be_visible()
    page.route(re.compile("/hunts/"), lambda route: route.abort())
    row(page, 1).get_by_role("link").click()
    expect(page.locator("hunt-panel .problem")).to_be_visible()
    wait_for_end(page)
    assert sum("/hunts/" in one for one in request_log.requests) < 12


def test_a_double_click_on_start_starts_one_run(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    plan_hunts(page, 4)
    start_button(page).dblclick()
    wait_for_end(page)
    expect(page.locator("run-list .run")).to_have_count(1)
    assert [run["hunts"] for run in product.session(sid)["runs"]] == [4]


@pytest.mark.parametrize("lost", ["question", "answer"])
def test_start_pressed_again_after_a_lost_answer_is_one_run(
    page: Page, product: Product, request_log: RequestLog, lost: str
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    plan_hunts(page, 4)

    def lose(route: Route) -> None:
        if lost == "answer":
            route.fetch()
        route.abort()

    page.route(re.compile("/runs$"), lose, times=1)
    start_button(page).click()
    expect(page.locator("hunt-plan .problem")).to_contain_text("The server cannot be reached.")
    expect(start_button(page)).to_be_enabled()
    page.wait_for_function("since => performance.now() - since > 900", arg=page.evaluate("performance.now()"))
    start_button(page).click()
    expect(page.locator("hunt-plan .problem")).to_be_hidden()
    wait_for_end(page)
    assert [run["hunts"] for run in product.session(sid)["runs"]] == [4]


def test_the_answer_to_a_check_may_come_after_its_verdicts(page: Page, product: Product) -> None:
    go_to(page, product.open_example(), act="task")
    state = page.locator("task-editor check-panel strong")

    def late(route: Route) -> None:
        answer = route.fetch()
        expect(state).to_have_text("The reference passes")
        route.fulfill(response=answer)

    page.route(re.compile("/reference-check$"), late)
    page.get_by_role("button", name="Check the reference").click()
    expect(page.get_by_role("button", name="Check again")).to_be_enabled()
    expect(state).to_have_text("The reference passes")


def test_an_answer_of_something_in_between_is_a_sentence(page: Page, product: Product, request_log: RequestLog) -> None:
    request_log.allow_rejections()
    go_to(page, product.open_example())
    page.route(re.compile("/reference-check$"), lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    page.get_by_role("button", name="Check the reference").click()
    expect(page.locator("check-panel .problem")).to_contain_text("The server answered 502 without a reason.")


def test_a_restarted_server_without_a_memory_says_that_the_session_has_ended(
    tmp_path: Path, own_product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = own_product.open_example()
    own_product.run(sid, 4)
    page = new_context(base_url=own_product.url).new_page()
    request_log.origin = own_product.url
    go_to(page, sid)
    expect(rows(page)).to_have_count(4)
    own_product.kill()
    expect(page.locator("site-header .connection")).to_have_text("Reconnecting")
    expect(rows(page)).to_have_count(4)
    own_product.start()
    expect(
        page.get_by_role("heading", name="Session not found. It may have been deleted or have expired.")
    ).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="Start page").click()
    expect(page.get_by_role("heading", name="Find what breaks a model.")).to_be_visible()
    expect(page.locator("start-view .recent a")).to_have_count(0)


def test_a_session_opened_while_the_server_is_away_comes_when_it_is_back(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.run(sid, 4)
    go_to(page)
    page.route(re.compile(rf"/api/sessions/{sid}$"), lambda route: route.abort(), times=1)
    page.goto(f"/#/s/{sid}")
    expect(page.get_by_role("heading", name="The server cannot be reached.")).to_be_visible()
    expect(rows(page)).to_have_count(4)
    assert what_is_shown(page)["chips"][0] == "All 4"
    expect(newest_run(page)).to_be_visible()


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_breaks_off_in_the_middle_is_a_server_that_cannot_be_reached(page: Page, status: int) -> None:
    go_to(page)
    told = page.evaluate(
        """async (status) => {
          const {request} = await import("/static/scripts/wire/request.js");
          const whole = window.fetch;
          const body = () => new ReadableStream({start: (out) => out.error(new TypeError("Failed to fetch"))});
          window.fetch = async () => new Response(body(), {status});
          try {
            await request("GET", "/api/models");
          } catch (failure) {
            return [failure.name, failure.code, failure.retryable];
          } finally {
            window.fetch = whole;
          }
        }""",
        status,
    )
    assert told == ["Problem", "unreachable", True]
