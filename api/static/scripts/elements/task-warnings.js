// Warnings from reading the notebook, above the task: in a tab they would be noticed too late.

import { keyed, make, setText, show } from "../dom.js";
import { warningText } from "../state/warnings.js";
import { PageElement } from "./element.js";

const FIRST = 3;

export class TaskWarnings extends PageElement {
  inputs(state) {
    return [state.session?.warnings ?? []];
  }

  build() {
    this.className = "caution";
    this.first = make("ul");
    this.rest = make("ul");
    this.summary = make("summary");
    this.more = make("details", {}, this.summary, this.rest);
    this.append(this.first, this.more);
    this.setAttribute("role", "status");
  }

  draw(warnings) {
    const items = warnings.map((warning, place) => ({ place, words: warningText(warning) }));
    show(this, items.length > 0);
    this.#list(this.first, items.slice(0, FIRST));
    this.#list(this.rest, items.slice(FIRST));
    show(this.more, items.length > FIRST);
    setText(this.summary, `${items.length - FIRST} more`);
  }

  #list(list, items) {
    keyed(list, items, ({ place }) => place, () => make("li", {}), (item, { words }) => setText(item, words));
  }
}

customElements.define("task-warnings", TaskWarnings);
