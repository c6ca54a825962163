"""A blind session before the reveal: all that reaches the browser is written down, and nothing of the judge is in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.product import Product
from tests.browser.trainer import (
    check_reference,
    choose_models,
    go_to,
    open_hunt,
    plan_hunts,
    review_by_keyboard,
    row,
    session_id,
    start_button,
    step_to,
    wait_for_end,
)  # fmt: skip

pytestmark = pytest.mark.browser
REPORT_EVENTS = """
const realFetch = window.fetch;
window.fetch = async (...asked) => {
  const answer = await realFetch(...asked);
  const body = await answer.clone().text();
  await window.tellBody(answer.url, body);
  return answer;
};
window.EventSource = class extends EventSource {
  addEventListener(type, heard) {
    super.addEventListener(type, (message) => {
      if (message.data) window.tellEvent(message.data);
      heard(message);
    });
  }
};
"""
REPORT_DOCUMENT = """
if (window === top) new MutationObserver((changes) => {
  const changed = changes.flatMap(({type, target, attributeName, addedNodes}) => {
    if (type === "attributes") return [target.getAttribute(attributeName) ?? ""];
    if (type === "characterData") return [target.data];
    return [...addedNodes].map((node) => node.outerHTML ?? node.data ?? "");
  });
  window.tellDocument(changed.join(" "));
}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
"""
OF_THE_JUDGE = ("verdicts", "judged", "judge_raw", "reasons", "raw_judge")
SEALED_VALUES = {"passed": None, "criteria": None, "judge_cost_usd": None}
NOT_ON_THE_DESK = {"hunt_id", "number", "outcome", "model", "latency_ms", "cost_usd", "judge_cost_usd", "run_id"}


class Recorder:
    """Every body and event that this context has seen, whatever came into its document at any time, and the whole
    document at each look.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.bodies: list[tuple[str, str]] = []
        self.events: list[str] = []
        self.looks: list[str] = []
        self.changes: list[str] = []
        context.expose_function("tellDocument", lambda text: self.changes.append(text))
        context.add_init_script(REPORT_DOCUMENT)
        context.expose_function("tellEvent", lambda event: self.events.append(event))
        context.add_init_script(REPORT_EVENTS)
        context.expose_function("tellBody", lambda url, body: self.bodies.append((url, body)))

    def look(self, page: Page) -> None:
        """Writes down the whole document, hidden parts and attributes too."""
        self.looks.append(page.content())

    def everything(self) -> Iterator[str]:
        yield from (body for _, body in self.bodies)
        yield from self.events
        yield from self.looks
        yield from self.changes

    def json(self) -> Iterator[Any]:
        for text in (*(body for _, body in self.bodies), *self.events):
            yield json.loads(text)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    return new_context()


@pytest.mark.timeout(180)
def test_nothing_of_the_judge_reaches_the_browser_before_the_reveal(context: BrowserContext, product: Product) -> None:
    recorder = Recorder(context)
    page = context.new_page()
    go_to(page)
    page.locator("start-view .example").filter(has_text="cake").click()
    sid = session_id(page)
    check_reference(page)
    choose_models(page, "hasty", "careful")
    plan_hunts(page, 12)
    start_button(page).click()
    recorder.look(page)
    wait_for_end(page)
    expect(page.locator("hunt-table .sealed-note")).to_be_visible()
    recorder.look(page)
    panel = open_hunt(page, 2)
    expect(panel.frame_locator("iframe").locator("body")).not_to_be_empty()
    panel.get_by_role("tab", name="Raw").click()
    recorder.look(page)
    with page.expect_response("**/rejudge"):
        panel.get_by_role("button", name="Judge again").click()
    expect(panel.locator("header .tag").first).to_have_text(re.compile("Broke|Held"))
    recorder.look(page)
    page.keyboard.press("Escape")
    compare_search_and_sort(page)
    recorder.look(page)
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(4)
    page.reload()
    expect(row(page, 1)).to_be_visible()
    recorder.look(page)
    for act in ("task", "deliver"):
        step_to(page, act)
        recorder.look(page)
    expect(page.locator("delivery-view .cell-change").first).to_be_visible()
    expect(page.locator("deliver-card")).to_contain_text("A session resumed from it has none")
    for summary in page.locator("delivery-view summary").all():
        summary.click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download the notebook").click()
    exported = downloading.value.path().read_text(encoding="utf-8")
    recorder.look(page)
    step_to(page, "review")
    desk_alone(page, product, sid)
    for number in range(1, 7):
        review_by_keyboard(page, number, "It reads well and does all of what was asked for in it.")
        recorder.look(page)
    page.reload()
    expect(page.locator("review-view .review-head")).to_contain_text("6 of 6 reviews complete")
    recorder.look(page)
    read_elsewhere(product, sid, recorder)

    product.http.post(f"/api/sessions/{sid}/reveal", json={}).raise_for_status()
    judge_is_nowhere(product, sid, recorder, exported)
    desks = [json.loads(body) for url, body in recorder.bodies if url.endswith("/desk")]
    assert desks
    assert [
        sorted(NOT_ON_THE_DESK & one.keys()) for desk in desks for one in walk(desk) if NOT_ON_THE_DESK & one.keys()
    ] == []


def compare_search_and_sort(page: Page) -> None:
    row(page, 1).get_by_role("link").focus()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Compare two replies")
    dialog.locator(".others button").first.click()
    expect(dialog.locator("h3").nth(1)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Sort by").select_option("outcome")
    with page.expect_response("**/hunts?*texts=true*"):
        page.get_by_label("Search in replies").fill("e")
    page.get_by_label("Search in replies").fill("")
    page.get_by_label("Sort by").select_option("number")


def desk_alone(page: Page, product: Product, sid: str) -> None:
    """On the desk no outcome, number or model: neither in sight nor in the cards' own part of the document."""
    expect(page.locator("review-card .to-judge").first).to_be_visible()
    hunts = product.hunts(sid)
    chosen = product.session(sid)["selection"]["hunt_ids"]
    for text in (page.locator("review-view").evaluate("desk => desk.outerHTML"), page.locator("main").inner_text()):
        assert [word for word in ("simulated/", "hasty", "careful", "Broke", "Held", *chosen) if word in text] == []
        assert not any(f"#{one['number']}<" in text or f"Hunt {one['number']}" in text for one in hunts)


def read_elsewhere(product: Product, sid: str, recorder: Recorder) -> None:
    """What the page does not ask for can be asked for by a curious person."""
    hunts = product.hunts(sid)
    for path in ("", "/hunts?texts=true", "/insights", "/selection/proposal", "/desk", "/export", "/events?format=json&after=0-0",
                 *(f"/hunts/{one['hunt_id']}" for one in hunts)):  # fmt: skip
        response = product.http.get(f"/api/sessions/{sid}{path}")
        response.raise_for_status()
        recorder.bodies.append((str(response.url), response.text))


def judge_is_nowhere(product: Product, sid: str, recorder: Recorder, exported: str) -> None:
    session = product.session(sid)
    known = {verdict["reason"] for verdict in session["check"]["verdicts"]}  # of the reference, which is shown
    known |= {criterion["text"] for criterion in session["task"]["criteria"]}
    hunts = [product.http.get(f"/api/sessions/{sid}/hunts/{one['hunt_id']}").json() for one in product.hunts(sid)]
    judgings = [one["verdicts"] for one in hunts] + [past["verdicts"] for one in hunts for past in one["judged"]]
    reasons = {verdict["reason"] for verdicts in judgings for verdict in verdicts} - known - {""}
    assert len(reasons) >= 4
    seen = [*recorder.everything(), exported]
    assert [
        reason for reason in reasons if any(reason in text or json.dumps(reason)[1:-1] in text for text in seen)
    ] == []
    sealed = [one for value in recorder.json() for one in walk(value) if "hunt_id" in one and "outcome" in one]
    assert len({one["hunt_id"] for one in sealed}) == len(hunts)
    assert [one for one in sealed if any(one.get(name) for name in OF_THE_JUDGE)] == []
    assert [one for one in sealed for name, value in SEALED_VALUES.items() if one.get(name, value) != value] == []
    objects = [one for value in recorder.json() for one in walk(value)]
    assert {one["judge_cost_usd"] for one in objects if "judge_cost_usd" in one} == {None}
    assert {one["finished_at"] for one in sealed if one.get("usage")} == {None}
    assert [one for one in objects if "card_id" in one and {"hunt_id", "number", "outcome"} & one.keys()] == []
    chosen = [json.loads(body) for url, body in recorder.bodies if url.endswith("/selection")]
    assert not any("card_id" in one for answer in chosen for one in walk(answer))
    assert any("Typing" in change for change in recorder.changes), "short states of the document are seen too"
    assert not any("data-many" in look or 'class="mark' in table_of(look) for look in recorder.looks)


def table_of(look: str) -> str:
    return look.partition("<hunt-table")[2].partition("</hunt-table>")[0]


def test_an_open_session_shows_the_judge_at_once_and_says_so_on_the_desk_and_in_the_notebook(
    context: BrowserContext, product: Product
) -> None:
    """The other mode: what is sealed above is what is shown here."""
    recorder = Recorder(context)
    page = context.new_page()
    sid = product.open({"example": "cake-acrostic", "visibility": "open"})
    product.run(sid, 8)
    go_to(page, sid)
    expect(row(page, 1).locator(".mark").first).to_be_visible()
    expect(page.locator("hunt-table .sealed-note")).to_be_hidden()
    panel = open_hunt(page, 1)
    first = product.http.get(f"/api/sessions/{sid}/hunts/{product.hunts(sid)[0]['hunt_id']}").json()
    expect(panel.locator(".judged")).to_contain_text(first["verdicts"][0]["reason"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(4)
    step_to(page, "review")
    expect(page.locator("review-view")).to_contain_text("This session is open")
    for number in range(1, 5):
        review_by_keyboard(page, number, "It reads well and does all of what was asked for in it.")
    recorder.look(page)
    assert any(first["verdicts"][0]["reason"] in change for change in recorder.changes), "the recorder sees reasons"
    product.http.post(f"/api/sessions/{sid}/reveal", json={}).raise_for_status()
    assert "made with the judge's verdicts in view" in product.http.get(f"/api/sessions/{sid}/export").text
