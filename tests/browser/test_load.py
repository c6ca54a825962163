"""Bringing a task in, in every way there is, and what is said when it cannot be read."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.notebooks.examples import read_example
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import go_to, load_file, rows, session_id, start_button, step_to

pytestmark = pytest.mark.browser
REAL = ("kryptonite.ipynb", "kryptonite-old-export.ipynb", "kryptonite-damaged-export.ipynb", "blank-template.ipynb")
DROP = """([name, text]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name, {type: ""}));
  for (const type of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: files}));
  }
}"""
BROKEN_CRITERIA = '[{"id": "C1", "criteria1": "Says krypton."}, {"id": "C2", "criteria2": "Says 36."}, {"id": "C3", "criteria3": "Is short."'


DROP_LARGE = DROP.replace("[text]", "[new Uint8Array(text)]")


def example_text() -> str:
    return read_example("word-budget").decode()


def with_criteria(criteria: str) -> str:
    """The example with another text in the cell of its criteria."""
    notebook = json.loads(example_text())
    cell = next(c for c in notebook["cells"] if "response_reference" in "".join(c["source"]).split("\n")[0])
    cell["source"] = f"**[response_reference]**\n\n{criteria}"
    return json.dumps(notebook)


def paste(page: Page, text: str) -> None:
    if page.locator("load-card details").get_attribute("open") is None:
        page.get_by_text("Paste JSON instead").click()
    page.get_by_label("The notebook’s JSON").fill(text)
    page.get_by_role("button", name="Load pasted JSON").click()


@pytest.mark.parametrize("name", REAL)
def test_a_real_notebook_loads_by_file_and_shows_what_was_read(
    page: Page, product: Product, shared_dir: Path, name: str
) -> None:
    go_to(page)
    load_file(page, name, (shared_dir / "notebooks" / name).read_bytes())
    session = product.session(session_id(page))
    step_to(page, "hunt")
    expect(page.locator("task-panel .task-title")).to_have_text(name)
    expect(page.locator("criteria-list .verdict")).to_have_count(len(session["task"]["criteria"]))
    warnings = session["warnings"]
    page.get_by_role("tab", name="Notebook").click()
    for warning in warnings:
        expect(page.locator("task-panel notebook-facts")).to_contain_text(warning["message"])
    page.get_by_role("tab", name="Prompt").click()
    shown = page.locator("#task-prompt .text").text_content()
    assert shown == (session["task"]["prompt"] or "No prompt.")


def test_the_blank_template_says_what_is_missing_and_cannot_be_started(
    page: Page, product: Product, shared_dir: Path
) -> None:
    go_to(page)
    load_file(page, "blank.ipynb", (shared_dir / "notebooks" / "blank-template.ipynb").read_bytes())
    problems = product.session(session_id(page))["task"]["problems"]
    written = page.locator("task-editor section > p.caution").first
    expect(written).to_contain_text("Missing before you can hunt")
    for problem in problems:
        expect(written).to_contain_text(problem)
    expect(page.get_by_role("button", name="Check the reference")).to_be_disabled()
    step_to(page, "hunt")
    told = page.locator("task-panel > div.caution")
    expect(told).to_contain_text("This task is not ready")
    for problem in problems:
        expect(told).to_contain_text(problem)
    expect(start_button(page)).to_be_disabled()
    expect(page.get_by_role("button", name="Check the reference")).to_be_disabled()


def test_a_file_dropped_anywhere_is_loaded_and_the_same_one_again_is_a_session_of_its_own(page: Page) -> None:
    go_to(page)
    page.evaluate(DROP, ["word-budget.ipynb", example_text()])
    first = session_id(page)
    page.evaluate(DROP, ["word-budget.ipynb", example_text()])
    expect(page).not_to_have_url(f"/#/s/{first}")
    assert session_id(page) != first
    page.go_back()
    assert session_id(page) == first


def test_the_same_file_chosen_twice_is_read_twice(page: Page, request_log: RequestLog) -> None:
    request_log.allow_rejections()
    go_to(page)
    load_file(page, "notes.ipynb", b"no notebook")
    expect(page.locator("load-card .problem")).to_be_visible()
    load_file(page, "notes.ipynb", example_text().encode())
    session_id(page)


def test_a_bad_file_dropped_while_a_task_is_open_is_refused_in_sight(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    go_to(page, product.open_example())
    page.evaluate(DROP, ["notes.ipynb", "no notebook"])
    expect(page.locator("notice-stack .notice.error p").first).to_be_visible()
    expect(page.locator("task-panel .task-title")).to_be_visible()


def test_pasted_json_is_loaded(page: Page) -> None:
    go_to(page)
    paste(page, example_text())
    session_id(page)
    expect(page.locator("task-panel .task-title")).to_have_text("pasted.ipynb")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Nothing was pasted."),
        (example_text()[:-30], "This is not valid JSON"),
        ('{"rows": []}', "This JSON is not a notebook."),
        ("[1, 2]", "This JSON is not a notebook."),
        ("null", "This JSON is not a notebook."),
    ],
)
def test_pasted_text_that_is_no_notebook_is_refused_with_a_way_on(page: Page, text: str, said: str) -> None:
    go_to(page)
    paste(page, text)
    expect(page.locator("load-card .problem")).to_contain_text(said)
    expect(page.locator("load-card .problem .hint")).not_to_be_empty()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://notebooks.example/task.ipynb", "Notebooks can be fetched over https from raw.githubusercontent.com"),
        ("http://127.0.0.1/task.ipynb", "Notebooks can be fetched over https from raw.githubusercontent.com"),
        ("  ", "No URL was given."),
    ],
)
def test_an_address_that_is_not_allowed_is_refused_with_its_sentence(
    page: Page, request_log: RequestLog, url: str, said: str
) -> None:
    request_log.allow_rejections()
    go_to(page)
    page.get_by_label("From a URL").fill(url)
    page.get_by_role("button", name="Fetch").click()
    expect(page.locator("load-card .problem")).to_contain_text(said)
    expect(page.locator("load-card .problem .hint")).not_to_be_empty()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(page: Page, request_log: RequestLog) -> None:
    go_to(page)
    page.evaluate(DROP_LARGE, ["large.ipynb", 16 * 1024 * 1024 + 1])
    expect(page.locator("load-card .problem")).to_contain_text("large.ipynb has 16.0 MB; at most 16 MB are loaded.")
    assert request_log.sent("POST", "/api/sessions") == 0


@pytest.mark.parametrize("act", ["task", "hunt"])
def test_broken_criteria_wait_for_a_word_and_are_then_the_criteria(page: Page, product: Product, act: str) -> None:
    go_to(page)
    load_file(page, "broken.ipynb", with_criteria(BROKEN_CRITERIA).encode())
    sid = session_id(page)
    expect(page.locator("task-editor proposed-criteria")).to_contain_text("The criteria need your confirmation.")
    step_to(page, "hunt")
    expect(page.locator("hunt-plan .go p")).to_have_text("Confirm the criteria first.")
    step_to(page, act)
    proposed = [one["text"] for one in product.session(sid)["proposed_criteria"]]
    assert len(proposed) >= 2
    expect(page.locator("proposed-criteria:visible .proposed li span")).to_have_text(proposed)
    page.get_by_role("button", name="Yes, these are the criteria").click()
    expect(page.locator("proposed-criteria:visible")).to_have_count(0)
    step_to(page, "hunt")
    expect(page.locator("criteria-list .criteria .criterion")).to_have_text(proposed)
    assert [one["text"] for one in product.session(sid)["task"]["criteria"]] == proposed


def test_the_pass_rule_can_be_switched_and_stays(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    page.locator("#pass-rule").select_option("all")
    expect(page.locator("session-steps .step").first).to_contain_text("changed since the check")
    step_to(page, "task")
    expect(page.locator("#edit-rule")).to_have_value("all")
    step_to(page, "hunt")
    page.reload()
    expect(page.locator("#pass-rule")).to_have_value("all")
    assert product.session(sid)["task"]["pass_rule"] == "all"


def test_a_recent_session_leads_back_to_it(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    page.get_by_role("link", name="Model Hunter").click()
    recent = page.locator("start-view .recent a")
    expect(recent).to_contain_text("check the reference")
    recent.click()
    assert session_id(page) == sid
    expect(page.locator("task-editor")).to_be_visible()


def test_a_page_over_plain_http_opens_a_session_and_starts_a_run(page: Page) -> None:
    """Under a host name and without TLS a browser has no crypto.randomUUID."""
    page.add_init_script("delete Crypto.prototype.randomUUID; delete Navigator.prototype.clipboard")
    go_to(page)
    page.locator(".example").first.click()
    page.locator("#plan-override").check()
    start_button(page).click()
    expect(rows(page).first).to_be_visible()
