"""The open hunt is loaded again whenever the table knows more of it, and whenever its panel is opened."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.states import a_hunt, a_snapshot, changed

pytestmark = pytest.mark.browser
# The loader with the page's own store; `steps`: events that arrive within one frame, then what the server answers with.
LOAD = """async (steps) => {
  const {HuntLoader} = await import("/static/scripts/actions/hunts.js");
  const {initialState, reduce} = await import("/static/scripts/state/page.js");
  const {Store} = await import("/static/scripts/store.js");
  const store = new Store(reduce, initialState());
  const loader = new HuntLoader(store);
  store.watch(() => loader.update());
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const original = window.fetch;
  const requests = [];
  let hunt = null;
  window.fetch = async (url) => {
    requests.push(String(url));
    return new Response(JSON.stringify(hunt), {headers: {"Content-Type": "application/json"}});
  };
  try {
    const shown = [];
    for (const [events, answer] of steps) {
      hunt = answer;
      for (const event of events) store.dispatch(event);
      for (let frames = 0; frames < 5; frames += 1) await frame();
      shown.push([requests.length, store.state.detail.hunt]);
    }
    return shown;
  } finally {
    window.fetch = original;
  }
}"""


def opened(hunt_id: str | None) -> dict[str, Any]:
    return {"type": "route.changed", "route": {"sessionId": "s1", "huntId": hunt_id}}


def test_a_judging_that_ends_within_one_frame_is_loaded(modules: Page) -> None:
    first, second = a_hunt(verdicts=3) | {"judgings": 1}, a_hunt(verdicts=3) | {"judgings": 2}
    judging = second | {"status": "judging"}
    steps = [
        [[a_snapshot(), changed(first), opened("r1.1")], first],
        [[changed(judging), changed(second)], second],
    ]
    assert modules.evaluate(LOAD, steps) == [[1, first], [2, second]]


def test_a_hunt_is_loaded_again_when_its_panel_is_closed_and_opened(modules: Page) -> None:
    hunt = a_hunt(verdicts=3) | {"judgings": 1}
    steps = [[[a_snapshot(), changed(hunt), opened("r1.1")], hunt], [[opened(None)], None], [[opened("r1.1")], hunt]]
    assert modules.evaluate(LOAD, steps) == [[1, hunt], [1, None], [2, hunt]]
