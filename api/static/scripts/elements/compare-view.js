// Two replies side by side, word by word: what only one of them says is marked.

import { make, setText, show, wish } from "../dom.js";
import { icon } from "../icons.js";
import { difference } from "../state/difference.js";
import { standing } from "../state/outcomes.js";
import { readHunt } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import { cutOffTag, standingTag } from "./pieces.js";

export class CompareView extends PageElement {
  #asked = "";

  inputs(state) {
    return [state.view.compared, state.hunts, state.session?.session_id];
  }

  build() {
    this.sides = [0, 1].map(() => ({ head: make("h3"), text: make("div", { class: "words text" }) }));
    this.note = make("p", { class: "faint" });
    this.dialog = make("dialog", { "aria-label": "Compare two replies", onclose: () => wish(this, "compare-end") },
      make("div", { class: "top" }, make("h2", {}, "Compare two replies"), this.note, make("button", { type: "button", class: "quiet icon-only", "aria-label": "Close", onclick: () => this.dialog.close() }, icon("cross"))),
      make("div", { class: "sides" }, ...this.sides.map(({ head, text }) => make("section", {}, head, text))));
    this.append(this.dialog);
  }

  draw(compared, hunts, sid) {
    const both = compared.length === 2;
    show(this, both);
    if (both && !this.dialog.open) this.dialog.showModal();
    if (!both && this.dialog.open) this.dialog.close();
    const asked = both ? `${sid} ${compared.join(" ")}` : "";
    if (asked === this.#asked) return;
    this.#asked = asked;
    if (both) this.#read(asked, sid, compared.map((id) => hunts.byId.get(id)));
  }

  async #read(asked, sid, pair) {
    setText(this.note, "Reading …");
    pair.forEach((hunt, side) => this.sides[side].head.replaceChildren(`Hunt ${hunt.number} `, standingTag(standing(hunt)), hunt.cut_off ? cutOffTag() : "", ` ${hunt.model}`));
    for (const { text } of this.sides) text.replaceChildren();
    try {
      const [one, other] = await Promise.all(pair.map((hunt) => readHunt(sid, hunt.hunt_id)));
      if (asked === this.#asked) this.#show(one.response ?? "", other.response ?? "");
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      setText(this.note, `${failure.message} ${failure.hint}`);
    }
  }

  #show(one, other) {
    const parts = difference(one, other);
    const marked = (without, tag, about) => parts.filter((part) => part.kind !== without).map((part) => (part.kind === "same" ? part.text : make(tag, { title: about }, part.text)));
    this.sides[0].text.replaceChildren(...marked("more", "del", "only in this reply"));
    this.sides[1].text.replaceChildren(...marked("less", "ins", "only in this reply"));
    const differing = parts.filter((part) => part.kind !== "same").length;
    setText(this.note, differing ? "Underlined words stand in one reply only." : "The two replies are the same.");
  }
}

customElements.define("compare-view", CompareView);
