"""What a trainer does and sees on the page, in a trainer's words. Everything waits for what is seen."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

FINISHED = re.compile("finished|cancelled after|stopped after")


PLACES = {"hunt": ".hunt-layout", "task": "task-editor", "review": "review-view", "deliver": ".delivering"}

HIDEABLE = """
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.setHidden = (value) => { hidden = value; document.dispatchEvent(new Event("visibilitychange")); };
"""
"""In a headless browser every tab counts as looked at."""


def go_to(page: Page, sid: str = "", hunt_id: str = "", act: str = "hunt") -> None:
    """The start, an act of a session or a hunt of it, ready to be worked with."""
    rest = f"/h/{hunt_id}" if hunt_id else "" if act == "hunt" else f"/{act}"
    page.goto(f"/#/s/{sid}{rest}" if sid else "/")
    if sid:
        expect(page.locator(f"session-view > {PLACES[act]}")).to_be_visible()
    else:
        expect(page.get_by_role("heading", name="Find what breaks a model.")).to_be_visible()


def load_file(page: Page, name: str, content: bytes) -> None:
    page.locator("#load-file").set_input_files({"name": name, "mimeType": "application/json", "buffer": content})


def session_id(page: Page) -> str:
    """Of the session that has been opened, in whichever act."""
    expect(page.locator("session-steps")).to_be_visible()
    found = re.search(r"#/s/([^/]+)", page.url)
    assert found, page.url
    return found[1]


def step_to(page: Page, act: str) -> None:
    """To another act of the session by the trail."""
    page.locator("session-steps .step", has=page.get_by_text(act.title(), exact=True)).click()
    expect(page.locator(f"session-view > {PLACES[act]}")).to_be_visible()


def make_open(page: Page) -> None:
    """Chooses an open session, where verdicts are seen at once."""
    with page.expect_response(lambda response: response.url.endswith("/settings")) as answering:
        page.locator("#session-blind").uncheck()
    assert answering.value.json()["visibility"] == "open"


def check_reference(page: Page) -> None:
    page.get_by_role("button", name="Check the reference").click()
    expect(page.locator("check-panel strong")).to_have_text("The reference passes")


def choose_models(page: Page, *names: str) -> None:
    """Exactly these of the simulated models, as `hasty`."""
    page.get_by_role("button", name="Choose models").click()
    for box in page.locator("model-picker [aria-label=Simulated] li").all():
        box.get_by_role("checkbox").set_checked((box.locator(".mono").text_content() or "") in names)
    page.locator("model-picker").get_by_role("button", name="Close").click()
    expect(page.locator("hunt-plan .tag.model")).to_have_count(len(names))


def plan_hunts(page: Page, hunts: int) -> None:
    page.get_by_label("Hunts", exact=True).locator("visible=true").and_(page.locator("input")).fill(str(hunts))
    page.locator("#plan-hunts").press("Tab")
    expect(start_button(page)).to_have_text(re.compile(rf"Start {hunts} hunts?"))


def start_button(page: Page) -> Locator:
    return page.locator("hunt-plan .start")


def newest_run(page: Page) -> Locator:
    return page.locator("run-list .run").first


def wait_for_end(page: Page) -> None:
    expect(newest_run(page).locator(".run-state")).to_have_text(FINISHED, timeout=30_000)


def rows(page: Page) -> Locator:
    return page.locator("hunt-table .row")


def row(page: Page, number: int) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=f"Open hunt {number}", exact=True))


def open_hunt(page: Page, number: int) -> Locator:
    row(page, number).get_by_role("link").click()
    expect(page.locator("hunt-panel h2")).to_have_text(f"Hunt {number}")
    return page.locator("hunt-panel")


def what_is_shown(page: Page) -> dict[str, Any]:
    """The state of the page as a person reads it, as a value."""
    return {
        "task": page.locator("task-panel .task-title").inner_text(),
        "check": page.locator("check-panel .line").inner_text(),
        "runs": page.locator("run-list .run").all_inner_texts(),
        "chips": page.locator("hunt-table .chip").all_inner_texts(),
        "rows": page.locator("hunt-table .row").all_inner_texts(),
        "selection": page.locator("selection-tray .slot").all_inner_texts(),
        "trail": page.locator("session-steps .step").all_inner_texts(),
    }


def drawn(page: Page) -> None:
    """What was just done is shown: the page draws with the next frame, until then it reads as before."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")


def all_saved(page: Page) -> None:
    """What was written on the task is on the server."""
    drawn(page)
    expect(page.locator("save-bar .state")).to_have_text("All saved")


def choose_card(page: Page, number: int) -> None:
    page.locator("review-view .cards button").nth(number - 1).click()
    expect(page.locator("review-view .cards button").nth(number - 1)).to_have_attribute("aria-current", "true")


def review_by_keyboard(page: Page, number: int, why: str) -> None:
    """PASS and FAIL in turns on the card, then why; the keys lead from one to the next. Returns when it is saved."""
    choose_card(page, number)
    page.locator("review-card .to-judge button").first.focus()
    marks = page.locator("review-card .to-judge")
    for place in range(marks.count()):
        key = "pf"[(place + number) % 2]
        page.keyboard.press(key)
        pressed = marks.nth(place).locator(f".verdict-button.{'pass' if key == 'p' else 'fail'}")
        expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#review-words")).to_be_focused()
    page.keyboard.type(why)
    review_saved(page)


def press_download(page: Page) -> None:
    """Download, also when the reviews do not agree with the judge and the page asks about it."""
    page.get_by_role("button", name="Download the notebook").click()
    sure = page.get_by_role("button", name="Download anyway")
    # The question opens with the page's address, which is a moment after the press: wait for one of the two.
    expect(sure.or_(page.get_by_text("was downloaded."))).to_be_visible()
    if sure.is_visible():
        sure.click()


def review_saved(page: Page) -> None:
    drawn(page)
    expect(page.locator("review-card .judging [role=status]")).to_have_text("Saved")
