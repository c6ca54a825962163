"""A server that is silent without closing anything, and a browser that has no connection left for another tab."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import HIDEABLE, go_to, rows

pytestmark = pytest.mark.browser


def test_a_server_that_hangs_is_shown_as_lost_until_it_responds(
    own_product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    request_log.origin = own_product.url
    sid = own_product.open_example()
    page = new_context(base_url=own_product.url).new_page()
    go_to(page, sid)
    connection, banner = page.locator("site-header .connection"), page.locator("connection-banner")
    expect(connection).to_have_attribute("data-state", "live")
    own_product.send(signal.SIGSTOP)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # asks now how the server is
    expect(banner).to_contain_text("The server has been unreachable since")
    expect(connection).to_have_attribute("data-state", "reconnecting")
    own_product.send(signal.SIGCONT)
    expect(banner).to_be_hidden()
    expect(connection).to_have_attribute("data-state", "live")
    own_product.run(sid, 4)
    expect(rows(page)).to_have_count(4)


@pytest.mark.long
def test_a_tab_that_nobody_looks_at_leaves_its_connection_to_others(
    product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    """Six connections to a server are all that a browser opens over HTTP/1.1."""
    sid = product.open_example()
    context = new_context()
    context.add_init_script(HIDEABLE)
    tabs: list[Page] = []
    for _ in range(8):
        page = context.new_page()
        go_to(page, sid)
        expect(page.locator("site-header .connection")).to_have_attribute("data-state", "live")
        page.evaluate("setHidden(true)")
        expect(page.locator("site-header .connection")).to_have_attribute("data-state", "polling")
        tabs.append(page)
    product.run(sid, 4)
    for page in tabs:
        expect(rows(page)).to_have_count(4)
    tabs[0].evaluate("setHidden(false)")
    expect(tabs[0].locator("site-header .connection")).to_have_attribute("data-state", "live")


def test_who_polls_and_is_too_far_behind_reads_everything_again(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    polls: list[str] = []

    def behind(route: Route) -> None:
        if "format=json" not in route.request.url:
            return route.abort()  # a proxy that lets no stream through
        polls.append(route.request.url)
        body = '{"error": {"code": "too_far_behind", "message": "", "hint": "", "details": {}}}'
        return route.fulfill(status=409, body=body) if len(polls) == 1 else route.continue_()

    page.route("**/events?*", behind)
    go_to(page, sid)
    expect(page.locator("site-header .connection")).to_have_attribute("data-state", "polling")
    assert request_log.sent("GET", f"/api/sessions/{sid}") == 2
    product.run(sid, 4)
    expect(rows(page)).to_have_count(4)
