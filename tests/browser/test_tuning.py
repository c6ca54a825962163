"""Trying, stopping, retrying, comparing: what a trainer does between the task and the selection."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewContext, running
from tests.browser.product import SCRIPT, Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    choose_models,
    go_to,
    newest_run,
    open_hunt,
    plan_hunts,
    row,
    rows,
    start_button,
    wait_for_end,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hunted(product: Product) -> str:
    """An open session with 12 hunts of two models."""
    sid = product.open_example()
    product.check(sid)
    product.run(sid, 12, "simulated/hasty", "simulated/careful")
    return sid


def test_a_trial_is_judged_twice_and_does_not_count(page: Page, product: Product) -> None:
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    go_to(page, sid, act="task")
    page.locator("#trial-model").select_option("simulated/hasty")
    page.get_by_role("button", name="Try once").click()
    trial = page.locator("trial-panel .trial")
    expect(trial.locator(".tag")).to_have_text(re.compile("Broke|Held"))
    expect(trial.locator(".mark .visually-hidden").first).to_have_text(re.compile("C1 (PASS|FAIL)"))
    before = product.session(sid)["attempts_made"]
    trial.get_by_role("button", name="Judge again").click()
    trial.get_by_role("link").click()
    panel = page.locator("hunt-panel")
    expect(panel.locator("h2")).to_have_text("Trial 1")
    expect(panel.get_by_text("Earlier judgings")).to_be_visible()
    panel.get_by_text("Earlier judgings").click()
    expect(panel.locator(".history li")).to_have_count(1)
    count = len(product.session(sid)["task"]["criteria"])
    expect(panel.locator(".history .mark")).to_have_count(count)
    expect(panel.locator(".judged > .criteria > li")).to_have_count(count)
    expect(panel.get_by_role("button", name="Select for delivery")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("hunt-table .empty")).to_contain_text("No hunt")
    after = product.session(sid)
    assert (before, after["attempts_made"], after["counts"]["total"], after["trials"]["total"]) == (0, 0, 0, 1)


def test_a_run_stops_after_the_chosen_number_of_breaks(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    choose_models(page, "thinker")
    plan_hunts(page, 200)
    page.locator("#plan-stop").select_option("breaks")
    page.get_by_label("Number of breaks").fill("2")
    page.get_by_label("Number of breaks").press("Tab")
    start_button(page).click()
    expect(newest_run(page)).to_be_visible()
    wait_for_end(page)
    run = product.session(sid)["runs"][0]
    assert run["counts"]["broke"] >= 2
    assert run["counts"]["cancelled"] > 0
    assert run["counts"]["broke"] + run["counts"]["held"] < 200
    expect(newest_run(page).locator(".why.faint")).to_have_text(run["stop_reason"])
    page.reload()
    expect(page.locator("#plan-stop")).to_have_value("breaks")


def test_a_run_stops_at_the_first_of_several_limits_and_shows_how_sure_its_rate_is(
    page: Page, product: Product
) -> None:
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    choose_models(page, "thinker")
    plan_hunts(page, 200)
    page.locator("#plan-stop").select_option("any")
    page.get_by_label("Number of breaks").fill("30")
    page.get_by_label("US dollars").fill("")
    page.get_by_label("Worthwhile break rate in percent").fill("0.1")
    page.get_by_label("Worthwhile break rate in percent").press("Tab")
    start_button(page).click()
    expect(newest_run(page)).to_be_visible()
    wait_for_end(page)
    run = product.session(sid)["runs"][0]
    assert run["stop"] == {"rule": "any", "breaks": 30, "futility": 0.001}
    assert run["counts"]["broke"] >= 30
    interval = run["break_rate_interval"]
    assert interval["method"] == "confidence_sequence"
    words = f"In the long run, probably {interval['low']:.0%} to {interval['high']:.0%} of the hunts break."
    expect(newest_run(page)).to_contain_text(words)
    expect(page.locator("model-rates")).to_contain_text(
        "of 100 such ranges, 95 contain the rate of the long run (95% confidence sequence, valid at every moment)."
    )
    expect(page.locator("model-rates dd").first).to_contain_text(f"{interval['low']:.0%} to {interval['high']:.0%}")


@pytest.fixture
def silent_product(tmp_path: Path) -> Iterator[Product]:
    """A server whose models take a minute to answer."""
    yield from running(Product(tmp_path, {**SCRIPT, "target_latency_ms": 60_000, "models": {}}))


def test_one_hunt_is_cancelled_from_its_panel_and_the_others_continue(
    silent_product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    """In a run of 100 with 16 slots: hunts exist from their turn on, before that there is nothing to open or cancel."""
    sid = silent_product.open_example()
    rid = silent_product.begin_run(sid, 100)
    silent_product.wait_for_hunts(sid, 16)
    chosen = silent_product.hunts(sid)[-1]
    request_log.origin = silent_product.url
    page = new_context(base_url=silent_product.url, viewport={"width": 1440, "height": 1300}).new_page()
    go_to(page, sid, chosen["hunt_id"])
    panel = page.locator("hunt-panel")
    panel.get_by_role("button", name="Stop this hunt").click()
    expect(panel.locator("header .tag").first).to_have_text("Cancelled")
    expect(panel.get_by_role("button", name="Stop this hunt")).to_be_hidden()
    expect(row(page, chosen["number"]).locator(".tag").first).to_have_text("Cancelled")
    ended = [one["hunt_id"] for one in silent_product.hunts(sid) if one["status"] == "done"]
    assert ended == [chosen["hunt_id"]]
    assert silent_product.active_runs(sid) == [rid]
    expect(newest_run(page)).to_contain_text("1 cancelled")
    page.reload()
    expect(panel.locator("header .tag").first).to_have_text("Cancelled")


def test_errors_alone_are_retried(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 6, "simulated/hasty", "simulated/flaky")
    go_to(page, sid)
    newest_run(page).get_by_role("button", name="Retry 3 errors").click()
    expect(page.locator("run-list .run")).to_have_count(2)
    wait_for_end(page)
    first, second = product.session(sid)["runs"]
    assert (second["retry_of"], second["models"], second["counts"]["total"]) == (
        first["run_id"],
        ["simulated/flaky"],
        3,
    )
    expect(rows(page)).to_have_count(9)


def test_two_replies_are_compared_word_by_word_by_keyboard(page: Page, product: Product, hunted: str) -> None:
    one, other = product.hunts(hunted)[:2]
    go_to(page, hunted)
    row(page, 1).get_by_role("link").focus()
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Compare two replies")
    expect(dialog.locator(".others li")).to_have_count(11)
    dialog.locator(".others button", has_text="#2 ").click()
    expect(dialog.locator("h3").nth(0)).to_contain_text("Hunt 1")
    expect(dialog.locator("h3").nth(1)).to_contain_text("Hunt 2")
    expect(dialog.locator("section .text").nth(0)).to_have_text(one["response"])
    expect(dialog.locator("section .text").nth(1)).to_have_text(other["response"])
    assert dialog.locator("ins").count() + dialog.locator("del").count() > 0
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def shown(page: Page) -> list[int]:
    return [int(text.removeprefix("#")) for text in rows(page).get_by_role("link").all_inner_texts()]


def in_order(hunts: list[dict[str, Any]]) -> list[int]:
    return [one["number"] for one in hunts]


def test_hunts_are_sorted_filtered_and_searched(page: Page, product: Product, hunted: str) -> None:
    hunts = product.hunts(hunted)
    go_to(page, hunted)
    expect(page.locator("hunt-table .chip").first).to_have_text("All 12")
    page.get_by_label("Sort by").select_option("time")
    page.get_by_role("button", name="Ascending; switch to descending").click()
    expect(rows(page).first.get_by_role("link")).to_have_text(f"#{max(hunts, key=lambda one: (one['latency_ms'], -one['number']))['number']}")  # fmt: skip
    assert shown(page) == in_order(sorted(hunts, key=lambda one: (-one["latency_ms"], one["number"])))
    page.get_by_label("Sort by").select_option("number")
    page.get_by_role("button", name="Descending; switch to ascending").click()

    failing = [
        one for one in hunts if any(v["criterion_id"] == "C1" and v["verdict"] == "FAIL" for v in one["verdicts"])
    ]
    assert 0 < len(failing) < 12
    page.get_by_label("Filter by failed criterion").select_option("C1")
    expect(rows(page)).to_have_count(len(failing))
    assert shown(page) == in_order(failing)
    page.get_by_label("Filter by failed criterion").select_option("all")

    page.get_by_label("Filter by model").select_option("simulated/careful")
    careful = [one for one in hunts if one["model"] == "simulated/careful"]
    expect(rows(page)).to_have_count(len(careful))
    words = deep_words(careful)
    page.get_by_label("Search in replies").fill(words.upper())
    found = [one for one in careful if words.lower() in one["response"].lower()]
    expect(rows(page)).to_have_count(len(found))
    assert shown(page) == in_order(found)
    page.get_by_label("Search in replies").fill("these words are in no reply")
    expect(page.locator("hunt-table .empty")).to_have_text("No hunts match this filter.")


def deep_words(hunts: list[dict[str, Any]]) -> str:
    """Words at the end of a reply, where no excerpt shows them."""
    return str(max(hunts, key=lambda one: len(one["response"]))["response"]).rstrip()[-12:].split("\n")[-1]


def test_replies_that_are_nearly_the_same_are_pointed_out(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 24, "simulated/hasty", "simulated/careful")
    groups = product.http.get(f"/api/sessions/{sid}/insights").json()["duplicates"]
    assert groups
    numbers = {one["hunt_id"]: one["number"] for one in product.hunts(sid)}
    page.set_viewport_size({"width": 1440, "height": 2800})  # every row is drawn
    go_to(page, sid)
    for group in groups:
        for hunt_id in group:
            expect(row(page, numbers[hunt_id]).locator(".duplicates")).to_have_text(f"≈ {len(group) - 1} ")
    alone = set(numbers) - {hunt_id for group in groups for hunt_id in group}
    for hunt_id in alone:
        expect(row(page, numbers[hunt_id]).locator(".duplicates")).to_be_hidden()


def test_every_press_counts_while_an_answer_is_awaited_and_the_focus_stays(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 24, "simulated/hasty")  # so many that enough breaks for a whole proposal are among them
    ids = [one["hunt_id"] for one in product.hunts(sid)]
    go_to(page, sid)
    waiting: list[Route] = []
    page.route("**/selection", lambda route: waiting.append(route), times=1)
    row(page, 1).get_by_role("link").focus()
    with page.expect_request("**/selection"):
        page.keyboard.press("s")
    for key in ("j", "s", "j", "s"):
        page.keyboard.press(key)
    propose = page.get_by_role("button", name="Propose")
    expect(propose).to_be_disabled()
    waiting[0].continue_()
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(3)
    assert product.session(sid)["selection"]["hunt_ids"] == ids[:3]
    expect(propose).to_be_enabled()
    propose.focus()
    page.keyboard.press("Enter")
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(4)
    expect(propose).to_be_focused()


def test_picks_are_numbered_moved_and_taken_back(page: Page, product: Product, hunted: str) -> None:
    picks = [one["hunt_id"] for one in product.hunts(hunted)][:3]
    go_to(page, hunted)
    for number, key in ((1, "s"), (2, "s"), (3, "1")):
        row(page, number).get_by_role("link").focus()
        page.keyboard.press(key)
        expect(row(page, number).get_by_role("checkbox")).to_be_checked()
    product.wait_for_selection(hunted, [picks[2], picks[0], picks[1]])
    page.get_by_role("button", name="Move slot 1 down").click()
    expect(page.locator("selection-tray .slot a").first).to_have_text("#1")
    page.get_by_role("button", name="Empty slot 2").click()
    expect(page.locator("selection-tray .slot a:visible")).to_have_count(2)
    product.wait_for_selection(hunted, [picks[0], picks[1]])
    open_hunt(page, 2).get_by_role("button", name="In slot 2: remove").click()
    expect(row(page, 2).get_by_role("checkbox")).not_to_be_checked()


def test_a_run_over_two_models_may_be_adaptive(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    choose_models(page, "thinker")
    choice = page.get_by_label("Give more hunts to the model that breaks most for its price.")
    expect(choice).to_be_hidden()
    choose_models(page, "thinker", "hasty")
    plan_hunts(page, 10)
    choice.check()
    start_button(page).click()
    expect(newest_run(page)).to_be_visible()
    wait_for_end(page)
    run = product.session(sid)["runs"][0]
    assert (run["allocation"], len(run["models"])) == ("adaptive", 2)
    expect(newest_run(page).locator(".allocation")).to_contain_text("Adaptive allocation")
    expect(newest_run(page).locator(".found")).to_contain_text(f"break rate {run['counts']['break_rate']:.0%}")
    expect(page.locator("model-rates")).to_contain_text("only the hunts that went to the models in turn")
    page.reload()
    expect(choice).to_be_checked()
