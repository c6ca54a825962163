// What waits for the user: tasks that were given to them, second reviews, differences to settle.

import { keyed, make, setAttribute, setText, show } from "../dom.js";
import { moment } from "../format.js";
import { sessionAddress } from "../router.js";
import { waitingWords } from "../state/tasks.js";
import { PageElement } from "./element.js";

export class WaitingList extends PageElement {
  inputs(state) {
    return [state.tasks.waiting];
  }

  build() {
    this.rows = make("ul", { class: "waiting" });
    this.card = make("section", { class: "card", "aria-labelledby": "waiting-title" }, make("h2", { id: "waiting-title" }, "Waiting for you"), this.rows);
    this.append(this.card);
  }

  draw(waiting) {
    const known = waiting.filter((one) => waitingWords(one) !== null);
    show(this, known.length > 0);
    keyed(this.rows, known, (one) => `${one.kind} ${one.session_id}`, makeRow, drawRow);
  }
}

function makeRow() {
  return make("li", {}, make("a", {}, make("strong", {}), make("span", { class: "tag" }), make("span", { class: "what" }), make("span", { class: "excerpt soft" }), make("span", { class: "facts faint" })));
}

function drawRow(item, one) {
  const { words, step, act } = waitingWords(one);
  const [name, tag, what, excerpt, since] = item.firstChild.children;
  setAttribute(item.firstChild, "href", sessionAddress(one.session_id, step));
  setText(name, one.name || "Task");
  setText(tag, act);
  setText(what, `${words}.`);
  setText(excerpt, one.excerpt);
  setText(since, `since ${moment(one.since)}`);
}

customElements.define("waiting-list", WaitingList);
