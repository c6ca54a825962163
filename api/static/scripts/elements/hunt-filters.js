// Filters, search and sort order above the table of hunts; the filters themselves are in hunts/filters.js.

import { emit, keyed, make, setAttribute, setOptions, setText, show } from "../dom.js";
import { columnsFor } from "../hunts/columns.js";
import { OPTION_FILTERS, OUTCOME_FILTERS } from "../hunts/filters.js";
import { countByFilter, huntsOfRuns } from "../hunts/visible.js";
import { hasOpinions } from "../state/second-opinions.js";
import { PageElement } from "./element.js";

export class HuntFilters extends PageElement {
  inputs(state) {
    return [state.hunts, state.view, state.session?.task.criteria, state.session?.sealed];
  }

  build() {
    const select = (name, label) => make("select", { "aria-label": label, onchange: (event) => emit(this, "view-change", { [name]: event.target.value }) });
    this.chips = make("div", { class: "chips", role: "group", "aria-label": "Filter by outcome" });
    this.search = make("input", { type: "search", "aria-label": "Search in replies", placeholder: "Search in replies", oninput: () => emit(this, "search-replies", this.search.value) });
    this.selects = OPTION_FILTERS.map(({ id, label }) => select(id, label));
    this.sort = select("sort", "Sort by");
    this.order = make("button", { type: "button", class: "small quiet", onclick: () => emit(this, "view-change", { order: this.order.value }) });
    this.append(this.chips, make("div", { class: "choices" }, this.search, ...this.selects, make("span", { class: "space" }), this.sort, this.order));
  }

  draw(hunts, view, criteria, sealed) {
    if (!criteria) return;
    this.#drawChips(hunts, view);
    const ofRuns = huntsOfRuns(hunts);
    OPTION_FILTERS.forEach((filter, place) => {
      const options = sealed && filter.sealed === false ? [] : filter.options({ hunts: ofRuns, criteria });
      show(this.selects[place], options.length >= filter.minOptions);
      setOptions(this.selects[place], [["all", filter.all], ...options], view[filter.id]);
    });
    setOptions(this.sort, columnsFor(sealed, ofRuns.some(hasOpinions)).filter(({ sort }) => sort).map(({ id, sort }) => [id, `By ${sort.label}`]), view.sort);
    const descending = view.order === "descending";
    this.order.value = descending ? "ascending" : "descending";
    setText(this.order, descending ? "↓ Descending" : "↑ Ascending");
    setAttribute(this.order, "aria-label", descending ? "Descending; switch to ascending" : "Ascending; switch to descending");
    if (this.search.value !== view.search && document.activeElement !== this.search) this.search.value = view.search;
    for (const control of [this.sort, this.order, this.search]) show(control, hunts.ids.length > 1);
  }

  #drawChips(hunts, view) {
    const counts = countByFilter(hunts, view.run);
    const offered = OUTCOME_FILTERS.filter(({ id }) => id === "all" || id === view.filter || counts[id] > 0);
    keyed(this.chips, offered, ({ id }) => id, ({ id }) => make("button", {
      type: "button", class: "chip number", onclick: () => emit(this, "view-change", { filter: id }),
    }), (chip, { id, label }) => {
      setText(chip, `${label} ${counts[id]}`);
      setAttribute(chip, "aria-pressed", String(id === view.filter));
    });
  }
}

customElements.define("hunt-filters", HuntFilters);
