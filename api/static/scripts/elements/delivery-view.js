// The Deliver step: preview of what the export changes, cell by cell.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { difference } from "../state/difference.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

const WORDS = { changed: "changed", added: "new", removed: "removed", same: "unchanged" };

export class DeliveryView extends PageElement {
  inputs(state) {
    return [state.preview, actionOf(state.actions, "preview"), state.route.step];
  }

  build() {
    this.about = make("p", { class: "soft" });
    this.again = make("button", { type: "button", class: "small", onclick: () => emit(this, "load-preview") }, "Refresh preview");
    this.problem = make("div", { hidden: true });
    this.list = make("ol", { class: "cells" });
    this.append(make("div", { class: "line" }, make("h2", {}, "Notebook preview"), make("span", { class: "space" }), this.again), this.about, this.problem, this.list);
  }

  draw(preview, action) {
    setBusy(this.again, action.busy);
    showProblem(this.problem, action.problem);
    const cells = preview?.cells ?? [];
    const touched = cells.filter((cell) => cell.change !== "same").length;
    setText(this.about, preview ? `${changeText(touched, cells.length)} The notebook’s metadata contains the session (model_hunter: every hunt, the selection and the reviews), so that loading the notebook resumes it.` : "Loading the preview …");
    keyed(this.list, cells, (cell) => cell.index, makeCell, drawCell);
  }
}

function changeText(touched, all) {
  if (touched === 0) return `All ${counted(all, "cell")} are as in the notebook that was loaded, byte for byte.`;
  return `${touched} of ${counted(all, "cell")} ${touched === 1 ? "differs" : "differ"} from the notebook that was loaded; all others are unchanged, byte for byte.`;
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
