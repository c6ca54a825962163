"""The trainer's whole day on the page: from an empty template to a delivered notebook, with a reload at each step."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.trainer import (
    all_saved,
    choose_models,
    go_to,
    load_file,
    open_hunt,
    plan_hunts,
    press_download,
    review_by_keyboard,
    rows,
    session_id,
    start_button,
    step_to,
    wait_for_end,
)  # fmt: skip

pytestmark = pytest.mark.browser
WHY = "This reply does what the prompt asks for in most of its parts, card {}."


def reload(page: Page) -> None:
    page.reload()
    expect(page.locator("session-steps")).to_be_visible()


def write_task(page: Page, task: dict[str, Any]) -> None:
    page.locator("#edit-prompt").fill(task["prompt"])
    page.locator("#edit-response").fill(task["response"])
    page.get_by_text("Paste a list").click()
    page.locator("#paste-criteria").fill("\n".join(f"- {one['text']}" for one in task["criteria"]))
    page.get_by_role("button", name="Add them").click()
    all_saved(page)


def hunt(page: Page, runs: int) -> None:
    """One more run on top of those that are there."""
    start_button(page).click()
    expect(page.locator("run-list .run")).to_have_count(runs)
    wait_for_end(page)


def reveal(page: Page) -> None:
    page.get_by_role("button", name="Reveal the judge’s verdicts").click()
    page.get_by_role("button", name="Reveal and lock").click()
    expect(page.locator("agreement-table .compared li").first).to_be_visible()


def download(page: Page, path: Path) -> dict[str, Any]:
    with page.expect_download() as downloading:
        press_download(page)
    downloading.value.save_as(path)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    return dict(notebook)


@pytest.mark.timeout(180)
def test_from_an_empty_template_to_a_delivered_notebook_that_loads_back_whole(
    page: Page, product: Product, tmp_path: Path
) -> None:
    task = product.session(product.open_example())["task"]
    go_to(page)
    page.get_by_role("button", name="Write a new task").click()
    sid = session_id(page)
    expect(page.locator("task-editor")).to_be_visible()
    assert product.session(sid)["visibility"] == "blind"

    write_task(page, task)
    reload(page)
    expect(page.locator("#edit-prompt")).to_have_value(task["prompt"])
    expect(page.locator("criteria-editor .writing-row textarea")).to_have_count(len(task["criteria"]))
    written = product.session(sid)["task"]
    assert [one["text"] for one in written["criteria"]] == [one["text"] for one in task["criteria"]]

    page.get_by_role("button", name="Check the reference").click()
    expect(page.locator("task-editor check-panel strong")).to_have_text("The reference passes")
    reload(page)
    expect(page.locator("task-editor check-panel strong")).to_have_text("The reference passes")

    step_to(page, "hunt")
    choose_models(page, "hasty", "careful")
    plan_hunts(page, 8)
    hunt(page, 1)
    reload(page)
    hunt(page, 2)
    reload(page)
    expect(page.locator("hunt-table .chip").first).to_have_text("All 16")
    assert [one["number"] for one in product.hunts(sid)] == list(range(1, 17))

    page.get_by_role("button", name="Propose").click()
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(4)
    chosen = product.session(sid)["selection"]["hunt_ids"]
    reload(page)
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(4)

    page.get_by_role("link", name="Review them").click()
    explanations = []
    expect(page.locator("review-view .audit")).to_contain_text("2 of the replies below were drawn")
    for number in range(1, 7):
        explanations.append(WHY.format(number))
        review_by_keyboard(page, number, explanations[-1])
        reload(page)
        expect(page.locator("review-view .review-head")).to_contain_text(f"{number} of 6 reviews complete")
    reveal(page)
    session = product.session(sid)
    assert sorted(one["explanation"] for one in session["reviews"]) == explanations
    assert session["selection"]["hunt_ids"] == chosen
    reload(page)
    told = session["agreement"]
    expect(page.locator("agreement-table .total")).to_contain_text(
        f"You agree on {told['agree']} of {told['agree'] + told['disagree']} verdicts"
    )

    corrected_rates_are_shown(page, product, sid)

    step_to(page, "deliver")
    expect(page.locator("delivery-view .cell-change[data-change=changed]").first).to_be_visible()
    expect(page.locator("deliver-card")).to_contain_text("The notebook will state 16 attempts.")
    reload(page)
    notebook = download(page, tmp_path / "day.ipynb")

    page.get_by_role("link", name="Model Hunter").click()
    expect(page.locator("start-view .recent a").first).to_contain_text(
        "you and the judge disagree on the selected hunts" if session["comparison"]["differ"] else "ready to deliver"
    )
    load_file(page, "day.ipynb", (tmp_path / "day.ipynb").read_bytes())
    expect(page).not_to_have_url(f"/#/s/{sid}")
    again = session_id(page)
    assert_whole(product, product.open({"notebook": notebook, "name": "again.ipynb"}), session)
    assert_whole(product, again, session)
    step_to(page, "review")
    expect(page.locator("agreement-table .total")).to_contain_text(f"You agree on {told['agree']} of")


def corrected_rates_are_shown(page: Page, product: Product, sid: str) -> None:
    """All models together, and each, in the words of the API."""
    (group,) = product.http.get(f"/api/sessions/{sid}/corrected-rates").json()["groups"]
    assert group["rows"][0]["audited_held"] == 2
    shown = page.locator("corrected-rates section > .sentences li")
    expect(shown).to_have_text(group["rows"][0]["sentences"], timeout=15_000)
    page.locator("corrected-rates summary").click()
    expect(page.locator("corrected-rates dt")).to_have_text([row["label"] for row in group["rows"][1:]])
    sentences = [one for row in group["rows"][1:] for one in row["sentences"]]
    expect(page.locator("corrected-rates dd li")).to_have_text(sentences)
    expect(page.get_by_label("Replies that held, drawn at random")).to_be_disabled()


def assert_whole(product: Product, again: str, before: dict[str, Any]) -> None:
    """The session that the exported notebook opened is the one that it was exported from."""
    after = product.session(again)
    for name in ("prompt", "response", "criteria"):
        assert after["task"][name] == before["task"][name]
    assert after["revealed"] is True
    assert after["attempts_made"] == before["attempts_made"] == 16
    assert said(after) == said(before)
    assert {name: after["agreement"][name] for name in ("agree", "disagree", "unclear")} == {
        name: before["agreement"][name] for name in ("agree", "disagree", "unclear")
    }


def said(session: dict[str, Any]) -> list[tuple[str, dict[str, str], int]]:
    """Every review as (explanation, verdicts, score)."""
    return sorted(
        ((one["explanation"], one["verdicts"], one["score"]) for one in session["reviews"]), key=lambda one: one[0]
    )


def test_a_turn_is_undone_while_nothing_has_happened_in_it(page: Page, product: Product) -> None:
    sid = product.open_example()
    asked = product.session(sid)["task"]["prompt"]
    product.check(sid)
    product.run(sid, 12, "simulated/careful")
    held = next(one for one in product.hunts(sid) if one["outcome"] == "held")
    go_to(page, sid)
    open_hunt(page, held["number"]).get_by_role("button", name="Continue from this reply").click()
    page.locator("#turn-prompt").fill("Now say the same in one sentence.")
    page.locator("#turn-response").fill("One sentence says it.")
    page.locator("#turn-criteria").fill("Is the reply one sentence?\nIs the reply kind?\nIs the reply short?")
    page.get_by_role("button", name="Start the turn").click()
    page.get_by_role("button", name="Undo turn 2").click()
    expect(page.locator("turn-history")).to_be_hidden()
    expect(page.locator("#edit-prompt")).to_have_value(asked)
    assert (product.session(sid)["turn"], product.session(sid)["turns"]) == (1, [])
    step_to(page, "hunt")
    expect(rows(page)).to_have_count(12)


def test_a_second_turn_continues_from_a_held_reply_and_is_exported(
    page: Page, product: Product, tmp_path: Path
) -> None:
    sid = product.open_example()
    product.check(sid)
    product.run(sid, 12, "simulated/careful")
    held = next(one for one in product.hunts(sid) if one["outcome"] == "held")
    go_to(page, sid)
    open_hunt(page, held["number"]).get_by_role("button", name="Continue from this reply").click()
    page.locator("#turn-prompt").fill("Now say the same in one sentence.")
    page.locator("#turn-response").fill("One sentence says it.")
    page.locator("#turn-criteria").fill("Is the reply one sentence?\nIs the reply kind?\nIs the reply short?")
    page.get_by_role("button", name="Start the turn").click()
    expect(page.locator("turn-history h2")).to_have_text("Turn 2 of a conversation")
    reload(page)
    expect(page.locator("turn-history h2")).to_have_text("Turn 2 of a conversation")
    page.locator("turn-history summary").click()
    expect(page.locator("turn-history .words").nth(1)).to_have_text(held["response"])
    expect(page.locator("#edit-prompt")).to_have_value("Now say the same in one sentence.")
    step_to(page, "hunt")
    expect(page.locator("hunt-table .empty")).to_contain_text("No hunts yet.")
    product.run(sid, 4, "simulated/hasty", override_check=True)
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_role("button", name="Undo turn 2", include_hidden=True)).to_be_hidden()
    step_to(page, "deliver")
    expect(page.locator("delivery-view .cell-change").first).to_be_visible()
    again = product.session(product.open({"notebook": download(page, tmp_path / "turns.ipynb"), "name": "turns.ipynb"}))
    assert again["turn"] == 2
    assert [(one["number"], one["selected_response"]) for one in again["turns"]] == [(1, held["response"])]
    assert again["task"]["prompt"] == "Now say the same in one sentence."
