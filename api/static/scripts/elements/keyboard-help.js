// What the keys do, opened with ? and closed with Escape.

import { make } from "../dom.js";
import { icon } from "../icons.js";

const KEYS = [
  ["?", "this help"], ["g then t, h, r or d", "go to Task, Hunt, Review or Deliver"],
  ["↑ ↓ or k j", "walk through the hunts"], ["Enter", "open the hunt"], ["Esc", "close it"],
  ["s", "select the hunt for delivery, or take it back"], ["1 to 9", "put the hunt into that slot"], ["c", "compare: press on one hunt, then on another"],
  ["p f", "on the desk: PASS or FAIL, and on to the next criterion"], ["[ ]", "on the desk: the reply before, the reply after"],
  ["Alt+↑ Alt+↓", "move the criterion up or down"], ["Ctrl+Enter", "a new criterion below this one"],
];
const ACTS = { t: "task", h: "hunt", r: "review", d: "deliver" };

export class KeyboardHelp extends HTMLElement {
  #went = 0;

  connectedCallback() {
    this.dialog = make("dialog", { "aria-label": "Keys" }, make("div", { class: "top" }, make("h2", {}, "Keys"),
      make("button", { type: "button", class: "quiet icon-only", "aria-label": "Close", onclick: () => this.dialog.close() }, icon("cross"))),
    make("dl", {}, ...KEYS.map(([key, about]) => make("div", {}, make("dt", { class: "mono" }, key), make("dd", {}, about)))));
    this.replaceChildren(this.dialog);
    this.listening = new AbortController();
    addEventListener("keydown", (event) => this.#keys(event), { signal: this.listening.signal });
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  #keys(event) {
    if (event.target.closest?.("textarea, input:not([type=checkbox]), select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") this.open();
    const goes = event.timeStamp - this.#went < 1200 && ACTS[event.key];
    this.#went = event.key === "g" ? event.timeStamp : 0;
    if (goes) this.dispatchEvent(new CustomEvent("go-to", { bubbles: true, detail: goes }));
  }
}

customElements.define("keyboard-help", KeyboardHelp);
