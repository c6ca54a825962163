"""Writing the task and the reviews: two tabs, no network, a server that goes away; criteria moved, pasted, brought back."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.conftest import NewContext
from tests.browser.network import cut, restore
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import all_saved, choose_card, go_to, review_saved

pytestmark = pytest.mark.browser
BEFORE, MINE, THEIRS = (
    "Say what krypton is.",
    "Say what krypton is, in this tab.",
    "Say what krypton is, in the other tab.",
)


def state(page: Page) -> Locator:
    return page.locator("save-bar .state")


def criteria(page: Page) -> Locator:
    return page.locator("criteria-editor .writing-row textarea")


STORED = """sid => Object.keys(localStorage).filter((key) => key.startsWith(`model-hunter.draft.${sid}`))
  .map((key) => JSON.parse(localStorage.getItem(key)).value.edits)"""


def stored_edits(page: Page, sid: str) -> list[dict]:
    """Edits that the browser stores because the server has not confirmed them: an entry for each tab."""
    return list(page.evaluate(STORED, sid))


def just_before_saving(page: Page, product: Product, sid: str, change: dict) -> None:
    """Another tab saves `change` after this one has begun to send: this one's version is then the older one."""

    def overtake(route: Route) -> None:
        version = product.session(sid)["version"]
        product.http.patch(f"/api/sessions/{sid}/task", json={"version": version, **change}).raise_for_status()
        route.continue_()

    page.route(f"**/api/sessions/{sid}/task", overtake, times=1)


@pytest.fixture
def tabs(new_context: NewContext) -> BrowserContext:
    """One browser whose tabs share what it remembers."""
    return new_context()


def test_different_fields_written_in_two_tabs_are_merged(
    tabs: BrowserContext, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    one, other = tabs.new_page(), tabs.new_page()
    for tab in (one, other):
        go_to(tab, sid, act="task")
    just_before_saving(one, product, sid, {"response": "A noble gas, as the other wrote."})
    one.locator("#edit-prompt").fill(MINE)
    all_saved(one)
    for tab in (one, other):
        expect(tab.locator("#edit-prompt")).to_have_value(MINE)
        expect(tab.locator("#edit-response")).to_have_value("A noble gas, as the other wrote.")
    other.locator("#edit-judge_system_prompt").evaluate("field => field.closest('details').open = true")
    other.locator("#edit-judge_system_prompt").fill("Judge {criteria} strictly.")
    all_saved(other)
    expect(one.locator("#edit-judge_system_prompt")).to_have_value("Judge {criteria} strictly.")
    assert product.session(sid)["task"]["prompt"] == MINE
    assert request_log.sent("PATCH", "/task") == 3


@pytest.mark.parametrize(("button", "stays"), [("Keep this version", MINE), ("Use the other tab’s version", THEIRS)])
def test_the_same_field_written_in_two_tabs_asks(
    page: Page, product: Product, request_log: RequestLog, button: str, stays: str
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid, act="task")
    just_before_saving(page, product, sid, {"prompt": THEIRS, "response": "Theirs alone."})
    page.locator("#edit-prompt").fill(MINE)
    expect(page.get_by_role("alert").filter(has_text="The prompt was also changed elsewhere.")).to_be_visible()
    expect(page.locator("#edit-prompt")).to_have_value(MINE)
    assert product.session(sid)["task"]["prompt"] == THEIRS
    page.get_by_role("button", name=button).click()
    all_saved(page)
    expect(page.locator("#edit-prompt")).to_have_value(stays)
    task = product.session(sid)["task"]
    assert (task["prompt"], task["response"]) == (stays, "Theirs alone.")
    page.reload()
    expect(page.locator("#edit-prompt")).to_have_value(stays)


@pytest.mark.parametrize(("button", "stays"), [("Keep this version", "Words of the second tab."), ("Use the other tab’s version", "Words of the first tab.")])  # fmt: skip
@pytest.mark.parametrize("saved_before", [pytest.param(False, marks=pytest.mark.long), True])
def test_a_review_written_in_two_tabs_offers_the_stored_one(
    tabs: BrowserContext, product: Product, request_log: RequestLog, button: str, stays: str, saved_before: bool
) -> None:
    request_log.allow_rejections()
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    product.run(sid, 8)
    chosen = [one["hunt_id"] for one in product.hunts(sid)][:4]
    product.http.put(f"/api/sessions/{sid}/selection", json={"hunt_ids": chosen}).raise_for_status()
    if saved_before:
        card = product.http.get(f"/api/sessions/{sid}/desk").json()["cards"][0]["card_id"]
        body = {"verdicts": {"C1": "PASS"}, "explanation": "As it was."}
        product.http.put(f"/api/sessions/{sid}/reviews/{card}", json=body).raise_for_status()
    one, other = tabs.new_page(), tabs.new_page()
    for tab in (one, other):
        go_to(tab, sid, act="review")
        choose_card(tab, 1)
    one.locator("#review-words").fill("Words of the first tab.")
    review_saved(one)
    other.locator("#review-words").fill("Words of the second tab.")
    expect(other.locator("review-card .judging [role=status]")).to_have_text("Changed in another tab")
    assert [one["explanation"] for one in product.session(sid)["reviews"]] == ["Words of the first tab."]
    other.locator("review-card").get_by_role("button", name=button).click()
    review_saved(other)
    expect(other.locator("#review-words")).to_have_value(stays)
    assert [one["explanation"] for one in product.session(sid)["reviews"]] == [stays]


def test_what_is_written_without_a_network_is_kept_and_saved_once(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid, act="task")
    cut(page)
    page.locator("#edit-prompt").fill(MINE)
    expect(state(page)).to_contain_text("saved in this browser")
    assert stored_edits(page, sid) == [{"prompt": MINE}]
    page.locator("#edit-response").fill("Written in the dark.")
    restore(page)
    all_saved(page)
    task = product.session(sid)["task"]
    assert (task["prompt"], task["response"]) == (MINE, "Written in the dark.")
    assert stored_edits(page, sid) == []
    version = product.session(sid)["version"]
    page.reload()
    expect(page.locator("#edit-prompt")).to_have_value(MINE)
    all_saved(page)
    assert product.session(sid)["version"] == version


def test_a_reload_before_anything_was_saved_brings_the_words_back(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid, act="task")
    page.route("**/task", lambda route: route.abort())
    page.locator("#edit-prompt").fill(MINE)
    expect(state(page)).to_contain_text("saved in this browser")
    page.reload()
    expect(page.locator("#edit-prompt")).to_have_value(MINE)
    page.unroute("**/task")
    page.evaluate("dispatchEvent(new Event('online'))")
    all_saved(page)
    assert product.session(sid)["task"]["prompt"] == MINE


@pytest.mark.parametrize("busy", [False, True], ids=["", "too busy to answer"])
def test_unsaved_text_of_another_open_tab_is_not_overwritten_and_can_be_copied(
    tabs: BrowserContext, product: Product, request_log: RequestLog, busy: bool
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    one = tabs.new_page()
    if busy:
        one.add_init_script("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")
    go_to(one, sid, act="task")
    one.route("**/task", lambda route: route.abort())
    one.locator("#edit-prompt").fill(THEIRS)
    expect(state(one)).to_contain_text("saved in this browser")
    other = tabs.new_page()
    go_to(other, sid, act="task")
    expect(other.locator("save-bar")).to_contain_text("Another open tab has text for this task that is not saved.")
    expect(other.locator("#edit-prompt")).not_to_have_value(THEIRS)
    other.locator("#edit-response").fill("Written in the second tab.")
    all_saved(other)
    assert stored_edits(other, sid) == [{"prompt": THEIRS}]
    tabs.grant_permissions(["clipboard-read"])
    other.get_by_role("button", name="Copy the text").click()
    assert other.evaluate("navigator.clipboard.readText()") == THEIRS
    one.unroute("**/task")
    one.evaluate("dispatchEvent(new Event('online'))")
    all_saved(one)
    expect(other.locator("save-bar .caution").locator("visible=true")).to_have_count(0)
    expect(other.locator("#edit-prompt")).to_have_value(THEIRS)
    assert product.session(sid)["task"]["response"] == "Written in the second tab."


@pytest.mark.parametrize("by", ["this release", "an earlier release"])
def test_text_that_a_closed_tab_left_unsaved_is_restored(
    tabs: BrowserContext, product: Product, request_log: RequestLog, by: str
) -> None:
    """Also text that an earlier release stored: one entry for all tabs."""
    request_log.allow_rejections()
    sid = product.open_example()
    closed = tabs.new_page()
    go_to(closed, sid, act="task")
    if by == "this release":
        closed.route("**/task", lambda route: route.abort())
        closed.locator("#edit-prompt").fill(MINE)
        expect(state(closed)).to_contain_text("saved in this browser")
    else:
        entry = {"edits": {"prompt": MINE}, "base": {"prompt": product.session(sid)["task"]["prompt"]}}
        script = "([sid, entry]) => localStorage.setItem(`model-hunter.draft.${sid}`, JSON.stringify(entry))"
        closed.evaluate(script, [sid, entry])
    closed.close()
    page = tabs.new_page()
    go_to(page, sid, act="task")
    expect(page.locator("#edit-prompt")).to_have_value(MINE)
    all_saved(page)
    assert stored_edits(page, sid) == []
    assert product.session(sid)["task"]["prompt"] == MINE


def test_words_of_a_session_that_ended_under_the_hands_stay_in_the_browser(
    tmp_path: Path, own_product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    """In memory mode a restarted server knows nothing; what was being typed is still here, to be copied."""
    request_log.allow_rejections()
    sid = own_product.open_example()
    page = new_context(base_url=own_product.url).new_page()
    request_log.origin = own_product.url
    go_to(page, sid, act="task")
    own_product.kill()
    page.locator("#edit-prompt").fill(MINE)
    expect(state(page)).to_contain_text("saved in this browser")
    own_product.start()
    expect(
        page.get_by_role("heading", name="Session not found. It may have been deleted or have expired.")
    ).to_be_visible(timeout=20_000)
    assert stored_edits(page, sid) == [{"prompt": MINE}]
    expect(page.locator(".elsewhere .unsaved")).to_contain_text(MINE)
    page.reload()
    expect(page.locator(".elsewhere .unsaved")).to_contain_text(MINE)


def test_criteria_are_removed_restored_pasted_moved_and_undone(page: Page, product: Product) -> None:
    sid = product.open_example()
    loaded = product.session(sid)["task"]["criteria"]
    ids = [one["id"] for one in loaded]

    def saved_ids() -> list[str]:
        all_saved(page)
        return [one["id"] for one in product.session(sid)["task"]["criteria"]]

    go_to(page, sid, act="task")
    page.get_by_role("button", name=f"Remove {ids[1]}").click()
    missing = page.locator("criteria-editor .missing li")
    expect(missing).to_contain_text(f"{ids[1]} MISSING {loaded[1]['text']}")
    assert saved_ids() == [one for one in ids if one != ids[1]]
    page.reload()
    expect(missing).to_have_count(1)
    page.get_by_role("button", name=f"Restore {ids[1]}").click()
    expect(missing).to_have_count(0)
    assert saved_ids() == ids
    assert product.session(sid)["task"]["criteria"] == loaded

    page.get_by_text("Paste a list").click()
    page.locator("#paste-criteria").fill("1. Is it kind?\n2. Is it short,\n   and to the point?")
    page.get_by_role("button", name="Add them").click()
    expect(criteria(page)).to_have_count(len(ids) + 2)
    more = saved_ids()
    assert [one["text"] for one in product.session(sid)["task"]["criteria"]][len(ids):] == ["Is it kind?", "Is it short,\nand to the point?"]  # fmt: skip

    page.get_by_label(f"Criterion {more[-1]}").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_label(f"Criterion {more[-1]}")).to_be_focused()
    moved = [*ids, more[-1], more[-2]]
    assert saved_ids() == moved
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    assert saved_ids() == more
    undo.click()
    assert saved_ids() == ids
    page.reload()
    expect(criteria(page)).to_have_count(len(ids))
