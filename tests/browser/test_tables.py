"""The tables that the page is made from: columns and filters of the hunts, keyboard shortcuts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.trainer import go_to, rows

pytestmark = pytest.mark.browser
TEMPLATES = """async (sealed) => {
  const {columnsFor, gridTemplate} = await import("/static/scripts/hunts/columns.js");
  const columns = columnsFor(sealed);
  return Object.fromEntries(["wide", "narrow", "phone"].map((layout) => {
    const template = gridTemplate(columns, layout);
    const ids = columns.filter((column) => layout === "wide" || column[layout]).map(({id}) => id);
    return [layout, {template, ids, valid: CSS.supports("grid-template", template)}];
  }));
}"""
SHORTCUTS = """async () => {
  const {PLACES, SHORTCUTS} = await import("/static/scripts/shortcuts.js");
  return {places: Object.keys(PLACES), rows: SHORTCUTS.map(({place, keys, label}) => ({place, keys, label}))};
}"""


@pytest.mark.parametrize("sealed", [False, True])
def test_a_column_is_in_each_layout_that_it_names(page: Page, sealed: bool) -> None:
    go_to(page)
    for layout, found in page.evaluate(TEMPLATES, sealed).items():
        areas = set(found["template"].partition("/")[0].replace('"', " ").split())
        assert (layout, areas - {"."}, found["valid"]) == (layout, set(found["ids"]), True)
        assert ("criteria" in areas) is not sealed


def test_header_and_row_show_the_same_columns_on_every_screen(page: Page, product: Product) -> None:
    sid = product.open_example()
    product.run(sid, 2)
    go_to(page, sid)
    script = "(row) => [...row.children].filter((cell) => cell.checkVisibility()).map((cell) => cell.style.gridArea.split(' ')[0])"
    columns = ["number", "outcome", "criteria", "model", "excerpt", "time", "cost", "selected"]
    for width, hidden in ((1440, set()), (390, {"model", "time"})):
        page.set_viewport_size({"width": width, "height": 800})
        expect(rows(page)).to_have_count(2)
        shown = [name for name in columns if name not in hidden]
        assert rows(page).first.evaluate(script) == shown
        head = page.locator("hunt-table .head")
        assert head.evaluate(script) == (shown if width == 1440 else [])


def test_a_hunt_matches_the_filters_of_its_row(page: Page) -> None:
    go_to(page)
    script = """async () => {
      const {NO_FILTERS, OPTION_FILTERS, OUTCOME_FILTERS} = await import("/static/scripts/hunts/filters.js");
      const matching = (status) => OUTCOME_FILTERS.filter(({matches}) => matches(status)).map(({id}) => id);
      return {defaults: Object.keys(NO_FILTERS), options: OPTION_FILTERS.map(({id}) => id),
        matching: ["broke", "interrupted", "judging"].map(matching)};
    }"""
    found = page.evaluate(script)
    assert found["matching"] == [["all", "broke"], ["all", "cancelled"], ["all", "working"]]
    assert set(found["options"]) <= set(found["defaults"])


def test_no_two_shortcuts_of_a_place_have_the_same_key_and_the_help_lists_all(page: Page) -> None:
    go_to(page)
    table: dict[str, Any] = page.evaluate(SHORTCUTS)
    keys = [(row["place"], key) for row in table["rows"] for key in row["keys"]]
    assert len(keys) == len(set(keys))
    assert {row["place"] for row in table["rows"]} == set(table["places"])
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys").locator("dd")).to_have_text([row["label"] for row in table["rows"]])
