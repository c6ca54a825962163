// Which hunts the table shows and in which order: by outcome, run, model, failed criterion, words of the reply.

import { keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { FILTERS, modelsOf, realHunts, SORTS, tally } from "../state/hunts.js";
import { PageElement } from "./element.js";

export class HuntFilters extends PageElement {
  inputs(state) {
    return [state.hunts, state.view, state.session?.task.criteria, state.session?.sealed];
  }

  build() {
    this.chips = make("div", { class: "chips", role: "group", "aria-label": "Which hunts" });
    const choice = (name, label) => make("select", { "aria-label": label, onchange: (event) => wish(this, "view-change", { [name]: event.target.value }) });
    this.run = choice("run", "Which run");
    this.model = choice("model", "Which model");
    this.criterion = choice("criterion", "Which failed criterion");
    this.sort = choice("sort", "Sorted by");
    this.order = make("button", { type: "button", class: "small quiet", onclick: () => wish(this, "view-change", { order: this.order.value }) });
    this.search = make("input", { type: "search", "aria-label": "Search in replies", placeholder: "Search in replies", oninput: () => wish(this, "search-replies", this.search.value) });
    this.append(this.chips, make("div", { class: "choices" }, this.search, this.run, this.model, this.criterion, make("span", { class: "space" }), this.sort, this.order));
  }

  draw(hunts, view, criteria, sealed) {
    if (!criteria) return;
    this.#drawChips(hunts, view);
    const runs = [...new Set(realHunts(hunts).map((hunt) => hunt.run_id))];
    const models = modelsOf(hunts);
    choices(this.run, view.run, runs.length > 1, [["all", "All runs"], ...runs.map((id, place) => [id, `Run ${place + 1}`])]);
    choices(this.model, view.model, models.length > 1, [["all", "All models"], ...models.map((name) => [name, name])]);
    choices(this.criterion, view.criterion, !sealed && hunts.ids.length > 0, [["all", "Any criterion"], ...criteria.map(({ id }) => [id, `Failed ${id}`])]);
    choices(this.sort, view.sort, hunts.ids.length > 1, SORTS.filter((sort) => !sealed || sort.name !== "passed").map((sort) => [sort.name, `By ${sort.label.toLowerCase()}`]));
    show(this.search, hunts.ids.length > 1);
    if (this.search.value !== view.search && document.activeElement !== this.search) this.search.value = view.search;
    const descending = view.order === "descending";
    show(this.order, hunts.ids.length > 1);
    this.order.value = descending ? "ascending" : "descending";
    setText(this.order, descending ? "↓ Descending" : "↑ Ascending");
    setAttribute(this.order, "aria-label", descending ? "Descending; reverse" : "Ascending; reverse");
  }

  #drawChips(hunts, view) {
    const counts = tally(hunts, view.run);
    const offered = FILTERS.filter((filter) => filter.name === "all" || filter.name === view.filter || counts[filter.name] > 0);
    keyed(this.chips, offered, (filter) => filter.name, (filter) => make("button", {
      type: "button", class: "chip number", onclick: () => wish(this, "view-change", { filter: filter.name }),
    }), (chip, filter) => {
      setText(chip, `${filter.label} ${counts[filter.name]}`);
      setAttribute(chip, "aria-pressed", String(filter.name === view.filter));
    });
  }
}

function choices(select, chosen, offered, options) {
  show(select, offered);
  keyed(select, options, ([value]) => value, ([value]) => make("option", { value }), (option, [, label]) => setText(option, label));
  select.value = chosen;
}

customElements.define("hunt-filters", HuntFilters);
