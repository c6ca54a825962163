"""Where the judge of a run is chosen, the page says what its verdicts were worth and which second judge differs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import running
from tests.browser.product import Product
from tests.browser.trainer import go_to
from tests.core.telemetry.judged_log import FIRST, LIKE_FIRST, SECOND, judged_log
from tests.dashboard_app.records_made_up import write_log

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
NAMES = {FIRST: "simulated/judge", SECOND: "simulated/strict", LIKE_FIRST: "simulated/fallible"}
READ_MS = 120_000
"""For a process with low priority to read the log on a busy machine."""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A server whose log has reviews."""
    entries = []
    for at, record in judged_log():
        judge = NAMES[record.judge_model]  # type: ignore[union-attr]
        entries.append((at, record.model_copy(update={"judge_model": judge})))
    write_log(tmp_path / "telemetry", entries)
    yield from running(Product(tmp_path))


def test_the_judge_card_says_what_its_verdicts_are_worth(page: Page, product: Product) -> None:
    go_to(page, product.open_example())
    card = page.locator("judge-card")
    expect(card.locator(".worth")).to_be_hidden()
    card.get_by_text("What its verdicts are worth").click()
    expect(card.locator(".worth li").first).to_contain_text("People agreed with", timeout=READ_MS)
    expect(card).to_contain_text("the two together count like 1.8 judges")
    expect(card.locator(".caution")).to_contain_text(
        "With simulated/fallible: These two make the same mistakes: together they count like 1."
    )
    page.get_by_label("Confirming judge", exact=True).select_option("simulated/fallible")
    expect(card.locator(".caution")).to_be_hidden()
    expect(page.locator("second-opinions-field .caution")).to_contain_text("together they count like 1.")
    page.locator("#plan-judge").select_option("simulated/strict")
    expect(card).to_contain_text("Recommended second judge: simulated/judge")
    expect(card.locator(".caution")).to_be_hidden()
    page.locator("#plan-judge").select_option("simulated/hasty")
    expect(card.locator(".worth")).to_have_text("No verdict of this judge has been reviewed yet.")
    expect(card).to_contain_text("No second judge is recommended: not enough reviews yet.")
