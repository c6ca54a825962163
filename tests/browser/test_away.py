"""Away for a while: ten seconds without a network, reviews without a server, an API that is killed in mid run."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext, running
from tests.browser.network import cut, restore
from tests.browser.product import SCRIPT, Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    all_saved,
    choose_card,
    choose_models,
    go_to,
    newest_run,
    plan_hunts,
    review_saved,
    rows,
    start_button,
    wait_for_end,
)  # fmt: skip
from tests.house.real_redis import RedisServer

pytestmark = pytest.mark.browser
AWAY_MS = 10_000
WORDS = (
    "Typed on reply one while nobody could be reached at all.",
    "Typed on reply two while nobody could be reached.",
)


def stay_away(page: Page) -> None:
    since = page.evaluate("performance.now()")
    page.wait_for_function(f"since => performance.now() - since >= {AWAY_MS}", arg=since, polling=200)


@pytest.fixture
def at_the_desk(page: Page, product: Product) -> str:
    """A blind session with four chosen hunts, its desk open."""
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    product.run(sid, 8)
    chosen = [one["hunt_id"] for one in product.hunts(sid)][:4]
    product.http.put(f"/api/sessions/{sid}/selection", json={"hunt_ids": chosen}).raise_for_status()
    go_to(page, sid, act="review")
    expect(page.locator("review-view .cards button")).to_have_count(4)
    return sid


def review(page: Page, number: int, words: str) -> None:
    choose_card(page, number)
    page.locator("review-card").get_by_role("button", name="C1 FAIL").click()
    page.locator("#review-words").fill(words)


def saved_words(product: Product, sid: str) -> list[str]:
    return sorted(one["explanation"] for one in product.session(sid)["reviews"])


STORED_REVIEWS = """sid => Object.keys(localStorage).filter((key) => key.startsWith(`model-hunter.reviews.${sid}`))
  .flatMap((key) => Object.values(JSON.parse(localStorage.getItem(key)).value))"""


def kept_words(page: Page, sid: str) -> list[str]:
    """Explanations that the browser stores because the server has not confirmed them."""
    return sorted(one["explanation"] for one in page.evaluate(STORED_REVIEWS, sid))


def kept_here(page: Page) -> None:
    expect(page.locator("review-card .judging [role=status]")).to_have_text(
        "Saved in this browser until the server is back"
    )


@pytest.mark.timeout(120)
@pytest.mark.long
def test_a_run_continues_while_the_network_is_cut_for_ten_seconds(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    choose_models(page, "thinker")
    plan_hunts(page, 500)
    start_button(page).click()
    state = newest_run(page).locator(".run-state")
    expect(state).to_have_text(re.compile(r"^[1-9]\d* of 500 done"))
    cut(page)
    stay_away(page)
    seen = page.locator("hunt-table .chip").first.inner_text()
    restore(page)
    wait_for_end(page)
    assert seen != "All 500"
    expect(page.locator("hunt-table .chip").first).to_have_text("All 500")
    expect(page.locator("site-header .connection")).to_have_text("Live")
    hunts = product.hunts(sid)
    assert [one["number"] for one in hunts] == list(range(1, 501))
    told = page.locator("hunt-table .chip", has_text="Breaks").inner_text()
    assert told == f"Breaks {sum(one['outcome'] == 'broke' for one in hunts)}"
    assert request_log.sent("POST", "/runs") == 1


@pytest.mark.timeout(90)
@pytest.mark.long
def test_editing_continues_while_the_network_is_cut_for_ten_seconds(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid, act="task")
    before = product.session(sid)["version"]
    page.locator("#edit-prompt").fill("Begun with a network")
    cut(page)
    page.locator("#edit-prompt").press_sequentially(", gone on without")
    stay_away(page)
    page.locator("#edit-prompt").press_sequentially(", and ended after ten seconds.")
    restore(page)
    all_saved(page)
    task = product.session(sid)
    assert task["task"]["prompt"] == "Begun with a network, gone on without, and ended after ten seconds."
    assert before < task["version"] <= before + 2
    page.reload()
    expect(page.locator("#edit-prompt")).to_have_value(task["task"]["prompt"])


def test_reviews_written_without_a_network_are_sent_when_it_is_back(
    page: Page, product: Product, request_log: RequestLog, at_the_desk: str
) -> None:
    request_log.allow_rejections()
    cut(page)
    for number, words in enumerate(WORDS, 1):
        review(page, number, words)
        kept_here(page)
    assert kept_words(page, at_the_desk) == sorted(WORDS)
    assert saved_words(product, at_the_desk) == []
    restore(page)
    for number, words in enumerate(WORDS, 1):
        choose_card(page, number)
        review_saved(page)
        expect(page.locator("#review-words")).to_have_value(words)
    assert saved_words(product, at_the_desk) == sorted(WORDS)
    assert kept_words(page, at_the_desk) == []
    assert [one["verdicts"] for one in product.session(at_the_desk)["reviews"]] == [{"C1": "FAIL"}] * 2


@pytest.mark.long
def test_reviews_that_were_never_sent_are_there_after_a_reload(
    page: Page, product: Product, request_log: RequestLog, at_the_desk: str
) -> None:
    request_log.allow_rejections()
    page.route("**/reviews/*", lambda route: route.abort())
    for number, words in enumerate(WORDS, 1):
        review(page, number, words)
        kept_here(page)
    page.reload()
    for number, words in enumerate(WORDS, 1):
        choose_card(page, number)
        expect(page.locator("#review-words")).to_have_value(words)
        expect(page.locator("review-card").get_by_role("button", name="C1 FAIL")).to_have_attribute(
            "aria-pressed", "true"
        )
    kept_here(page)
    page.unroute("**/reviews/*")
    page.evaluate("dispatchEvent(new Event('online'))")
    review_saved(page)
    product.wait_until(at_the_desk, lambda: saved_words(product, at_the_desk) == sorted(WORDS))
    page.reload()
    choose_card(page, 1)
    expect(page.locator("#review-words")).to_have_value(WORDS[0])
    assert kept_words(page, at_the_desk) == []


def test_nothing_is_checked_while_the_words_before_it_are_not_saved(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = product.open_example()
    go_to(page, sid, act="task")
    page.route("**/task", lambda route: route.abort())
    page.locator("#edit-prompt").fill("Say what krypton is, and only that.")
    page.get_by_role("button", name="Check the reference").click()
    expect(page.locator("task-editor check-panel .problem")).to_contain_text(
        "Not started: your latest edits aren’t saved."
    )
    assert request_log.sent("POST", "/reference-check") == 0
    page.unroute("**/task")
    page.get_by_role("button", name="Check the reference").click()
    expect(page.locator("task-editor check-panel strong")).to_have_text(re.compile("The reference (passes|fails)"))
    assert product.session(sid)["task"]["prompt"] == "Say what krypton is, and only that."


@pytest.fixture
def lasting_product(tmp_path: Path, redis_server: RedisServer) -> Iterator[Product]:
    """A server whose sessions outlive it."""
    script = {**SCRIPT, "models": {"thinker": {"target_latency_ms": 300, "judge_latency_ms": 10}}}
    yield from running(Product(tmp_path, script, REDIS_URL=redis_server.url, JOURNAL_DIR=str(tmp_path / "journal")))


@pytest.mark.long
def test_an_outage_of_redis_is_shown_during_work(
    lasting_product: Product, redis_server: RedisServer, new_context: NewContext, request_log: RequestLog
) -> None:
    request_log.origin = lasting_product.url
    page = new_context(base_url=lasting_product.url).new_page()
    go_to(page, lasting_product.open_example())
    told = page.locator("site-header").get_by_text(re.compile("^Degraded: "))
    expect(told).to_be_hidden()
    redis_server.stop()
    expect(told).to_be_visible(timeout=20_000)
    redis_server.start()
    expect(told).to_be_hidden(timeout=30_000)


@pytest.mark.timeout(180)
def test_a_run_is_seen_to_its_end_though_the_api_is_killed_in_the_middle(
    lasting_product: Product, new_context: NewContext, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    sid = lasting_product.open_example()
    lasting_product.check(sid)
    request_log.origin = lasting_product.url
    page = new_context(base_url=lasting_product.url).new_page()
    go_to(page, sid)
    connection = page.locator("site-header .connection")
    expect(connection).to_have_text("Live")
    choose_models(page, "thinker")
    plan_hunts(page, 200)
    start_button(page).click()
    expect(newest_run(page).locator(".run-state")).to_have_text(re.compile(r"^[1-9]\d* of 200 done"))
    lasting_product.kill()
    expect(connection).to_have_text("Reconnecting")
    seen = rows(page).count()
    assert seen > 0
    lasting_product.start()
    expect(connection).to_have_text("Live", timeout=30_000)
    expect(newest_run(page).locator(".run-state")).to_have_text("200 hunts, finished", timeout=90_000)
    expect(page.locator("run-list .run")).to_have_count(1)
    expect(page.locator("hunt-table .chip").first).to_have_text("All 200")
    expect(page.locator("hunt-table .chip", has_text="In progress")).to_be_hidden()
    hunts = lasting_product.hunts(sid)
    assert [one["number"] for one in hunts] == list(range(1, 201))
    assert {one["status"] for one in hunts} == {"done"}
    before = page.locator("hunt-table .chip").all_inner_texts()
    page.reload()
    expect(page.locator("hunt-table .chip").first).to_have_text("All 200")
    assert page.locator("hunt-table .chip").all_inner_texts() == before
