"""What a trainer sees of a provider's prompt cache and of the judge's confidence, and does not see while sealed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import running
from tests.browser.product import Product
from tests.browser.trainer import go_to, open_hunt

pytestmark = pytest.mark.browser
TASK: dict[str, Any] = {
    "prompt": "Write about the harbour and its lighthouse. " * 20,
    "response": "The harbour has a lighthouse. " * 20,
    "criteria": [{"id": f"C{n}", "text": f"Does the response explain point {n}?"} for n in (1, 2, 3)],
    "judge_system_prompt": "You grade answers strictly, by the standard answer alone. " * 50,
}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    yield from running(Product(tmp_path, JUDGE_CACHE_WARMUP="true", DEFAULT_JUDGE="simulated/strict"))


def test_a_run_shows_what_the_cache_did_and_a_verdict_how_sure_the_judge_was(page: Page, product: Product) -> None:
    sid = product.open({"task": TASK})
    product.run(sid, 4, "simulated/hasty")
    go_to(page, sid)
    expect(page.locator("run-list .run").first).to_contain_text("of the input from the prompt cache")
    panel = open_hunt(page, 1)
    panel.get_by_text("The judge’s answer").first.click()
    expect(panel.locator(".verdict details .faint").first).to_contain_text("confidence of the judge’s model")


def test_while_sealed_the_judges_cache_is_not_shown(page: Page, product: Product) -> None:
    sid = product.open({"task": TASK, "visibility": "blind"})
    product.run(sid, 4, "simulated/hasty")
    go_to(page, sid)
    expect(page.locator("run-list .run").first).to_contain_text("(judge’s cost sealed)")
    expect(page.locator("run-list")).not_to_contain_text("prompt cache")
    assert product.session(sid)["runs"][0]["counts"]["judge_cache"] is None
