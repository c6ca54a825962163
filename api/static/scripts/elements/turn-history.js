// Earlier turns of a conversation, read-only: what was asked, which reply became part of the history.

import { keyed, make, setText, show } from "../dom.js";
import { rate } from "../format.js";
import { counted } from "../state/announcements.js";
import { PageElement } from "./element.js";

export class TurnHistory extends PageElement {
  inputs(state) {
    return [state.session?.turns, state.session?.turn];
  }

  build() {
    this.heading = make("h2");
    this.list = make("ol", { class: "turns" });
    this.className = "card";
    this.append(this.heading, make("p", { class: "faint" }, "Sent to the models and the judge before the prompt below."), this.list);
  }

  draw(turns, turn) {
    show(this, Boolean(turns?.length));
    if (!turns) return;
    setText(this.heading, `Turn ${turn} of a conversation`);
    keyed(this.list, turns, (one) => one.number, makeTurn, drawTurn);
  }
}

function makeTurn({ number }) {
  const item = make("li");
  item.facts = make("span", { class: "faint" });
  item.prompt = make("p", { class: "words" });
  item.answer = make("p", { class: "words" });
  item.criteria = make("ol", { class: "words" });
  item.append(make("details", {}, make("summary", {}, make("strong", {}, `Turn ${number} `), item.facts),
    make("h3", {}, "Prompt"), item.prompt, make("h3", {}, "Reply in the history"), item.answer, make("h3", {}, "Criteria"), item.criteria));
  return item;
}

function drawTurn(item, turn) {
  setText(item.facts, `${counted(turn.hunts, "hunt")}, break rate ${rate(turn.counts?.break_rate)}`);
  setText(item.prompt, turn.prompt);
  setText(item.answer, turn.selected_response);
  keyed(item.criteria, turn.criteria, (one) => one.id, (one) => make("li", {}, make("b", { class: "mono" }, `${one.id} `), make("span")), (entry, one) => setText(entry.lastChild, one.text));
}

customElements.define("turn-history", TurnHistory);
