// Searches the models of all providers by words, with price, context and what is new or gone. Names are found in the providers' own lists.

import { emit, keyed, make, setAttribute, setText, show } from "../dom.js";
import { modelFacts } from "../format.js";
import { dialogIds } from "../router.js";
import { searchModels } from "../wire/api.js";
import { problemOf } from "../wire/request.js";
import { PageElement } from "./element.js";
import { showProblem, simulatedTag } from "./widgets.js";

const SEARCH_AFTER_MS = 200;
const MAX_SHOWN = 50;

export class ModelSearch extends PageElement {
  #rows = [];
  #chosen = [];
  #searched = "";

  inputs(state) {
    return [state.plan.models, dialogIds(state.route, "models") !== null && state.session !== null];
  }

  build() {
    this.words = make("input", {
      type: "search", id: "model-search", autocomplete: "off", spellcheck: "false", maxlength: "200", placeholder: "For example: qwen thinking",
      oninput: () => this.#schedule(),
    });
    this.about = make("p", { class: "faint", role: "status" });
    this.problem = make("div", { hidden: true });
    this.list = make("ul", { "aria-label": "Models found" });
    this.addEventListener("keydown", (event) => this.#moveFocus(event));
    this.append(make("div", { class: "field" }, make("label", { for: "model-search" }, "Search all models"), this.words), this.about, this.problem, this.list);
  }

  draw(chosen, open) {
    this.#chosen = chosen;
    if (!open) this.#clear();
    this.#drawRows();
  }

  #clear() {
    this.words.value = "";
    this.#show("", [], 0);
  }

  #schedule() {
    clearTimeout(this.timer);
    const query = this.words.value.trim();
    this.#searched = query;
    if (query === "") this.#show("", [], 0);
    else this.timer = setTimeout(() => this.#search(query), SEARCH_AFTER_MS);
  }

  async #search(query) {
    try {
      const { models, found } = await searchModels(query, MAX_SHOWN);
      if (query === this.#searched) this.#show(query, models, found);
    } catch (failure) {
      if (query === this.#searched) showProblem(this.problem, problemOf(failure));
    }
  }

  #show(query, rows, found) {
    this.#searched = query;
    this.#rows = rows;
    setAttribute(this, "data-searching", query !== "");
    showProblem(this.problem, null);
    setText(this.about, query === "" ? "" : foundText(rows.length, found));
    this.#drawRows();
  }

  #drawRows() {
    show(this.list, this.#rows.length > 0);
    keyed(this.list, this.#rows, (row) => row.model, (row) => this.#makeRow(row), (item, row) => {
      item.box.checked = this.#chosen.includes(row.model);
    });
  }

  #makeRow(row) {
    const box = make("input", {
      type: "checkbox", disabled: !row.usable,
      onchange: () => emit(this, "plan-model", { model: row.model, chosen: box.checked, configured: row.configured }),
    });
    const item = make("li", {}, make("label", {}, box, make("span", { class: "mono" }, row.model), row.simulated ? simulatedTag() : "",
      make("span", { class: "faint facts" }, modelFacts(row))));
    setAttribute(item, "data-unusable", !row.usable);
    item.box = box;
    return item;
  }

  /** The arrow keys move between the words and the models found. */
  #moveFocus(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [this.words, ...[...this.list.querySelectorAll("input:enabled")]];
    const next = stops[stops.indexOf(document.activeElement) + step];
    event.preventDefault();
    next?.focus();
  }
}

function foundText(shown, found) {
  if (found === 0) return "No model matches. You can still add one by its name below.";
  return shown < found ? `${shown} of ${found} models; more words show fewer.` : `${found} ${found === 1 ? "model" : "models"}`;
}

customElements.define("model-search", ModelSearch);
