// What the keys do, opened with ? and closed with Escape.

import { isTyped, make, wish } from "../dom.js";
import { layerOf } from "../router.js";
import { PageElement } from "./element.js";
import { layerTop, makeLayer, showLayer } from "./pieces.js";

const KEYS = [
  ["?", "this help"], ["g then t, h, r or d", "go to Task, Hunt, Review or Deliver"],
  ["↑ ↓ or k j", "walk through the hunts"], ["Enter", "open the hunt"], ["Esc", "close it"],
  ["s", "select or deselect the hunt for delivery"], ["1 to 9", "put the hunt into that slot"], ["c", "compare the hunt with another"],
  ["p f", "on the desk: PASS or FAIL, and on to the next criterion"], ["[ ]", "on the desk: the reply before, the reply after"],
  ["Alt+↑ Alt+↓", "move the criterion up or down"], ["Ctrl+Enter", "a new criterion below this one"],
];
const ACTS = { t: "task", h: "hunt", r: "review", d: "deliver" };

export class KeyboardHelp extends PageElement {
  #went = 0;

  inputs(state) {
    return [layerOf(state.route, "keys") !== null];
  }

  connectedCallback() {
    this.listening = new AbortController();
    addEventListener("keydown", (event) => this.#keys(event), { signal: this.listening.signal });
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  build() {
    this.dialog = makeLayer("keys", { "aria-label": "Keys" }, layerTop(() => this.dialog, "Keys"),
      make("dl", {}, ...KEYS.map(([key, about]) => make("div", {}, make("dt", { class: "mono" }, key), make("dd", {}, about)))));
    this.append(this.dialog);
  }

  draw(open) {
    showLayer(this.dialog, open);
  }

  #keys(event) {
    if (isTyped(event)) return;
    if (event.key === "?") wish(this, "open-layer", { name: "keys" });
    const goes = event.timeStamp - this.#went < 1200 && ACTS[event.key];
    this.#went = event.key === "g" ? event.timeStamp : 0;
    if (goes) wish(this, "go-to", goes);
  }
}

customElements.define("keyboard-help", KeyboardHelp);
