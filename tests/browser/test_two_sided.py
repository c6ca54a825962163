"""The two-sided check on the page: proposed, read as a difference, edited, judged, required; also on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewContext, running
from tests.browser.product import SCRIPT, Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import check_reference, choose_models, go_to, plan_hunts, start_button, step_to

pytestmark = pytest.mark.browser
ALWAYS = "Is the response at least 0 words long?"


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Product]:
    """A server whose judge passes C3 whatever the reply says."""
    models = {**SCRIPT["models"], "judge": {"judge_reads": {"C3": ALWAYS}}}
    yield from running(Product(tmp_path, {**SCRIPT, "models": models}))


def panel(page: Page) -> Locator:
    return page.locator("two-sided-panel")


def propose_and_judge(page: Page) -> None:
    panel(page).locator("#edits-by").select_option("simulated/hasty")
    panel(page).get_by_role("button", name="Propose edits").click()
    expect(panel(page)).to_contain_text("5 of 5 criteria have an edit")
    panel(page).get_by_role("button", name="Judge the edits").click()
    expect(panel(page).locator("tbody td .mark.fail").first).to_be_visible()


def test_edits_are_proposed_judged_edited_and_judged_again(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid, act="task")
    propose_and_judge(page)
    expect(panel(page).locator("strong").first).to_have_text("Every criterion can fail, on its own")
    expect(panel(page).locator("tbody tr")).to_have_count(6)
    expect(panel(page).locator("td.odd")).to_have_count(0)
    edit = panel(page).locator(".edits > li").nth(2)
    edit.locator("summary").click()
    expect(edit.locator(".diff del")).to_contain_text("Gerald")
    expect(edit.locator(".diff ins")).to_contain_text("something")
    edit.locator("textarea").fill("Thank you. Gerald is here, and light.")
    panel(page).get_by_role("button", name="Judge again").click()
    expect(panel(page).locator(".findings li").first).to_contain_text("C3 did not fail when it was violated")
    expect(edit.locator("summary")).to_contain_text("your own edit")
    assert product.session(sid)["two_sided_check"]["edits"][2]["text"] == "Thank you. Gerald is here, and light."
    page.reload()
    expect(panel(page).locator("td.odd").first).to_be_visible()


def test_an_edit_of_the_task_makes_the_edits_stale(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid, act="task")
    propose_and_judge(page)
    page.locator("#edit-prompt").fill("Another prompt.")
    expect(panel(page).locator("strong").first).to_have_text("Two-sided check is stale")
    expect(panel(page).locator(".edits summary").first).to_contain_text("stale")
    expect(panel(page).locator(".findings")).to_be_hidden()


def test_a_session_requires_the_check_until_it_is_overridden(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid, act="task")
    panel(page).get_by_label("Require it before a run").check()
    check_reference(page)
    step_to(page, "hunt")
    choose_models(page, "hasty")
    plan_hunts(page, 1)
    expect(start_button(page)).to_be_disabled()
    expect(page.locator("hunt-plan")).to_contain_text("Make the two-sided check on the Task step first.")
    page.get_by_label(re.compile("Start although the two-sided check has not passed")).check()
    start_button(page).click()
    expect(page.locator("hunt-table .row")).to_have_count(1)
    assert product.session(sid)["runs"][0]["check_overridden"]


def test_a_criterion_that_cannot_fail_is_named_on_a_phone(
    planted: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    request_log.origin = planted.url
    context = new_context(base_url=planted.url, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    sid = planted.open_example()
    go_to(page, sid, act="task")
    propose_and_judge(page)
    expect(panel(page).locator(".findings li")).to_have_text(re.compile("^C3 did not fail when it was violated."))
    expect(panel(page).locator("td.odd")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    width = page.evaluate("document.querySelector('two-sided-panel table').getBoundingClientRect().width")
    assert 0 < width <= 390  # in one go: each change of the check makes another table
