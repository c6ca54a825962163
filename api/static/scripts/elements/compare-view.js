// Two replies side by side, word by word: what only one of them says is marked. The other side is chosen from a list
// of the hunts that have a reply, in the table's order.

import { keyed, make, setText, show, wish } from "../dom.js";
import { layerOf } from "../router.js";
import { difference } from "../state/difference.js";
import { visibleHunts } from "../state/hunts.js";
import { standing } from "../state/outcomes.js";
import { readHunt } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import { layerTop, makeLayer, showLayer, standingTag } from "./pieces.js";

const EVERY_HUNT = { filter: "all", run: "all", model: "all", criterion: "all", search: "" };

export class CompareView extends PageElement {
  #asked = "";

  inputs(state) {
    return [layerOf(state.route, "compare"), state.hunts, state.view, state.session?.session_id ?? null];
  }

  build() {
    this.sides = [0, 1].map(() => ({ head: make("h3"), text: make("div", { class: "words text" }) }));
    this.note = make("p", { class: "faint" });
    this.others = make("ul", { class: "others" });
    this.none = make("p", { class: "soft" }, "No other hunt has a reply yet.");
    this.choosing = make("section", { "aria-label": "Compare with" }, make("h3", {}, "Compare with"), this.none, this.others);
    this.again = make("button", { type: "button", class: "small", onclick: () => wish(this, "open-layer", { name: "compare", ids: [this.first] }) }, "Choose another");
    const [one, other] = this.sides.map(({ head, text }) => make("section", {}, head, text));
    this.second = other;
    this.dialog = makeLayer("compare", { "aria-label": "Compare two replies" }, layerTop(() => this.dialog, "Compare two replies", this.note, this.again),
      make("div", { class: "sides" }, one, other, this.choosing));
    this.append(this.dialog);
  }

  draw(ids, hunts, view, sid) {
    const pair = (ids ?? []).map((id) => hunts.byId.get(id));
    const shown = sid !== null && pair.length > 0 && pair.every(Boolean);
    showLayer(this.dialog, shown);
    if (!shown) return;
    const [first, second] = pair;
    this.first = first.hunt_id;
    for (const part of [this.second, this.again]) show(part, Boolean(second));
    show(this.choosing, !second);
    if (!second) this.#drawOthers(first, hunts, view);
    const asked = `${sid} ${ids.join(" ")}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#read(asked, sid, pair);
  }

  #drawOthers(first, hunts, view) {
    const others = visibleHunts(hunts, { ...view, ...EVERY_HUNT }).filter((hunt) => hunt !== first && hunt.status === "done" && hunt.excerpt);
    keyed(this.others, others, (hunt) => hunt.hunt_id, (hunt) => makeOther(hunt, () => wish(this, "open-layer", { name: "compare", ids: [this.first, hunt.hunt_id] })), drawOther);
    show(this.none, others.length === 0);
  }

  async #read(asked, sid, pair) {
    setText(this.note, "Reading …");
    pair.forEach((hunt, side) => this.sides[side].head.replaceChildren(`Hunt ${hunt.number} `, standingTag(standing(hunt)), ` ${hunt.model}`));
    for (const { text } of this.sides) text.replaceChildren();
    try {
      const [one, other] = await Promise.all(pair.map((hunt) => readHunt(sid, hunt.hunt_id)));
      if (asked !== this.#asked) return;
      if (other) this.#show(one.response ?? "", other.response ?? "");
      else this.#showOne(one.response ?? "");
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      if (asked === this.#asked) setText(this.note, `${failure.message} ${failure.hint}`);
    }
  }

  #showOne(text) {
    this.sides[0].text.replaceChildren(text);
    setText(this.note, "");
  }

  #show(one, other) {
    const parts = difference(one, other);
    const marked = (without, tag, about) => parts.filter((part) => part.kind !== without).map((part) => (part.kind === "same" ? part.text : make(tag, { title: about }, part.text)));
    this.sides[0].text.replaceChildren(...marked("more", "del", "only in this reply"));
    this.sides[1].text.replaceChildren(...marked("less", "ins", "only in this reply"));
    const differing = parts.filter((part) => part.kind !== "same").length;
    setText(this.note, differing ? "Underlined words appear in one reply only." : "The two replies are the same.");
  }
}

function makeOther(hunt, choose) {
  const item = make("li");
  item.outcome = make("span");
  item.words = make("span", { class: "excerpt-line" });
  item.append(make("button", { type: "button", class: "quiet", onclick: choose }, make("b", { class: "number" }, `#${hunt.number}`), item.outcome,
    make("span", { class: "mono faint" }, hunt.model.slice(hunt.model.lastIndexOf("/") + 1)), item.words));
  return item;
}

function drawOther(item, hunt) {
  if (item.hunt === hunt) return;
  item.hunt = hunt;
  item.outcome.replaceChildren(standingTag(standing(hunt)));
  setText(item.words, hunt.excerpt.replace(/\s+/g, " "));
}

customElements.define("compare-view", CompareView);
