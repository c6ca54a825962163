"""The list of tasks on the start page, of a server with a library; and without one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewContext, running
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import go_to

LIGHTHOUSE = "Write a letter of two hundred words to a lighthouse keeper in which every sentence names a colour."


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("library")
    library = {"LIBRARY_URL": f"sqlite:///{folder}/library.sqlite", "JOURNAL_DIR": str(folder / "journal")}
    yield from running(Product(folder, **library))


def open_task(product: Product, prompt: str, name: str) -> str:
    """A session that the library has: it is written there within seconds, and the page looks again after ten."""
    criteria = [{"id": f"C{n}", "text": f"Says thing {n}."} for n in (1, 2, 3)]
    sid = product.open({"task": {"prompt": prompt, "response": "Dear keeper", "criteria": criteria}, "name": name})
    until = time.monotonic() + 15
    while sid not in product.http.get("/api/tasks").text:
        assert time.monotonic() < until, "the library did not get the session"
        time.sleep(0.05)
    return sid


def task_row(page: Page, name: str) -> Locator:
    return page.locator("task-list .tasks > li", has=page.get_by_text(name, exact=True))


def test_tasks_are_found_in_another_browser_and_after_a_restart(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 4)
    product.stop()
    product.start()
    go_to(page)
    row = page.locator("task-list .tasks > li", has=page.locator(f"a[href*='{sid}']"))
    expect(row).to_contain_text("Hunting")
    expect(row).to_contain_text(re.compile(r"4 hunts, \d breaks?"))
    expect(page.locator("start-view .recent a")).to_have_count(0)
    row.get_by_role("link").click()
    expect(page.locator("session-view > .hunt-layout")).to_be_visible()
    page.get_by_role("link", name="Model Hunter").click()
    expect(row).to_be_visible()
    expect(page.locator("start-view .recent a")).to_have_count(0)  # listed once, although this browser remembers it


def test_a_search_and_a_state_narrow_the_list(page: Page, product: Product) -> None:
    open_task(product, "Praise a zeppelin captain.", "captain.ipynb")
    open_task(product, "Which river is the longest?", "river.ipynb")
    go_to(page)
    expect(task_row(page, "captain.ipynb")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("zeppelin capt")
    expect(task_row(page, "river.ipynb")).to_have_count(0)
    expect(task_row(page, "captain.ipynb")).to_be_visible()
    expect(page.locator("task-list [role=status]")).to_have_text("1 task found.")
    page.get_by_label("State").select_option("delivered")
    expect(page.locator("task-list [role=status]")).to_have_text(re.compile("^No tasks match"))
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("zeppelin capt")


def test_a_task_is_archived_taken_back_and_deleted_by_keyboard(page: Page, product: Product) -> None:
    sid = open_task(product, "Name all moons of Mars.", "moons.ipynb")
    for one in product.http.get("/api/tasks?limit=200").json()["tasks"]:  # so that it is the only one that is listed
        if one["session_id"] != sid:
            product.http.post(f"/api/tasks/{one['session_id']}/archive").raise_for_status()
    go_to(page)
    row = task_row(page, "moons.ipynb")
    row.get_by_role("button", name="Archive moons.ipynb").press("Enter")
    expect(row).to_have_count(0)
    expect(page.get_by_role("heading", name="My tasks")).to_be_focused()
    expect(page.locator("task-list [role=status]")).to_contain_text("No tasks here. Load or write one below")
    page.get_by_label("Archived").press("Space")
    row.get_by_role("button", name="Unarchive moons.ipynb").press("Enter")
    expect(row).to_have_count(0)
    page.get_by_label("Archived").press("Space")
    remove = row.get_by_role("button", name="Delete moons.ipynb")
    remove.press("Enter")
    expect(row.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(remove).to_be_focused()
    remove.press("Enter")
    row.get_by_role("button", name="Delete for good").press("Enter")
    expect(row).to_have_count(0)
    assert product.http.get(f"/api/sessions/{sid}").status_code == 404


def test_loading_a_task_that_resembles_another_one_says_so(page: Page, product: Product) -> None:
    open_task(product, LIGHTHOUSE.replace("colour", "flavour"), "flavours.ipynb")
    go_to(page)
    expect(task_row(page, "flavours.ipynb")).to_be_visible()
    page.get_by_text("Paste JSON instead").click()
    criteria = [{"id": f"C{n}", "text": f"Says thing {n}."} for n in (1, 2, 3)]
    page.get_by_label("The notebook’s JSON").fill(
        page.evaluate("JSON.stringify", {"prompt": LIGHTHOUSE, "response": "Dear", "criteria": criteria})
    )
    page.get_by_role("button", name="Load pasted JSON").click()
    expect(page.locator("notice-stack")).to_contain_text(
        re.compile(r"resembles .*“flavours.ipynb” \(\d\d% the same, draft\)")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_fits_a_phone(new_context: NewContext, product: Product, scheme: str) -> None:
    open_task(product, "x" * 300, f"{'a-very-long-name' * 8}.ipynb")
    page = new_context(viewport={"width": 320, "height": 700}, color_scheme=scheme).new_page()
    go_to(page)
    row = page.locator("task-list .tasks > li", has_text="a-very-long-name").first
    row.get_by_role("button", name=re.compile("^Delete a-very")).click()
    expect(row.get_by_role("button", name="Keep it")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_while_the_library_is_away_the_page_shows_what_the_browser_knows(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid)
    error = {
        "code": "library_away",
        "message": "The library is unavailable.",
        "hint": "Ask your operator.",
        "details": {},
    }
    page.route("**/api/tasks?*", lambda route: route.fulfill(status=503, json={"error": error}))
    page.get_by_role("link", name="Model Hunter").click()
    expect(page.locator("task-list").get_by_role("alert")).to_contain_text("The library is unavailable.")
    remembered = page.locator(f"start-view .recent a[href*='{sid}']")
    expect(remembered).to_be_visible()
    product.http.delete(f"/api/sessions/{sid}").raise_for_status()  # in another browser
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(remembered).to_have_count(0)
