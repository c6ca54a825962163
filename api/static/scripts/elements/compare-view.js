// Two replies side by side; words that are in one of them only are marked. The second is chosen from the hunts that have a reply, in the
// table's order.

import { emit, keyed, make, setText, show } from "../dom.js";
import { NO_FILTERS } from "../hunts/filters.js";
import { visibleHunts } from "../hunts/visible.js";
import { dialogIds } from "../router.js";
import { difference } from "../state/difference.js";
import { displayStatus } from "../state/outcomes.js";
import { labelOf, shortLabelOf } from "../state/targets.js";
import { readHunt } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import { dialogHeader, makeDialog, showDialog, statusTag } from "./widgets.js";

export class CompareView extends PageElement {
  #requested = "";

  inputs(state) {
    return [dialogIds(state.route, "compare"), state.hunts, state.view, state.session?.session_id ?? null];
  }

  build() {
    this.sides = [0, 1].map(() => ({ head: make("h3"), text: make("div", { class: "words text" }) }));
    this.note = make("p", { class: "faint" });
    this.others = make("ul", { class: "others" });
    this.none = make("p", { class: "soft" }, "No other hunt has a reply yet.");
    this.choosing = make("section", { "aria-label": "Compare with" }, make("h3", {}, "Compare with"), this.none, this.others);
    this.again = make("button", { type: "button", class: "small", onclick: () => emit(this, "open-dialog", { name: "compare", ids: [this.first] }) }, "Choose another");
    const [one, other] = this.sides.map(({ head, text }) => make("section", {}, head, text));
    this.second = other;
    this.columns = make("div", { class: "sides" }, one, other, this.choosing);
    this.dialog = makeDialog("compare", { "aria-label": "Compare two replies" }, dialogHeader("Compare two replies", this.note, this.again),
      this.columns);
    this.append(this.dialog);
  }

  draw(ids, hunts, view, sid) {
    const pair = (ids ?? []).map((id) => hunts.byId.get(id));
    const shown = sid !== null && pair.length > 0 && hunts.complete;
    const found = pair.every(Boolean);
    showDialog(this.dialog, shown);
    show(this.columns, found);
    if (!found) {
      this.#requested = "";
      show(this.again, false);
      setText(this.note, "Hunt not found. This turn has no hunt with this address.");
    }
    if (!shown || !found) return;
    const [first, second] = pair;
    this.first = first.hunt_id;
    for (const part of [this.second, this.again]) show(part, Boolean(second));
    show(this.choosing, !second);
    if (!second) this.#drawOthers(first, hunts, view);
    const requested = `${sid} ${ids.join(" ")}`;
    if (requested === this.#requested) return;
    this.#requested = requested;
    this.#read(requested, sid, pair);
  }

  #drawOthers(first, hunts, view) {
    const others = visibleHunts({ hunts, view: { ...view, ...NO_FILTERS } }).filter((hunt) => hunt !== first && hunt.status === "done" && hunt.excerpt);
    keyed(this.others, others, (hunt) => hunt.hunt_id, (hunt) => makeOther(hunt, () => emit(this, "open-dialog", { name: "compare", ids: [this.first, hunt.hunt_id] })), drawOther);
    show(this.none, others.length === 0);
  }

  async #read(requested, sid, pair) {
    setText(this.note, "Loading …");
    pair.forEach((hunt, side) => this.sides[side].head.replaceChildren(`Hunt ${hunt.number} `, statusTag(displayStatus(hunt)), ` ${labelOf(hunt)}`));
    for (const { text } of this.sides) text.replaceChildren();
    try {
      const [one, other] = await Promise.all(pair.map((hunt) => readHunt(sid, hunt.hunt_id)));
      if (requested !== this.#requested) return;
      if (other) this.#show(one.response ?? "", other.response ?? "");
      else this.#showOne(one.response ?? "");
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      if (requested === this.#requested) setText(this.note, `${failure.message} ${failure.hint}`);
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
    make("span", { class: "mono faint" }, shortLabelOf(hunt)), item.words));
  return item;
}

function drawOther(item, hunt) {
  if (item.hunt === hunt) return;
  item.hunt = hunt;
  item.outcome.replaceChildren(statusTag(displayStatus(hunt)));
  setText(item.words, hunt.excerpt.replace(/\s+/g, " "));
}

customElements.define("compare-view", CompareView);
