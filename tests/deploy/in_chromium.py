"""The deployed house as people see it, in Debian's chromium."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    check_reference,
    choose_models,
    go_to,
    make_open,
    plan_hunts,
    rows,
    session_id,
    start_button,
    wait_for_end,
)  # fmt: skip
from tests.house.shared_browser import FLAGS

HUNTS = 5
PATIENT_MS = 60_000
"""Builds and other containers share the machine with this browser."""


def hunt_and_look_at_the_dashboard(chromium: Path, address: str) -> str:
    """A trainer's hunt on the page, then a lead's look at the dashboard; the id of the session."""
    request_log = RequestLog(address)
    expect.set_options(timeout=PATIENT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        context = browser.new_context(base_url=address, locale="en-US")
        context.set_default_timeout(PATIENT_MS)
        request_log.attach(context)
        page = context.new_page()
        try:
            go_to(page)
        except AssertionError as error:
            raise AssertionError(f"the page did not open: {request_log.faults} {request_log.requests}") from error
        page.locator("start-view .example").filter(has_text="cake").click()
        sid = session_id(page)
        make_open(page)
        check_reference(page)
        choose_models(page, "hasty")
        plan_hunts(page, HUNTS)
        start_button(page).click()
        wait_for_end(page)
        expect(rows(page)).to_have_count(HUNTS)
        assert request_log.problems() == []
        page.goto("/dashboard/")
        expect(page.get_by_role("heading", name="Live")).to_be_visible()
        browser.close()
    return sid
