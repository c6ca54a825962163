// The deliver act: what the export changes, cell by cell, before it is taken away.

import { keyed, make, setAttribute, setBusy, setText, show, wish } from "../dom.js";
import { actOf } from "../state/acts.js";
import { counted } from "../state/announcements.js";
import { difference } from "../state/difference.js";
import { PageElement } from "./element.js";
import { showProblem } from "./pieces.js";

const WORDS = { changed: "changed", added: "new", removed: "removed", same: "unchanged" };

export class DeliveryView extends PageElement {
  inputs(state) {
    return [state.preview, actOf(state.acts, "preview"), state.route.act];
  }

  build() {
    this.about = make("p", { class: "soft" });
    this.again = make("button", { type: "button", class: "small", onclick: () => wish(this, "look-at-export") }, "Look again");
    this.problem = make("div", { hidden: true });
    this.list = make("ol", { class: "cells" });
    this.append(make("div", { class: "line" }, make("h2", {}, "Notebook preview"), make("span", { class: "space" }), this.again), this.about, this.problem, this.list);
  }

  draw(preview, act) {
    setBusy(this.again, act.busy);
    showProblem(this.problem, act.problem);
    const cells = preview?.cells ?? [];
    const touched = cells.filter((cell) => cell.change !== "same").length;
    setText(this.about, preview ? `${counted(touched, "cell")} of ${cells.length} ${touched === 1 ? "differs" : "differ"} from the notebook that was loaded; all others stay as they are, to the byte. It will state ${counted(preview.attempts, "attempt")}. The notebook’s metadata records the session under model_hunter (every hunt, the selection and the reviews), so that it can be opened again.` : "Loading the preview …");
    keyed(this.list, cells, (cell) => cell.index, makeCell, drawCell);
  }
}

function makeCell() {
  const item = make("li", { class: "cell-change" });
  item.heading = make("b", { class: "mono" });
  item.word = make("span", { class: "tag" });
  item.text = make("div", { class: "words" });
  item.more = make("details", {}, make("summary", {}, item.heading, " ", item.word), item.text);
  item.append(item.more);
  return item;
}

function drawCell(item, cell) {
  if (item.cell === cell) return;
  item.cell = cell;
  setAttribute(item, "data-change", cell.change);
  setText(item.heading, cell.heading || `cell ${cell.index + 1}`);
  setText(item.word, WORDS[cell.change] ?? cell.change);
  item.more.open = false;
  item.more.ontoggle = () => item.more.open && item.text.replaceChildren(...marked(cell));
  show(item.more, true);
}

function marked({ before = "", after = "" }) {
  const tags = { less: "del", more: "ins" };
  return difference(before ?? "", after ?? "").map(({ kind, text }) => (kind === "same" ? text : make(tags[kind], {}, text)));
}

customElements.define("delivery-view", DeliveryView);
