"""Thousands of models on the page: searched by words, chosen by keyboard, remembered; a misspelled name; what is left."""

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.benchmarks.simulated_service import simulated_service
from tests.browser.conftest import running
from tests.browser.product import Product
from tests.browser.trainer import go_to

pytestmark = pytest.mark.browser
MODELS = {
    "vendor/alpha-mini": {"input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10, "reasoning": "field"},
    **{f"vendor/model-{n}": {} for n in range(2_000)},
}
CHOSEN = "hunt-plan .tag.model .mono"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A server whose provider lab lists 2,006 models, once it has read them."""
    with simulated_service(models=MODELS) as address:
        lab = {"name": "lab", "base_url": f"{address}/v1", "models": ["judge"]}
        started = Product(
            tmp_path_factory.mktemp("models"), OPENAI_COMPATIBLE=json.dumps([lab]), BUDGET_PER_ACCOUNT_USD="20"
        )
        for opened in running(started):
            until = time.monotonic() + 30
            while not _listed(opened):
                assert time.monotonic() < until, "the list of models was not read"
                time.sleep(0.1)
            yield opened


def _listed(product: Product) -> int:
    providers = product.http.get("/api/models").json()["providers"]
    return int(next(row["models_listed"] for row in providers if row["name"] == "lab"))


def test_a_model_is_found_by_words_and_chosen_and_remembered(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    page.get_by_role("button", name="Choose models").click()
    picker, words = page.locator("model-picker"), page.get_by_label("Search all models")
    words.fill("vendor model")
    expect(picker.get_by_role("status").filter(has_text="of 2000 models")).to_have_text(
        "50 of 2000 models; more words show fewer."
    )
    expect(picker.locator("model-search li")).to_have_count(50)
    expect(picker.locator(".groups")).to_be_hidden()
    words.fill("MINI alpha")
    row = picker.locator("model-search li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("lab/vendor/alpha-mini")
    expect(row).to_contain_text("$2.50 in · $10.00 out per 1M tokens · 131,072 tokens of context · reasoning")
    words.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(words).to_be_focused()
    words.fill("")
    expect(picker.locator(".groups")).to_be_visible()
    expect(picker.get_by_role("region", name="lab").get_by_role("checkbox", name="vendor/alpha-mini")).to_be_checked()
    picker.get_by_role("button", name="Close").click()
    expect(page.locator(CHOSEN).filter(has_text="lab/vendor/alpha-mini")).to_be_visible()
    page.wait_for_url(lambda address: "models" not in address)  # closing a dialog goes back in the history
    page.reload()
    expect(page.locator(CHOSEN).filter(has_text="lab/vendor/alpha-mini")).to_be_visible()
    expect(page.locator("hunt-plan .go")).to_contain_text("Left today: $20.00 of $20.00 at lab.")


def test_a_misspelled_model_is_swapped_before_the_run(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    page.get_by_role("button", name="Choose models").click()
    picker = page.locator("model-picker")
    picker.get_by_label("Any other model").fill("lab/vendor/alpha-minii")
    picker.get_by_role("button", name="Add").click()
    picker.get_by_role("button", name="Close").click()
    warnings = page.locator("hunt-plan form > .caution")
    expect(warnings).to_contain_text("lab/vendor/alpha-minii: did you mean lab/vendor/alpha-mini?")
    expect(warnings).to_contain_text(
        "lab/vendor/alpha-minii: the price is unknown, so the daily budgets count its calls as $0."
    )
    warnings.get_by_role("button", name="Use lab/vendor/alpha-mini").click()
    expect(warnings).to_be_hidden()
    expect(page.locator(CHOSEN).filter(has_text="alpha-minii")).to_have_count(0)
    expect(page.locator(CHOSEN).filter(has_text="lab/vendor/alpha-mini")).to_be_visible()


def test_a_removed_model_takes_its_warnings_with_it(page: Page, product: Product) -> None:
    go_to(page, product.open_example())
    page.get_by_role("button", name="Choose models").click()
    picker = page.locator("model-picker")
    picker.get_by_label("Any other model").fill("lab/vendor/alpha-minii")
    picker.get_by_role("button", name="Add").click()
    picker.get_by_role("button", name="Close").click()
    warnings = page.locator("hunt-plan form > .caution")
    expect(warnings).to_contain_text("did you mean lab/vendor/alpha-mini?")
    page.get_by_role("button", name="Remove lab/judge", exact=True).click()
    expect(page.locator(CHOSEN)).to_have_count(1)
    expect(warnings).to_contain_text("did you mean lab/vendor/alpha-mini?")
    page.get_by_role("button", name="Remove lab/vendor/alpha-minii", exact=True).click()
    expect(page.locator(CHOSEN)).to_have_count(0)
    expect(warnings).to_be_hidden()
