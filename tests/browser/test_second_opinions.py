"""Second opinions on the page: asked for in the plan or afterwards, shown in table, panel and header, sealed when blind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import running
from tests.browser.product import SCRIPT, Product
from tests.browser.request_log import RequestLog
from tests.browser.states import a_hunt, a_run, a_snapshot, changed, read
from tests.browser.trainer import choose_models, go_to, open_hunt, plan_hunts, row, rows, start_button, wait_for_end

pytestmark = pytest.mark.browser
ERRING = {**SCRIPT, "models": {**SCRIPT["models"], "fallible": {"judge_flip": 0.25, "judge_shared": 0.25}}}
HUNTS = 12
MODELS = {
    "models": [
        {"model": name, "usable": usable, "simulated": name.startswith("simulated/")}
        for name, usable in (
            ("simulated/judge", True), ("openai/gpt-5", True), ("openai/gpt-5-mini", True), ("lab/gone", False),
            ("gateway/google/gemini", True), ("gateway/openai/o4", True),
        )
    ]
}  # fmt: skip


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """With a second judge that errs in a quarter of its verdicts."""
    yield from running(Product(tmp_path_factory.mktemp("product"), ERRING))


@pytest.fixture
def request_log(product: Product) -> RequestLog:
    return RequestLog(product.url)


def confirmations(product: Product, sid: str) -> dict[int, str]:
    return {hunt["number"]: hunt["confirmation"] for hunt in product.hunts(sid) if hunt["outcome"] == "broke"}


def settled_confirmations(product: Product, sid: str) -> dict[int, str]:
    """The confirmations, once every break has its votes: these may arrive after the run has ended."""
    deadline = time.monotonic() + 15
    while "unconfirmed" in (found := confirmations(product, sid)).values() and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def expect_tags(page: Page, found: dict[int, str]) -> None:
    """Each break of the table has the tag of its confirmation."""
    assert set(found.values()) >= {"confirmed", "contested"}
    for number, name in found.items():
        expect(row(page, number).locator(".confirmation")).to_contain_text(name.title())


def opened(page: Page, product: Product, **source: str) -> str:
    sid = product.open({"example": "word-budget", **source})
    product.check(sid)
    go_to(page, sid)
    return sid


def test_breaks_of_a_run_are_confirmed_as_planned(page: Page, product: Product) -> None:
    sid = opened(page, product, visibility="open")
    choose_models(page, "hasty")
    plan_hunts(page, HUNTS)
    expect(page.get_by_label("Second opinions")).to_have_value("breaks")
    page.get_by_label("Confirming judge", exact=True).select_option("simulated/fallible")
    page.get_by_label("extra judge calls, at most").fill("150")
    start_button(page).click()
    wait_for_end(page)
    run = product.session(sid)["runs"][0]
    judges = [{"model": "simulated/fallible", "parameters": {}}]
    assert run["confirm"] == {"policy": "breaks", "judges": judges, "max_extra_calls": 150}
    found = settled_confirmations(product, sid)
    expect_tags(page, found)
    numbers = Counter(found.values())
    words = f"{numbers['confirmed']} confirmed, {numbers['contested']} contested"
    expect(page.locator("run-list .run .found")).to_contain_text(words)
    expect(page.locator("session-steps")).to_contain_text(words)
    page.get_by_label("Filter by confirmation").select_option(label="Contested")
    expect(rows(page)).to_have_count(numbers["contested"])


def test_both_reasons_of_a_contested_break_are_side_by_side(page: Page, product: Product) -> None:
    sid = opened(page, product, visibility="open")
    product.run(sid, HUNTS, confirm={"policy": "breaks", "judges": [{"model": "simulated/fallible"}]})
    contested = next(number for number, name in settled_confirmations(product, sid).items() if name == "contested")
    panel = open_hunt(page, contested)
    expect(panel.locator("header")).to_contain_text("Another judge’s answers lead to the opposite outcome.")
    criterion = panel.locator(".verdict", has=page.locator(".opinion .mark.pass")).first
    expect(criterion.locator(".opinion")).to_have_count(2)
    expect(criterion.locator(".opinion .judge")).to_contain_text(["simulated/judge", "simulated/fallible"])
    expect(criterion.locator(".opinion").first).to_contain_text("That does not meet the criterion.")
    expect(criterion.locator(".opinion").last).to_contain_text("That meets the criterion.")
    first, second = (criterion.locator(".opinion").nth(n).bounding_box() for n in (0, 1))
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]


def test_stored_breaks_are_confirmed_with_one_press_and_contested_ones_are_not_proposed(
    page: Page, product: Product
) -> None:
    sid = opened(page, product, visibility="open")
    product.run(sid, HUNTS)
    breaks = confirmations(product, sid)
    assert set(breaks.values()) == {"unconfirmed"}
    page.get_by_label("Confirming judge", exact=True).select_option("simulated/fallible")
    expect(page.locator("hunt-table .confirmation:visible")).to_have_count(0)
    page.get_by_role("button", name=f"Confirm these {len(breaks)} breaks").click()
    expect(page.get_by_role("button", name="Confirm th")).to_be_hidden()
    found = settled_confirmations(product, sid)
    expect_tags(page, found)
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("notice-stack")).to_contain_text("confirmed by another judge")
    chosen = product.session(sid)["selection"]["hunt_ids"]
    assert chosen
    assert "contested" not in {hunt["confirmation"] for hunt in product.hunts(sid) if hunt["hunt_id"] in chosen}


def test_a_blind_session_shows_the_confirmation_and_nothing_else(page: Page, product: Product) -> None:
    sid = opened(page, product, visibility="blind")
    product.run(sid, HUNTS, confirm={"policy": "breaks", "judges": [{"model": "simulated/fallible"}]})
    found = settled_confirmations(product, sid)
    expect_tags(page, found)
    panel = open_hunt(page, next(number for number, name in found.items() if name == "contested"))
    expect(panel.locator("header")).to_contain_text("Contested")
    expect(panel.locator(".opinion:visible")).to_have_count(0)
    told = page.evaluate("(sid) => fetch(`/api/sessions/${sid}/hunts?limit=200`).then((answer) => answer.text())", sid)
    assert "simulated/fallible" not in told
    assert "meets the criterion" not in told


def test_nothing_is_asked_with_second_opinions_off(page: Page, product: Product) -> None:
    sid = opened(page, product, visibility="open")
    page.get_by_label("Second opinions").select_option("none")
    expect(page.locator("hunt-plan .by")).to_be_hidden()
    expect(page.locator("hunt-plan")).to_contain_text("Breaks stay unconfirmed; they can be confirmed later.")
    plan_hunts(page, 2)
    start_button(page).click()
    wait_for_end(page)
    assert product.session(sid)["runs"][0]["confirm"]["policy"] == "none"


@pytest.mark.parametrize(
    ("plan", "policy", "judges"),
    [
        ({}, "breaks", ["gateway/google/gemini"]),
        ({"models": ["gateway/google/gemini"]}, "breaks", ["openai/gpt-5-mini"]),
        ({"judge": "gateway/google/gemini"}, "breaks", ["openai/gpt-5"]),
        ({"confirm": {"policy": "all", "judges": ["", "simulated/judge"], "cap": 9}}, "all",
         ["gateway/google/gemini", "simulated/judge"]),
        ({"confirm": {"policy": "none", "judges": [""], "cap": 9}}, "none", ["gateway/google/gemini"]),
        ({"confirm": {"policy": "", "judges": ["lab/gone"], "cap": 9}}, "breaks", ["gateway/google/gemini"]),
    ],
)  # fmt: skip
def test_the_other_judge_is_of_another_maker_and_judges_no_reply_of_its_own(
    ask: Any, plan: dict[str, Any], policy: str, judges: list[str]
) -> None:
    whole = {
        "models": [],
        "judge": "",
        "judgeSettings": {},
        "confirm": ask("state/second-opinions", "emptyConfirm"),
        **plan,
    }
    chosen = ask("state/second-opinions", "chosenConfirm", whole, "openai/gpt-5", {"models": MODELS})
    assert (chosen["policy"], chosen["judges"]) == (policy, judges)


def test_without_another_usable_judge_nothing_is_asked(ask: Any) -> None:
    plan = {"models": [], "judge": "", "judgeSettings": {}, "confirm": ask("state/second-opinions", "emptyConfirm")}
    chosen = ask(
        "state/second-opinions", "chosenConfirm", plan, "openai/gpt-5", {"models": {"models": MODELS["models"][1:2]}}
    )
    assert (chosen["policy"], chosen["judges"], chosen["usable"]) == ("none", [], [])
    assert ask("state/second-opinions", "confirmOrder", plan, chosen) is None


def test_the_judge_with_the_most_effective_votes_comes_first_and_shared_mistakes_are_named(ask: Any) -> None:
    plan = {"models": [], "judge": "", "judgeSettings": {}, "confirm": ask("state/second-opinions", "emptyConfirm")}
    pairs = [
        {"judges": ["gateway/openai/o4", "openai/gpt-5"], "warning": "These two agree in their mistakes."},
        {"judges": ["openai/gpt-5", "openai/gpt-5-mini"], "warning": "Not asked."},
    ]
    reports = {"openai/gpt-5": {"pairs": pairs, "second": {"model": "gateway/openai/o4"}}}
    server = {"models": MODELS, "judges": reports}
    chosen = ask("state/second-opinions", "chosenConfirm", plan, "openai/gpt-5", server)
    assert chosen["judges"] == ["gateway/openai/o4"]
    found = ask("state/second-opinions", "sharedMistakes", plan, "openai/gpt-5", server, chosen["judges"])
    assert found == "These two agree in their mistakes."


def test_an_ended_run_counts_what_is_confirmed_later(after: Any) -> None:
    run = a_run("completed", total=2, done=2, broke=2, confirmed=0)
    hunts = [{**a_hunt(number), "confirmation": "unconfirmed"} for number in (1, 2)]
    later = changed({**hunts[1], "confirmation": "contested"}, {**hunts[0], "confirmation": "confirmed"})
    counts = after(a_snapshot(runs=(run,)), read(*hunts), later)["session"]["runs"][0]["counts"]
    assert (counts["confirmed"], counts["contested"], counts["broke"]) == (1, 1, 2)


def test_a_response_without_the_votes_does_not_replace_hunts_that_have_them(after: Any) -> None:
    voted = {**a_hunt(1), "confirmation": "confirmed", "votes": [{"criterion_id": "C1"}]}
    hunts = after(changed(voted), read({**a_hunt(1), "confirmation": "unconfirmed", "votes": []}))["hunts"]
    assert hunts == [voted]
