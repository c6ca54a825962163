"""By keyboard, aloud, without colour, on a telephone: axe-core and the way of a trainer without a mouse."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, NewContext
from tests.browser.product import Product
from tests.browser.trainer import go_to, newest_run, open_hunt, rows, wait_for_end

pytestmark = pytest.mark.browser
ONLY_CONTRAST = {"runOnly": ["color-contrast"]}  # what darkness changes
ALL_BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}  # what a telephone changes
Scenes = dict[str, Callable[[Page], None]]
PHONE, SMALL_PHONE = {"width": 390, "height": 844}, {"width": 320, "height": 640}


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """What axe-core finds, each as `rule: the first place`."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:150]} {one['nodes'][0]['any'][:1]}" for one in found]


def darkened(page: Page) -> Page:
    """The page as it is, in a system that has become dark."""
    page.emulate_media(color_scheme="dark")
    expect(page.locator("site-header button[aria-label='Switch to light']")).to_have_count(1)
    return page


def fits(page: Page) -> bool:
    """Neither the window nor a part of it that scrolls on its own hides something at its right."""
    page_fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    cards_fit = "[...document.querySelectorAll('.card')].every((e) => e.getBoundingClientRect().right <= innerWidth)"
    dialogs_fit = (
        "[...document.querySelectorAll('dialog[open], dialog[open] ul')].every((e) => e.scrollWidth <= e.clientWidth)"
    )
    return bool(page.evaluate(f"{page_fits} && {cards_fit} && {dialogs_fit}"))


def sticking_out(page: Page) -> list[str]:
    """The elements that end right of the window, the innermost last."""
    found = page.evaluate(
        "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth)"
        ".map((e) => e.tagName.toLowerCase() + (e.className ? '.' + e.className : ''))"
    )
    return list(map(str, found))


def selected(product: Product) -> str:
    """A blind session whose selection waits for its reviews."""
    sid = product.open({"example": "word-budget", "visibility": "blind"})
    product.run(sid, 8)
    chosen = product.http.get(f"/api/sessions/{sid}/selection/proposal").json()["hunt_ids"]
    product.http.put(f"/api/sessions/{sid}/selection", json={"hunt_ids": chosen}).raise_for_status()
    return sid


def review_and_reveal(product: Product, sid: str) -> None:
    criteria = product.session(sid)["task"]["criteria"]
    for card in product.http.get(f"/api/sessions/{sid}/desk").json()["cards"]:
        review = {
            "verdicts": {one["id"]: "PASS" for one in criteria},
            "explanation": "It does all that the prompt asks for, as far as I see.",
        }
        product.http.put(f"/api/sessions/{sid}/reviews/{card['card_id']}", json=review).raise_for_status()
    product.http.post(f"/api/sessions/{sid}/reveal", json={}).raise_for_status()


def reviewing(product: Product) -> Scenes:
    """The looks of a blind session: sealed, on the desk, revealed, delivered."""
    sealed, revealed = selected(product), selected(product)
    review_and_reveal(product, revealed)

    def review(page: Page, sid: str = sealed) -> None:
        go_to(page, sid, act="review")
        expect(page.locator("review-card .to-judge").first).to_be_visible()

    def agreement(page: Page) -> None:
        review(page, revealed)
        expect(page.locator("agreement-table .compared li").first).to_be_visible()

    def deliver(page: Page) -> None:
        go_to(page, revealed, act="deliver")
        page.locator("delivery-view .cell-change[data-change=changed] summary").first.click()
        expect(page.locator("delivery-view .cell-change[data-change=changed] .words").first).to_be_visible()

    return {"sealed": lambda page: go_to(page, sealed), "review": review, "agreement": agreement, "deliver": deliver}


def working(product: Product, hunted: str) -> Scenes:
    """The looks of the work on a hunted task, and of the home that leads to it."""

    def task(page: Page) -> None:
        go_to(page, hunted, act="task")
        expect(page.locator("criteria-editor .writing-row").first).to_be_visible()

    def home(page: Page) -> None:
        page.goto("/#/")
        expect(page.locator("start-view .recent .needs").first).not_to_be_empty()

    def comparing(page: Page) -> None:
        go_to(page, hunted)
        page.reload()  # whatever dialog was open
        expect(rows(page)).not_to_have_count(0)
        rows(page).nth(1).get_by_role("link").focus()
        page.keyboard.press("c")
        expect(page.get_by_role("dialog", name="Compare two replies").locator(".others li").first).to_be_visible()

    def keys(page: Page) -> None:
        go_to(page, hunted)
        page.reload()  # whatever dialog was open
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()

    def next_turn(page: Page) -> None:
        held = next(one for one in product.hunts(hunted) if one["outcome"] == "held")
        go_to(page, hunted)
        page.reload()
        open_hunt(page, held["number"]).get_by_role("button", name="Continue from this reply").click()
        expect(page.get_by_role("dialog", name="Another turn")).to_be_visible()

    return {"task": task, "home": home, "comparing": comparing, "keys": keys, "next turn": next_turn}


@pytest.fixture(scope="module")
def busy(product: Product) -> str:
    """The session of the look that shows a run."""
    return product.open_example()


@pytest.fixture
def scenes(all_scenes: Scenes, busy: str, product: Product) -> Iterator[Scenes]:
    yield all_scenes
    for rid in product.active_runs(busy):  # a thousand hunts, of which a look needs the first
        product.cancel(busy, rid)


@pytest.fixture(scope="module")
def all_scenes(product: Product, busy: str) -> Scenes:
    """How to come to every look of the page, by name. The run comes last: it takes time from all that follows."""
    hunted, fresh = product.open_example(), product.open_example()
    product.check(hunted)
    product.run(hunted, 24, "simulated/hasty", "simulated/flaky", "simulated/careful")

    def hunting(page: Page) -> None:
        product.begin_run(busy, 1000, "simulated/thinker")
        go_to(page, busy)
        expect(rows(page).first).to_be_visible()

    def panel(page: Page) -> None:
        go_to(page, hunted)
        opened = open_hunt(page, 3)
        expect(opened.frame_locator("iframe").locator("body")).not_to_be_empty()

    def picker(page: Page) -> None:
        go_to(page, fresh)
        page.get_by_role("button", name="Choose models").click()
        expect(page.get_by_label("Any other model")).to_be_visible()

    return {
        "start": go_to,
        "fresh": lambda page: go_to(page, fresh),
        "hunted": lambda page: go_to(page, hunted),
        "panel": panel,
        "picker": picker,
        **working(product, hunted),
        **reviewing(product),
        "hunting": hunting,
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("size", "rules", "rules_in_the_dark"),
    [
        (DESK, {}, ONLY_CONTRAST),
        pytest.param(PHONE, ALL_BUT_CONTRAST, None, marks=pytest.mark.long),
    ],
    ids=["light and dark", "phone"],
)
def test_axe_finds_nothing_in_any_look(
    scenes: Scenes,
    new_context: NewContext,
    size: dict[str, int],
    rules: dict[str, object],
    rules_in_the_dark: dict[str, object] | None,
) -> None:
    page = new_context(color_scheme="light", viewport=size).new_page()
    found = {}
    for name, go in scenes.items():
        go(page)
        found[name] = violations(page, rules)
        if rules_in_the_dark is not None:
            found[f"{name}, dark"] = violations(darkened(page), rules_in_the_dark)
            page.emulate_media(color_scheme="light")
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", [pytest.param(PHONE, marks=pytest.mark.long), SMALL_PHONE], ids=["390 px", "320 px"])
def test_a_telephone_needs_no_scrolling_sideways(scenes: Scenes, new_context: NewContext, size: dict[str, int]) -> None:
    page = new_context(viewport=size).new_page()
    wide = []
    for name, go in scenes.items():
        go(page)
        wide += [] if fits(page) else [f"{name}: {sticking_out(page)}"]
    assert wide == []


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


def test_from_load_to_download_by_keyboard_alone(page: Page, product: Product) -> None:
    go_to(page)
    tab_to(page, ".example")
    page.keyboard.press("Enter")
    expect(page.locator("check-panel button").locator("visible=true")).to_be_enabled()
    tab_to(page, "check-panel button")
    page.keyboard.press("Enter")
    expect(page.locator("check-panel strong")).to_have_text("The reference passes")
    tab_to(page, "hunt-plan .choice > button")
    page.keyboard.press("Enter")
    tab_to(page, "model-picker [aria-label=Simulated] li:nth-child(2) input")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    tab_to(page, "#plan-hunts")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    wait_for_end(page)
    tab_to(page, "hunt-table a")
    page.keyboard.press("Enter")
    panel = page.locator("hunt-panel")
    expect(panel).to_be_focused()
    tab_to(page, "[role=tab][aria-selected=true]")
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("tab", name="reasoning")).to_be_focused()
    expect(panel.locator("#reading-reasoning")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.locator("deliver-card > button")).to_be_visible()
    tab_to(page, "deliver-card > button")
    with page.expect_download() as downloading:
        page.keyboard.press("Enter")
    assert downloading.value.suggested_filename.endswith(".ipynb")


def test_progress_is_announced_and_shown_in_the_title(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    product.run(sid, 8)
    aloud = page.locator("#announcer")
    expect(aloud).to_have_attribute("aria-live", "polite")
    broke = product.session(sid)["runs"][0]["counts"]["broke"]
    expect(aloud).to_have_text(re.compile(rf"Finished\. 8 of 8 hunts done, {broke} breaks?\."), timeout=10_000)
    expect(page).to_have_title(re.compile(rf"^{broke} broke · 8/8 · "))
    expect(newest_run(page).get_by_role("progressbar")).to_have_attribute("aria-valuenow", "8")


def test_no_information_is_conveyed_by_colour_alone(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 12, "simulated/hasty", "simulated/flaky")
    go_to(page, sid)
    expect(rows(page)).to_have_count(12)
    marks = page.locator("hunt-table .mark").all()
    signs = {(m.locator("[aria-hidden]").text_content(), m.get_attribute("class")) for m in marks}
    assert {sign for sign, _ in signs} == {"✓", "✕"}
    assert len(signs) == 2
    tags = {tag.inner_text() for tag in page.locator("hunt-table .row .tag").all()}
    assert tags <= {"Broke", "Held", "Error", "Undetermined"}
    assert page.locator("hunt-table .row .tag:not(:has(svg))").count() == 0


def test_reduced_motion_is_respected(page: Page, product: Product) -> None:
    sid = product.open_example()
    rid = product.begin_run(sid, 1000, "simulated/thinker")
    go_to(page, sid)
    expect(page.locator("session-steps .icon-working")).to_be_visible()
    page.wait_for_function("() => document.getAnimations().some((one) => one.playState === 'running')")
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function("() => !document.getAnimations().some((one) => one.playState === 'running')")
    product.cancel(sid, rid)


def test_light_and_dark_are_chosen_and_remembered(page: Page) -> None:
    go_to(page)
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Switch to light")).to_be_visible()
