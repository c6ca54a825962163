"""Late responses to one session have no effect on the session that the trainer has opened since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.product import Product
from tests.browser.trainer import go_to, rows, start_button

pytestmark = pytest.mark.browser
OTHER = {
    "prompt": "In exactly one word: what is the capital of France?",
    "response": "Paris",
    "criteria": [{"id": "C1", "text": 'Mentions "Paris".'}, {"id": "C2", "text": "Is at most 1 word long."}, {"id": "C3", "text": 'Does not mention "London".'}],
}  # fmt: skip


@pytest.fixture(scope="module")
def left(product: Product) -> str:
    """A checked, hunted session whose selection is reviewed."""
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    product.check(sid)
    product.run(sid, 8, "simulated/hasty")
    return sid


@pytest.fixture
def other(product: Product) -> str:
    return product.open({"task": OTHER, "name": "other.ipynb"})


@contextmanager
def answered_late(page: Page, sid: str, method: str, ending: str) -> Iterator[Callable[[], None]]:
    """Holds that request of the session back until what is yielded is called."""
    held: list[Route] = []
    released = False

    def hold(route: Route) -> None:
        request = route.request
        mine = request.method == method and f"/{sid}/{ending}" in request.url
        held.append(route) if mine and not released else route.fallback()

    def release() -> None:
        page.wait_for_function("() => true")  # lets requests that were just made arrive here
        assert held, f"nobody asked {method} {ending}"
        nonlocal released
        released = True  # without unroute: a request that is made at that moment would never be sent
        with page.expect_response(held[0].request.url):
            for route in held:
                route.continue_()

    page.route("**/api/**", hold)
    yield release


def go_on(page: Page, sid: str, act: str) -> None:
    page.evaluate("(hash) => { location.hash = hash; }", f"#/s/{sid}{act and '/'}{act}")
    expect(page.locator("site-header .task-name")).to_have_text("other.ipynb")


def test_the_other_session_is_still_followed(page: Page, product: Product, left: str, other: str) -> None:
    with answered_late(page, left, "GET", "trials") as release, page.expect_request(f"**/{left}/trials"):
        page.goto(f"/#/s/{left}")
    go_on(page, other, "")
    expect(page.locator("site-header .connection")).to_have_attribute("data-state", "live")
    release()
    product.run(other, 4)
    expect(rows(page)).to_have_count(4)


def test_rows_come_with_the_head_that_counts_them(page: Page, left: str) -> None:
    with answered_late(page, left, "GET", "trials") as release, page.expect_request(f"**/{left}/trials"):
        page.goto(f"/#/s/{left}")
    expect(page.locator("hunt-table .empty")).to_have_text("Loading the hunts …")
    expect(rows(page)).to_have_count(0)
    release()
    expect(rows(page)).to_have_count(8)


PRESSED = [
    ("hunt", "POST", "runs", "hunt-plan .start", "run-list .run"),
    ("hunt", "POST", "reference-check", "check-panel button", "check-panel[data-state=busy]"),
    ("deliver", "GET", "export/preview", "delivery-view button", "delivery-view [data-change=changed]"),
]


@pytest.mark.parametrize(
    ("act", "method", "ending", "button", "shown"), PRESSED, ids=lambda one: str(one).split(" ")[0]
)
def test_what_was_begun_there_is_not_shown_here(
    page: Page, left: str, other: str, act: str, method: str, ending: str, button: str, shown: str
) -> None:
    go_to(page, left, act=act)
    expect(start_button(page) if act == "hunt" else page.locator("delivery-view .cell-change").first).to_be_enabled()
    with answered_late(page, left, method, ending) as release:
        with page.expect_request(lambda one: one.method == method and f"/{left}/{ending}" in one.url):
            page.locator(button).click()
        go_on(page, other, act)
        release()
        page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    expect(page.locator(shown)).to_have_count(0)


def test_a_turn_that_begins_late_leaves_the_trainer_where_they_are(page: Page, product: Product, other: str) -> None:
    sid = product.open({"example": "word-budget"})
    product.run(sid, 8, "simulated/careful")
    held = next(hunt["hunt_id"] for hunt in product.hunts(sid) if hunt["outcome"] == "held")
    page.goto(f"/#/s/{sid}+turn/{held}")
    for field, words in (
        ("prompt", "And Italy?"),
        ("response", "Rome."),
        ("criteria", "Says Rome.\nIs short.\nIs true."),
    ):
        page.locator(f"#turn-{field}").fill(words)
    with answered_late(page, sid, "POST", "turns") as release:
        with page.expect_request(f"**/{sid}/turns"):
            page.get_by_role("button", name="Start the turn").click()
        go_on(page, other, "")
        release()
        page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    assert f"#/s/{other}" in page.url


def test_reveal_applies_to_the_session_that_was_shown(page: Page, product: Product, left: str) -> None:
    """The reviews are saved first; switching sessions meanwhile must not reveal the next session, because that cannot
    be undone."""
    reviewed = [reviewed_session(product) for _ in range(2)]
    go_to(page, reviewed[0], act="review")
    with answered_late(page, reviewed[0], "PUT", "reviews") as release:
        with page.expect_request(f"**/{reviewed[0]}/reviews/**"):
            page.locator("#review-words").fill("One word more than ten to be saved before the reveal comes here.")
        page.get_by_role("button", name="Reveal the judge’s verdicts").click()
        page.get_by_role("button", name="Reveal and lock").click()
        page.evaluate("(hash) => { location.hash = hash; }", f"#/s/{reviewed[1]}/review")
        expect(page.locator("review-view .cards li")).to_have_count(4)
        with page.expect_response("**/reveal"):
            release()
    assert [product.session(sid)["revealed"] for sid in reviewed] == [True, False]


def reviewed_session(product: Product) -> str:
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    product.run(sid, 12, "simulated/hasty")
    broke = [hunt["hunt_id"] for hunt in product.hunts(sid) if hunt["outcome"] == "broke"][:4]
    product.http.put(f"/api/sessions/{sid}/selection", json={"hunt_ids": broke}).raise_for_status()
    desk = product.http.get(f"/api/sessions/{sid}/desk").json()
    for card in desk["cards"]:
        review = {
            "verdicts": {one["id"]: "FAIL" for one in desk["criteria"]}, "explanation": "one two three four five six seven eight nine ten", "based_on": "",
        }  # fmt: skip
        product.http.put(f"/api/sessions/{sid}/reviews/{card['card_id']}", json=review).raise_for_status()
    return sid
