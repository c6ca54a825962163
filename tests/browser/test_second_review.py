"""A trainer's and a second reviewer's day: two people signed in, each in a browser of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.api.signing_in import ENTRIES, TOKENS
from tests.browser.conftest import NewContext, running
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    check_reference,
    choose_models,
    go_to,
    open_hunt,
    plan_hunts,
    press_download,
    session_id,
    start_button,
    step_to,
    wait_for_end,
)  # fmt: skip

pytestmark = pytest.mark.browser
WHY = "This reply does what the prompt asks for in most of its parts, card {}."
OTHER_WHY = "I read the criteria in another way, and so I say of reply {} what I say here."


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("two_people")
    library = {"LIBRARY_URL": f"sqlite:///{folder}/library.sqlite", "JOURNAL_DIR": str(folder / "journal")}
    product = Product(folder, HUNTER_TOKENS=ENTRIES, **library)
    product.http.headers["Authorization"] = f"Bearer {TOKENS['alice']}"
    yield from running(product)


def signed_in(page: Page, name: str, address: str = "/") -> Page:
    page.goto(address)
    page.get_by_label("Your token").fill(TOKENS[name])
    page.keyboard.press("Enter")
    expect(page.locator("site-header .who")).to_have_text(name)
    return page


def assert_accessible(page: Page) -> None:
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()


def review_all(page: Page, why: str, marks: str) -> None:
    """The same verdicts on every reply: one letter for each criterion, repeated."""
    tabs = page.locator("card-tabs:visible .cards button")
    for place in range(tabs.count()):
        tabs.nth(place).click()
        expect(tabs.nth(place)).to_have_attribute("aria-current", "true")
        card = page.locator("review-card:visible")
        for nth, item in enumerate(card.locator(".to-judge").all()):
            verdict = {"p": "pass", "f": "fail"}[marks[nth % len(marks)]]
            item.locator(f".verdict-button.{verdict}").click()
        card.locator("textarea").fill(why.format(place + 1))
        expect(card.locator(".judging [role=status]")).to_have_text("Saved")


@pytest.mark.timeout(240)
def test_two_people_review_apart_settle_where_they_differ_and_deliver(
    new_context: NewContext, product: Product, request_log: RequestLog, tmp_path: Path
) -> None:
    request_log.allow_rejections()  # whoever opens a task only to review it is refused its session
    alice, bob = new_context().new_page(), new_context().new_page()
    signed_in(alice, "alice")
    alice.locator("start-view .example").filter(has_text="cake").click()
    sid = session_id(alice)
    check_reference(alice)
    choose_models(alice, "hasty", "careful")
    plan_hunts(alice, 12)
    start_button(alice).click()
    wait_for_end(alice)
    alice.get_by_role("button", name="Propose").click()
    expect(alice.locator("selection-tray .slot a:visible")).to_have_count(4)
    step_to(alice, "review")
    alice.get_by_label("Name", exact=True).fill("bob")
    alice.get_by_role("button", name="Ask for a second review").click()
    expect(alice.locator("second-review-panel")).to_contain_text("bob was asked")
    review_all(alice, WHY, "pf")
    expect(alice.get_by_role("button", name="Reveal the judge’s verdicts")).to_be_disabled()
    assert_accessible(alice)

    signed_in(bob, "bob")
    expect(bob.locator("waiting-list li")).to_contain_text("alice asks you for a second review", timeout=20_000)
    bob.locator("waiting-list a").click()
    name = alice.locator("site-header .task-name").inner_text()
    expect(bob.get_by_role("heading", name=f"Second review of “{name}”")).to_be_visible()
    expect(bob.locator("site-header .task-name")).to_have_text(name)
    expect(bob.locator("review-card:visible .judging [role=status]")).to_have_text("")  # nothing was entered yet
    expect(bob.locator("session-steps")).to_be_hidden()
    review_all(bob, OTHER_WHY, "ppf")
    assert "This reply does what the prompt asks" not in bob.content()
    assert not re.search(r"hasty|careful", bob.locator("second-review-view").inner_html())
    assert_accessible(bob)
    bob.get_by_role("button", name="I am done").click()
    bob.get_by_role("button", name="Finish and lock").click()
    expect(bob.locator("second-review-view")).to_contain_text("You are done. When alice is done too")

    expect(alice.locator("second-review-panel")).to_contain_text("bob is done. Finish your own reviews")
    assert "I read the criteria in another way" not in alice.content()
    alice.get_by_role("button", name="Reveal the judge’s verdicts").click()
    alice.get_by_role("button", name="Reveal and lock").click()
    expect(alice.locator("people-agreement .total:visible")).to_contain_text("You and bob agree on")
    expect(alice.locator("people-agreement:visible .side").first).to_contain_text("You")
    assert_accessible(alice)

    bob.goto(f"/#/s/{sid}/review")
    bob.reload()
    expect(bob.locator("people-agreement .total:visible")).to_contain_text("alice and you agree on")
    differences = bob.locator("people-agreement:visible .differences > li")
    wanted = differences.count()
    assert wanted > 2
    first = differences.first
    first.get_by_placeholder("Why (optional)").fill("We looked at it together.")
    first.get_by_role("button", name=re.compile("Settle .* as PASS")).click()
    expect(first).to_contain_text("bob settled it as PASS")
    expect(first).to_contain_text("We looked at it together.")

    expect(alice.locator("people-agreement:visible .differences > li").first).to_contain_text("bob settled it as PASS")
    for row in alice.locator("people-agreement:visible .differences > li").all()[1:]:
        row.get_by_role("button", name=re.compile("Settle .* as FAIL")).click()
        expect(row).to_contain_text("alice settled it as FAIL")
    expect(alice.locator("people-agreement h3:visible")).to_have_text("All differences are settled")
    step_to(alice, "deliver")
    with alice.expect_download() as downloading:
        press_download(alice)
    downloading.value.save_as(tmp_path / "done.ipynb")
    record = json.loads((tmp_path / "done.ipynb").read_text(encoding="utf-8"))["metadata"]["model_hunter"]
    settled = [one["by"] for final in record["final_reviews"].values() for one in final["settled"]]
    assert (len(settled), set(settled)) == (wanted, {"alice", "bob"})


def test_a_task_is_given_to_somebody_who_finds_it_waiting_with_its_comments_and_links(
    new_context: NewContext, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    run = product.run(sid, 2)
    alice, bob = new_context().new_page(), new_context().new_page()
    signed_in(alice, "alice", f"/#/s/{sid}/r/{run}")
    panel = open_hunt(alice, 1)
    panel.get_by_label("Comment on this hunt").fill("Does a contraction count as one word?")
    panel.get_by_role("button", name="Comment", exact=True).click()
    expect(panel.locator("comment-thread li")).to_contain_text("Does a contraction count")
    expect(panel.get_by_label("Comment on this hunt")).to_have_value("")
    hunt_link = alice.url
    alice.keyboard.press("Escape")
    alice.get_by_role("button", name="Give to somebody").click()
    assert_accessible(alice)
    alice.get_by_label("To (the name that they sign in with)").fill("nobody")
    alice.get_by_label("Note for the new owner").fill("Slots are open.")
    alice.get_by_role("button", name="Give the task").click()
    expect(alice.locator("session-people .problem")).to_contain_text("Nobody signs in as 'nobody'")
    alice.get_by_label("To (the name that they sign in with)").fill("bob")
    alice.get_by_role("button", name="Give the task").click()
    expect(alice.get_by_role("heading", name="Find what breaks a model.")).to_be_visible()
    expect(alice.locator(f"start-view a[href*='{sid}']")).to_have_count(0, timeout=20_000)
    go_to_gone = f"/#/s/{sid}/task"
    alice.goto(go_to_gone)
    expect(
        alice.get_by_role("heading", name="Session not found. It may have been deleted or have expired.")
    ).to_be_visible()

    signed_in(bob, "bob")
    expect(bob.locator("waiting-list li")).to_contain_text("alice gave you this task", timeout=20_000)
    bob.locator("waiting-list a").click()
    expect(bob.locator("notice-stack")).to_contain_text("alice gave you this task: “Slots are open.”")
    expect(bob.locator("session-people")).to_contain_text("Given to you by alice.")
    bob.goto(hunt_link)
    expect(bob.locator("hunt-panel h2")).to_have_text("Hunt 1")
    expect(bob.locator("hunt-panel comment-thread li")).to_contain_text("alice")
    assert_accessible(bob)
    go_to(bob)
    expect(bob.locator("waiting-list")).to_be_hidden(timeout=20_000)


CONTROLS = """() => [...document.querySelectorAll("session-view :is(button, input, select, textarea)")].filter((one) =>
  one.checkVisibility() && !one.disabled && !one.readOnly && !one.closest("[inert], comment-thread, hunt-filters, card-tabs, .tabs")
).map((one) => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent)"""


def test_an_earlier_owner_who_kept_access_has_no_control_that_changes_the_task(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 12)
    chosen = [hunt["hunt_id"] for hunt in product.hunts(sid) if hunt["outcome"] in ("broke", "held")][:4]
    product.http.put(f"/api/sessions/{sid}/selection", json={"hunt_ids": chosen}).raise_for_status()
    signed_in(page, "alice", f"/#/s/{sid}/task")
    expect(page.get_by_role("button", name="Check the reference")).to_be_enabled()
    given = {"to": "bob", "keep_access": True}
    product.http.post(f"/api/sessions/{sid}/transfer", json=given).raise_for_status()
    expect(page.locator("session-people")).to_contain_text("only bob can change it")
    assert set(page.evaluate(CONTROLS)) == {"Preview"}
    assert_accessible(page)
    step_to(page, "hunt")
    panel = open_hunt(page, 1)
    expect(panel.get_by_label("As plain text")).to_be_visible()
    assert set(page.evaluate(CONTROLS)) == {
        "Previous hunt (k)",
        "Next hunt (j)",
        "Close (Esc)",
        "Compare with …",
        "As plain text",
    }
    page.keyboard.press("s")
    expect(page.locator("notice-stack")).to_contain_text("only bob can change it")
    panel.get_by_label("Comment on this hunt").fill("Still mine to say.")
    panel.get_by_role("button", name="Comment", exact=True).click()
    expect(panel.locator("comment-thread li")).to_contain_text("Still mine to say.")
    page.keyboard.press("Escape")
    step_to(page, "review")
    expect(page.locator("review-card:visible .judging [role=status]")).to_have_text("Locked")
    assert page.evaluate(CONTROLS) == []
    step_to(page, "deliver")
    expect(page.get_by_role("button", name="Download the notebook")).to_be_enabled()
    go_to(page)
    page.goto(f"/#/s/{sid}/review")
    expect(page.locator("review-card:visible .judging [role=status]")).to_have_text("Locked")  # read again
    assert product.session(sid)["selection"]["hunt_ids"] == chosen
