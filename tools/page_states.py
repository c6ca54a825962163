"""How to come to every state of the hunting page, each from where the one before it has ended.

Everything is done by what a trainer does: a task, its check, a run, a selection, the reviews, the reveal, the notebook.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Page

EXAMPLE = "Cake"
MODELS = ("hasty", "careful")
HUNTS = "16"
ALL_EDITED = re.compile(r"(\d+) of \1 criteria have an edit")
ALL_REVIEWED = re.compile(r"(\d+) of \1 reviews complete")
WHY = "It keeps to the form that was asked for, but one of the demands is missed."
NOT_A_NOTEBOOK = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"These are not cells."}


def _start(page: Page) -> None:
    page.goto("/")
    page.locator("start-view .example").first.wait_for()


def _refused(page: Page) -> None:
    page.locator("#load-file").set_input_files(NOT_A_NOTEBOOK)  # type: ignore[arg-type]
    page.locator("load-card .problem").wait_for()


def _blank(page: Page) -> None:
    page.get_by_role("button", name="Write a new task").click()
    page.locator("task-editor").wait_for()


def _fresh(page: Page) -> None:
    page.goto("/#/")
    page.locator("start-view .example", has_text=EXAMPLE).click()
    page.locator("hunt-plan").wait_for()


def _task(page: Page) -> None:
    _step(page, "Task")
    page.locator("criteria-editor .writing-row").first.wait_for()


def _checked(page: Page) -> None:
    page.locator("task-editor check-panel button").click()
    page.locator("task-editor check-panel[data-state=passed]").wait_for()
    page.get_by_role("button", name="Try once").click()
    page.locator("trial-panel .trial .tag.held, trial-panel .trial .tag.broke").wait_for()
    page.evaluate("scrollTo(0, 0)")


def _two_sided(page: Page) -> None:
    panel = page.locator("two-sided-panel")
    panel.locator("#edits-by").select_option("simulated/hasty")
    panel.get_by_role("button", name="Propose edits").click()
    panel.get_by_text(ALL_EDITED).wait_for()
    panel.get_by_role("button", name="Judge the edits").click()
    panel.locator("tbody .mark.fail").first.wait_for()
    panel.scroll_into_view_if_needed()


def _picker(page: Page) -> None:
    _step(page, "Hunt")
    page.get_by_role("button", name="Choose models").click()
    for item in page.locator("model-picker [aria-label=Simulated] li").all():
        item.get_by_role("checkbox").set_checked(item.locator(".mono").inner_text() in MODELS)


def _hunting(page: Page) -> None:
    page.locator("model-picker").get_by_role("button", name="Close").click()
    page.locator("hunt-plan .common").get_by_role("button", name=HUNTS, exact=True).click()
    page.locator("#plan-stop").select_option("breaks")
    page.get_by_label("Number of breaks").fill(HUNTS)  # as many as hunts: there is a forecast, and all are made
    page.locator("hunt-plan .start").click()
    page.locator("hunt-table .row[data-status=held], hunt-table .row[data-status=broke]").nth(2).wait_for()


def _hunted(page: Page) -> None:
    page.locator("run-list .run[data-status=completed]").first.wait_for()
    page.evaluate("scrollTo(0, 0)")


def _sealed(page: Page) -> None:
    _open_first(page, "broke")


def _turn(page: Page) -> None:
    page.keyboard.press("Escape")
    _open_first(page, "held")
    page.get_by_role("button", name="Continue from this reply").click()
    page.get_by_role("dialog", name="Another turn").wait_for()


def _comparison(page: Page) -> None:
    for _ in ("the turn's dialog", "the hunt under it"):
        page.keyboard.press("Escape")
    page.get_by_role("link", name="Open hunt 1", exact=True).focus()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Compare two replies")
    dialog.locator(".others button").first.click()
    dialog.locator("ins, del").first.wait_for()


def _selected(page: Page) -> None:
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Propose").click()
    page.locator("selection-tray .slot a:visible").nth(3).wait_for()
    page.evaluate("scrollTo(0, 0)")


def _desk(page: Page) -> None:
    page.get_by_role("link", name="Review them").click()
    page.locator("review-card .to-judge").first.wait_for()
    for card in page.locator("review-view .cards button").all():
        card.click()
        for mark in page.locator("review-card .to-judge").all():
            mark.get_by_role("button", name="PASS").click()
        page.locator("review-card .to-judge").last.get_by_role("button", name="FAIL").click()
        page.locator("#review-words").fill(WHY)
    page.get_by_text(ALL_REVIEWED).wait_for()
    page.evaluate("scrollTo(0, 0)")


def _sure(page: Page) -> None:
    page.get_by_role("button", name="Reveal the judge’s verdicts").click()
    page.get_by_role("button", name="Reveal and lock").wait_for()


def _revealed(page: Page) -> None:
    page.get_by_role("button", name="Reveal and lock").click()
    page.locator("agreement-table .compared li").first.wait_for()
    page.locator("corrected-rates .conclusion").first.wait_for()


def _unsealed(page: Page) -> None:
    _step(page, "Hunt")
    page.locator("hunt-table .row .mark").first.wait_for()
    _open_first(page, "broke")


def _robustness(page: Page) -> None:
    page.keyboard.press("Escape")
    _step(page, "Task")
    panel = page.locator("robustness-panel")
    panel.locator("#robustness-replies").fill("1")
    panel.get_by_role("button", name="Test the judge").click()
    panel.get_by_role("button", name="Test again").and_(page.locator(":enabled")).wait_for()
    panel.scroll_into_view_if_needed()


def _deliver(page: Page) -> None:
    _step(page, "Deliver")
    page.locator("delivery-view .cell-change[data-change=changed] summary").first.click()
    page.locator("delivery-view .cell-change[data-change=changed] .words").first.wait_for()


def _keys(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()


def _home(page: Page) -> None:
    with page.expect_event("framenavigated"):  # closing a dialog goes back, which would undo a navigation meanwhile
        page.keyboard.press("Escape")
    page.goto("/#/")
    page.locator("task-list .tasks li", has_text="Revealed").first.wait_for()  # listed once the library has it


def _ended(page: Page) -> None:
    page.goto("/#/s/s_of_yesterday")
    page.get_by_role("heading", name="Session not found. It may have been deleted or have expired.").wait_for()


def _unreachable(page: Page) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/#/s/s_of_today")
    page.get_by_role("heading", name="The server cannot be reached.").wait_for()
    page.unroute("**/api/**")


def _step(page: Page, act: str) -> None:
    page.locator("session-steps .step", has=page.get_by_text(act, exact=True)).click()


def _open_first(page: Page, standing: str) -> None:
    row = page.locator(f"hunt-table .row[data-status={standing}] a").first
    row.scroll_into_view_if_needed()
    row.click()
    page.frame_locator("hunt-panel iframe").locator("body > *").first.wait_for()


STATES: dict[str, Callable[[Page], None]] = {
    "01-start": _start, "02-refused": _refused, "03-blank": _blank, "04-fresh": _fresh, "05-task": _task,
    "06-checked": _checked, "06-two-sided": _two_sided, "07-picker": _picker, "08-hunting": _hunting,
    "09-hunted": _hunted, "10-sealed": _sealed, "11-turn": _turn, "12-comparison": _comparison,
    "13-selected": _selected, "14-desk": _desk, "15-sure": _sure, "16-revealed": _revealed, "17-unsealed": _unsealed,
    "17-robustness": _robustness, "18-deliver": _deliver, "19-keys": _keys, "20-home": _home, "21-ended": _ended,
    "22-unreachable": _unreachable,
}  # fmt: skip
