"""The parameters of a model on the page: edited, checked by the server, remembered as presets, compared apart."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from core.domain.parameters import Parameters
from tests.browser.product import Product
from tests.browser.request_log import RequestLog
from tests.browser.trainer import (
    check_reference,
    choose_models,
    go_to,
    newest_run,
    open_hunt,
    plan_hunts,
    rows,
    start_button,
    wait_for_end,
)

pytestmark = pytest.mark.browser


def open_editor(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"Parameters of {name}", exact=True).click()
    editor = page.locator("target-editor dialog")
    expect(editor).to_be_visible()
    return editor


def tags(page: Page) -> Locator:
    return page.locator("hunt-plan .tag.model .mono")


@pytest.fixture
def planned(page: Page, product: Product) -> str:
    """A session whose plan has two settings of one model."""
    sid = product.open_example()
    product.check(sid)
    go_to(page, sid)
    choose_models(page, "thinker")
    editor = open_editor(page, "simulated/thinker")
    editor.get_by_label("Label").fill("brief")
    editor.get_by_label("Reasoning", exact=True).select_option("low")
    editor.get_by_label("Seed").fill("7")
    editor.get_by_role("button", name="Add as another setting").click()
    expect(editor).to_be_hidden()
    expect(tags(page)).to_have_text(["simulated/thinker", "brief"])
    return sid


def test_two_settings_of_a_model_are_two_rows_everywhere(page: Page, product: Product, planned: str) -> None:
    plan_hunts(page, 6)
    start_button(page).click()
    wait_for_end(page)
    expect(newest_run(page).locator(".models")).to_have_text("simulated/thinker, brief")
    run = product.session(planned)["runs"][0]
    assert [one["parameters"] for one in run["targets"]] == [{}, {"reasoning": {"effort": "low"}, "seed": 7}]
    names = page.locator("model-rates dl").first.locator("dt")
    expect(names).to_have_text(["brief", "simulated/thinker"])
    page.get_by_label("Filter by model").select_option(label="brief")
    expect(rows(page)).to_have_count(3)
    rows(page).first.get_by_role("link").first.click()
    panel = page.locator("hunt-panel")
    expect(panel.locator(".line .mono").first).to_have_text("brief")
    expect(panel.locator(".call")).to_contain_text(
        re.compile('simulated/thinker · reasoning {"effort":"low"} · seed 7 · upstream Simulated (North|South)')
    )


def test_a_trial_takes_the_chosen_setting(page: Page, product: Product, planned: str) -> None:
    go_to(page, planned, act="task")
    models = page.locator("#trial-model")
    expect(models.locator("option").nth(0)).to_have_text("simulated/thinker")
    models.select_option(label="brief")
    with page.expect_response(lambda response: response.url.endswith("/trials")) as answering:
        page.get_by_role("button", name="Try once").click()
    assert answering.value.ok
    sent = answering.value.request.post_data_json
    assert (sent["model"], sent["parameters"]) == ("simulated/thinker", {"reasoning": {"effort": "low"}, "seed": 7})
    expect(page.locator("trial-panel .trial a.mono")).to_have_text("thinker · low, seed 7")


def test_what_the_server_rejects_is_shown_and_the_plan_stays(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    go_to(page, product.open_example())
    choose_models(page, "hasty")
    editor = open_editor(page, "simulated/hasty")
    for name, value in (("Temperature", "9"), ("Top p", "-1"), ("Output limit", "0")):
        editor.get_by_label(name).fill(value)
        editor.get_by_role("button", name="Apply").click()
        expect(editor.get_by_label(name)).to_be_focused()
        expect(editor.get_by_role("alert")).to_be_hidden()
        editor.get_by_label(name).fill("")
    editor.get_by_label("Other request fields").fill('{"model": 1}')
    editor.get_by_role("button", name="Apply").click()
    expect(editor.get_by_role("alert")).to_contain_text(
        "simulated/hasty cannot be called with these parameters: extra_body: extra_body never sets model."
    )
    editor.get_by_label("Other request fields").fill("{top_k")
    editor.get_by_role("button", name="Apply").click()
    expect(editor.get_by_role("alert")).to_contain_text("are not JSON")
    editor.get_by_label("Other request fields").fill("")
    editor.get_by_label("Label").fill("half")
    editor.get_by_label("Seed").fill("1.5")  # invalid for the browser, which gives no value for "1e" at all
    for name in ("Add as another setting", "Save as preset", "Apply"):
        editor.get_by_role("button", name=name).click()
        expect(editor.get_by_label("Seed")).to_be_focused()
    expect(editor.get_by_label("Preset").locator("option")).to_have_count(1)
    editor.get_by_role("button", name="Close").click()
    expect(tags(page)).to_have_text(["simulated/hasty"])


def test_presets_and_the_plan_are_remembered(page: Page, product: Product, planned: str) -> None:
    editor = open_editor(page, "brief")
    editor.get_by_role("button", name="Save as preset").click()
    expect(editor.get_by_label("Preset")).to_have_value("brief")
    editor.get_by_role("button", name="Close").click()
    expect(page).not_to_have_url(re.compile(r"\+parameters"))  # closing a dialog goes back in the history
    page.reload()
    expect(tags(page)).to_have_text(["simulated/thinker", "brief"])
    page.get_by_role("button", name="Remove brief").click()
    expect(tags(page)).to_have_text(["simulated/thinker"])
    editor = open_editor(page, "simulated/thinker")
    editor.get_by_label("Preset").select_option("brief")
    expect(editor.get_by_label("Seed")).to_have_value("7")
    editor.get_by_role("button", name="Apply").click()
    expect(tags(page)).to_have_text(["brief"])


def judge_editor(page: Page) -> Locator:
    page.get_by_role("button", name="Judge’s parameters").click()
    editor = page.locator("target-editor dialog")
    expect(editor).to_be_visible()
    return editor


def test_the_judges_parameters_are_sent_wherever_the_page_starts_judging(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    choose_models(page, "hasty")
    editor = judge_editor(page)
    expect(editor.get_by_role("heading")).to_have_text("Parameters of the judge simulated/judge")
    expect(editor.get_by_label("System prompt")).to_be_hidden()
    expect(editor.get_by_role("button", name="Add as another setting")).to_be_hidden()
    editor.get_by_label("Seed").fill("7")
    editor.get_by_label("Name of the preset").fill("seeded")
    editor.get_by_role("button", name="Save as preset").click()
    editor.get_by_role("button", name="Apply").click()
    expect(editor).to_be_hidden()
    expect(page.locator("hunt-plan .judge")).to_contain_text("seeded")

    check_reference(page)
    expect(page.locator("check-panel")).to_contain_text("judged by simulated/judge · seed 7")
    plan_hunts(page, 2)
    start_button(page).click()
    wait_for_end(page)
    expect(newest_run(page).locator(".judge")).to_have_text("Judge: simulated/judge · seed 7")
    run = product.session(sid)["runs"][0]
    assert (run["judge_model"], run["judge_parameters"]) == ("simulated/judge", {"seed": 7})

    editor = judge_editor(page)
    editor.get_by_label("Seed").fill("8")
    editor.get_by_role("button", name="Apply").click()
    expect(editor).to_be_hidden()
    panel = open_hunt(page, 1)
    sent = sent_judge(page, "/rejudge", lambda: panel.get_by_role("button", name="Judge again").first.click())
    assert sent == {"model": "simulated/judge", "parameters": {"seed": 8}}
    go_to(page, sid, act="task")
    sent = sent_judge(page, "/trials", lambda: page.get_by_role("button", name="Try once").click())
    assert sent == {"model": "simulated/judge", "parameters": {"seed": 8}}


def sent_judge(page: Page, path: str, press: Callable[[], None]) -> object:
    """The judge of the request to `path` that `press` sends, which the server accepts."""
    with page.expect_response(lambda response: response.url.endswith(path)) as answering:
        press()
    assert answering.value.ok
    return answering.value.request.post_data_json["judge"]


def test_the_judges_parameters_are_remembered_for_each_judge(
    page: Page, product: Product, request_log: RequestLog
) -> None:
    request_log.allow_rejections()
    go_to(page, product.open_example())
    editor = judge_editor(page)
    editor.get_by_label("Other request fields").fill('{"model": 1}')
    editor.get_by_role("button", name="Apply").click()
    expect(editor.get_by_role("alert")).to_contain_text("simulated/judge cannot be called with these parameters")
    editor.get_by_label("Other request fields").fill("")
    editor.get_by_label("Seed").fill("7")
    editor.get_by_role("button", name="Apply").click()
    expect(editor).to_be_hidden()
    about = page.locator("hunt-plan .judge .mono")
    expect(about).to_have_text("judge · seed 7")
    page.locator("#plan-judge").select_option("simulated/thinker")
    expect(about).to_have_text("")
    page.locator("#plan-judge").select_option("")
    expect(about).to_have_text("judge · seed 7")
    page.reload()
    expect(about).to_have_text("judge · seed 7")
    editor = judge_editor(page)
    editor.get_by_label("Seed").fill("")
    editor.get_by_role("button", name="Apply").click()
    expect(about).to_have_text("")


def test_a_note_says_what_the_provider_ignores(page: Page, product: Product) -> None:
    sid = product.open_example()
    go_to(page, sid)
    choose_models(page, "hasty")
    editor = open_editor(page, "simulated/hasty")
    editor.get_by_label("Temperature").fill("0.5")
    editor.get_by_role("button", name="Apply").click()
    expect(tags(page)).to_have_text(["hasty · t 0.5"])
    expect(page.locator("hunt-plan form > .caution")).to_contain_text("The simulated provider ignores temperature.")


EVERY = {
    "system_prompt": "Be brief.",
    "temperature": 0,
    "top_p": 0.5,
    "max_output_tokens": 200,
    "reasoning": {"max_tokens": 50},
    "seed": 7,
    "stop": ["END", "STOP"],
    "service_tier": "flex",
    "extra_body": {"top_k": 3},
    "provider": {
        "only": ["a", "b"],
        "order": ["b"],
        "ignore": ["c"],
        "quantizations": ["fp8"],
        "allow_fallbacks": False,
        "require_parameters": True,
        "data_collection": "deny",
    },
}


@pytest.mark.parametrize(
    "parameters",
    [EVERY, {}, {"reasoning": {"effort": "none"}}, {"reasoning": {"enabled": False}}, {"reasoning": {"enabled": True}}],
)
def test_the_editors_fields_hold_every_parameter(page: Page, parameters: dict[str, object]) -> None:
    page.goto("/")
    read = page.evaluate(
        """async (parameters) => {
          const {fieldsOf, readParameters} = await import("/static/scripts/state/targets.js");
          return readParameters(fieldsOf(parameters));
        }""",
        parameters,
    )
    assert read == parameters
    assert set(EVERY) == set(Parameters.model_fields)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_editor_fits_and_can_be_used_by_keyboard(page: Page, product: Product, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    go_to(page, product.open_example())
    choose_models(page, "thinker")
    editor = open_editor(page, "simulated/thinker")
    box = editor.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    unnamed = editor.locator("input, select, textarea").evaluate_all(
        "all => all.filter((one) => !one.labels.length).length"
    )
    assert unnamed == 0
    editor.get_by_label("Temperature").fill("1")
    page.keyboard.press("Enter")
    expect(editor).to_be_hidden()
    expect(tags(page)).to_have_text(["thinker · t 1"])
    open_editor(page, "thinker · t 1")
    page.keyboard.press("Escape")
    expect(editor).to_be_hidden()


def test_a_hunt_says_when_its_break_came_from_several_upstreams(page: Page, product: Product) -> None:
    sid = product.open_example()
    breaks: list[dict[str, list[str]]] = []
    while (
        not breaks
    ):  # what breaks, and at which upstream, depends on the calls before; of 60 hunts, often two are alike
        product.run(sid, 60, "simulated/thinker")
        breaks = product.http.get(f"/api/sessions/{sid}/insights").json()["same_breaks"]
    go_to(page, sid, breaks[0]["hunt_ids"][0])
    expect(page.locator("hunt-panel .call")).to_contain_text("the same break on Simulated North and Simulated South")
