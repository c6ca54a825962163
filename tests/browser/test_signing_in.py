"""With tokens: sign in, hunt, sign out; a sign-in that runs out in the middle of work costs nothing that was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from core.access.cookies import COOKIE
from tests.api.signing_in import ENTRIES, TOKENS
from tests.browser.conftest import NewContext, running
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    all_saved,
    check_reference,
    plan_hunts,
    rows,
    session_id,
    start_button,
    step_to,
    wait_for_end,
)  # fmt: skip

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A server that asks for a sign-in; what a test arranges over HTTP, alice does."""
    product = Product(tmp_path_factory.mktemp("guarded"), HUNTER_TOKENS=ENTRIES)
    product.http.headers["Authorization"] = f"Bearer {TOKENS['alice']}"
    yield from running(product)


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Your token").fill(TOKENS[name])
    page.keyboard.press("Enter")


def test_sign_in_hunt_sign_out(page: Page, request_log: RequestLog) -> None:
    page.goto("/")
    expect(page).to_have_url(f"{request_log.origin}/sign-in")
    expect(page.get_by_label("Your token")).to_be_focused()
    sign_in(page, "alice")
    expect(page.locator("site-header .who")).to_have_text("alice")
    page.locator("start-view .example").first.click()
    sid = session_id(page)
    check_reference(page)
    plan_hunts(page, 4)
    start_button(page).click()
    wait_for_end(page)
    expect(rows(page)).to_have_count(4)
    assert TOKENS["alice"] not in page.evaluate("JSON.stringify({...localStorage, cookie: document.cookie})")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [cookie["name"] for cookie in page.context.cookies()] == []
    page.goto(f"/#/s/{sid}")
    expect(page).to_have_url(f"{request_log.origin}/sign-in#/s/{sid}")
    sign_in(page, "alice")
    expect(rows(page)).to_have_count(4)
    assert page.url == f"{request_log.origin}/#/s/{sid}"


def test_a_sign_out_takes_what_was_shown_out_of_other_tabs_and_out_of_the_way_back(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    page.goto(f"/#/s/{sid}/task")
    sign_in(page, "alice")
    expect(page.locator("site-header .who")).to_have_text("alice")
    other = page.context.new_page()
    other.goto(f"/#/s/{sid}/task")
    expect(other.locator("site-header .who")).to_have_text("alice")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{request_log.origin}/sign-in")
    expect(other).to_have_url(f"{request_log.origin}/sign-in#/s/{sid}/task")
    sign_in(other, "alice")
    expect(other.locator("site-header .who")).to_have_text("alice")
    other.context.clear_cookies()
    other.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(other).to_have_url(f"{request_log.origin}/sign-in#/s/{sid}/task")


def test_a_request_that_is_under_way_at_a_sign_out_is_not_refused_but_dropped(
    page: Page, request_log: RequestLog
) -> None:
    refused = {"error": {"code": "signed_out", "message": "Nobody is signed in.", "hint": "Sign in."}}
    held: list[Route] = []

    def sign_out(route: Route) -> None:
        answer = route.fetch()
        for request in held:
            request.fulfill(status=401, json=refused)
        route.fulfill(response=answer)

    page.route("**/estimate*", lambda route: held.append(route))
    page.route("**/api/sign-out", sign_out)
    page.goto("/sign-in")
    sign_in(page, "alice")
    page.locator("start-view .example").first.click()
    with page.expect_request("**/estimate*"):
        check_reference(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_sign_out_that_fails_leaves_the_page_usable(page: Page, request_log: RequestLog) -> None:
    request_log.allow_rejections()
    page.goto("/sign-in")
    sign_in(page, "alice")
    page.route("**/api/sign-out", lambda route: route.abort())
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert").last).to_contain_text("The server cannot be reached.")
    page.unroute("**/api/sign-out")
    page.locator("start-view .example").first.click()
    check_reference(page)


def test_a_wrong_token_is_reported_and_can_be_corrected(page: Page, request_log: RequestLog) -> None:
    request_log.allow_rejections()
    page.goto("/sign-in?to=//evil.example")
    page.get_by_label("Your token").fill("mh_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").last).to_contain_text("Unknown token.")
    sign_in(page, "bob")
    expect(page.locator("site-header .who")).to_have_text("bob")
    assert page.url == f"{request_log.origin}/"


def test_who_is_signed_in_goes_past_the_sign_in_to_where_they_wanted(page: Page, request_log: RequestLog) -> None:
    page.goto("/docs")
    expect(page).to_have_url(f"{request_log.origin}/sign-in?to=/docs")
    sign_in(page, "alice")
    expect(page).to_have_url(f"{request_log.origin}/docs")
    page.goto("/sign-in")
    expect(page.locator("site-header .who")).to_have_text("alice")


def test_a_sign_in_that_runs_out_in_the_middle_of_work_costs_nothing(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    page.goto(f"/#/s/{sid}/task")
    sign_in(page, "alice")
    prompt = page.locator("task-editor textarea").first
    expect(prompt).to_be_visible()
    page.context.clear_cookies()
    # In one step: the dialog may come over the page at any moment now, and would catch keys that come one by one.
    prompt.evaluate(
        "(box, words) => { box.value = words; box.dispatchEvent(new Event('input', {bubbles: true})); }",
        "What was typed while nobody was signed in.",
    )
    again = page.get_by_role("dialog", name="Sign in again")
    expect(again).to_contain_text("The sign-in of alice has expired.")
    expect(again.get_by_label("Your token")).to_be_focused()
    page.keyboard.press("Escape")
    expect(again).to_be_visible()
    sign_in(page, "alice")
    expect(again).to_be_hidden()
    all_saved(page)
    expect(prompt).to_have_value("What was typed while nobody was signed in.")
    assert product.session(sid)["task"]["prompt"] == "What was typed while nobody was signed in."


def test_somebody_else_who_signs_in_over_the_page_gets_nothing_of_the_one_before(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    page.goto(f"/#/s/{sid}")
    sign_in(page, "alice")
    expect(page.locator("task-panel .task-title")).to_be_visible()
    page.context.clear_cookies()
    # A question of the page itself may have brought the dialog before, over the button.
    page.get_by_role("button", name="Check the reference", include_hidden=True).dispatch_event("click")
    again = page.get_by_role("dialog", name="Sign in again")
    expect(again).to_be_visible()
    again.get_by_label("Your token").fill(TOKENS["bob"])
    page.keyboard.press("Enter")
    expect(page.locator("site-header .who")).to_have_text("bob")
    expect(page.get_by_text("Session not found").first).to_be_visible()
    expect(page.locator("task-panel .task-title")).to_be_hidden()


def test_after_a_restart_the_page_asks_for_a_sign_in_before_it_shows_the_session(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    page.goto(f"/#/s/{sid}")
    sign_in(page, "alice")
    expect(page.locator("site-header .connection")).to_have_text("Live")
    page.context.clear_cookies()
    product.stop()
    product.start()  # in memory mode the session is gone with it: the page has to be told by somebody who may know
    again = page.get_by_role("dialog", name="Sign in again")
    expect(again).to_be_visible()
    sign_in(page, "alice")
    expect(again).to_be_hidden()
    expect(page.get_by_text("Session not found").first).to_be_visible()


def test_another_persons_work_is_not_in_the_same_browser(page: Page, product: Product) -> None:
    sid = product.open_example()
    page.goto(f"/#/s/{sid}")
    sign_in(page, "alice")
    step_to(page, "task")
    page.goto("/")
    expect(page.locator("start-view .recent a")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "bob")
    expect(page.locator("site-header .who")).to_have_text("bob")
    expect(page.locator("start-view .recent a")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "alice")
    expect(page.locator("start-view .recent a")).to_have_count(1)


def test_somebody_elses_session_reads_as_ended(page: Page, product: Product, request_log: RequestLog) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    page.goto(f"/#/s/{sid}")
    sign_in(page, "bob")
    expect(page.get_by_text("Session not found").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_fits_a_phone_and_everybody(new_context: NewContext, scheme: str, tmp_path: Path) -> None:
    page = new_context(viewport={"width": 360, "height": 640}, color_scheme=scheme).new_page()
    page.goto("/sign-in")
    expect(page.get_by_label("Your token")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    sign_in(page, "alice")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.context.cookies()[0]["name"] == COOKIE
    assert page.context.cookies()[0]["httpOnly"]
