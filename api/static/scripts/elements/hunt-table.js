// Every hunt of the session as a row. Only the rows in sight stand in the document, so that a thousand are as
// quick as ten; the row that has the focus always stays.

import { keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { FILTERS, tally, visibleHunts } from "../state/hunts.js";
import { nextFrame } from "../store.js";
import { PageElement } from "./element.js";
import { makeRow, updateRow } from "./hunt-row.js";

const SPARE_ROWS = 12; // as many stand there also when the table is out of sight, for those who read without seeing
const COLUMNS = ["Hunt", "Outcome", "Criteria", "Model", "Reply", "Time", "Cost"];

export class HuntTable extends PageElement {
  #shown = [];
  #context = null;
  #asked = false;

  inputs(state) {
    return [state.hunts, state.view, state.session?.runs.length, state.session?.task.criteria, state.detail.huntId, state.session?.session_id];
  }

  connectedCallback() {
    this.watching = new AbortController();
    const again = () => this.#ask();
    addEventListener("scroll", again, { passive: true, signal: this.watching.signal });
    addEventListener("resize", again, { passive: true, signal: this.watching.signal });
  }

  disconnectedCallback() {
    this.watching.abort();
  }

  build() {
    this.chips = make("div", { class: "chips", role: "group", "aria-label": "Which hunts" });
    this.run = make("select", { "aria-label": "Which run", onchange: () => wish(this, "view-change", { run: this.run.value }) });
    this.order = make("button", { type: "button", class: "small quiet" });
    this.order.addEventListener("click", () => wish(this, "view-change", { order: this.order.value }));
    this.head = make("div", { class: "head", role: "row" }, ...COLUMNS.map((name) => make("span", { role: "columnheader" }, name)));
    this.rows = make("div", { class: "rows", role: "rowgroup", onkeydown: (event) => this.#walk(event) });
    this.measure = make("div", { class: "measure", "aria-hidden": "true" });
    this.table = make("div", { class: "table", role: "table", "aria-label": "Hunts" }, make("div", { role: "rowgroup" }, this.head), this.measure, this.rows);
    this.empty = make("p", { class: "empty soft" });
    this.append(make("div", { class: "bar-line" }, make("h2", {}, "Hunts"), this.chips, make("span", { class: "space" }), this.run, this.order), this.table, this.empty);
  }

  draw(hunts, view, runs, criteria, opened, sid) {
    if (!criteria) return;
    this.#shown = visibleHunts(hunts, view);
    this.#context = { criteria, opened, sid };
    this.#drawChoices(hunts, view, runs);
    const none = this.#shown.length === 0;
    show(this.table, !none);
    show(this.empty, none);
    setText(this.empty, hunts.ids.length ? "No hunt is of this kind." : "No hunts yet. Every hunt arrives here as it happens, with its verdicts.");
    this.style.setProperty("--criteria", criteria.length);
    setAttribute(this.table, "aria-rowcount", this.#shown.length + 1);
    this.#drawRows();
  }

  #drawChoices(hunts, view, runs) {
    const counts = tally(hunts, view.run);
    const offered = FILTERS.filter((filter) => filter.name === "all" || filter.name === view.filter || counts[filter.name] > 0);
    keyed(this.chips, offered, (filter) => filter.name, (filter) => make("button", {
      type: "button", class: "chip number", onclick: () => wish(this, "view-change", { filter: filter.name }),
    }), (chip, filter) => {
      setText(chip, `${filter.label} ${counts[filter.name]}`);
      setAttribute(chip, "aria-pressed", String(filter.name === view.filter));
    });
    const options = [["all", "All runs"], ...this.#runIds(hunts).map((id, place) => [id, `Run ${place + 1}`])];
    show(this.run, runs > 1);
    keyed(this.run, options, ([value]) => value, ([value]) => make("option", { value }), (option, [, label]) => setText(option, label));
    this.run.value = view.run;
    const descending = view.order === "descending";
    this.order.value = descending ? "ascending" : "descending";
    setText(this.order, descending ? "Newest first" : "Oldest first");
    setAttribute(this.order, "title", descending ? "Show the oldest first" : "Show the newest first");
  }

  #runIds(hunts) {
    return [...new Set(hunts.ids.map((id) => hunts.byId.get(id).run_id))];
  }

  #ask() {
    if (this.#asked || this.#context === null) return;
    this.#asked = true;
    nextFrame(() => {
      this.#asked = false;
      this.#drawRows();
    });
  }

  #drawRows() {
    const height = this.measure.offsetHeight;
    if (!height && this.#shown.length) return; // not on the screen
    this.rows.style.height = `${height * this.#shown.length}px`;
    const above = -this.rows.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / height) - SPARE_ROWS);
    const last = Math.min(this.#shown.length, Math.max(0, Math.ceil((above + innerHeight) / height)) + SPARE_ROWS);
    const focused = this.rows.contains(document.activeElement) ? document.activeElement.closest("[role=row]")?.huntId : null;
    const places = [];
    for (let place = 0; place < this.#shown.length; place += 1) {
      const within = place >= first && place < last;
      if (within || (focused && this.#shown[place].hunt_id === focused)) places.push(place);
      else if (!focused && place >= last) break;
    }
    const items = places.map((place) => ({ hunt: this.#shown[place], place, top: place * height }));
    keyed(this.rows, items, (item) => item.hunt.hunt_id, (item) => makeRow(item.hunt), (row, item) => updateRow(row, item, this.#context));
  }

  /** Up and down walk through the rows, however far they go. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    const row = event.target.closest("[role=row]");
    if (!step || !row || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const place = this.#shown.findIndex((hunt) => hunt.hunt_id === row.huntId) + step;
    const next = this.#shown[place];
    if (next) this.focusHunt(next.hunt_id);
  }

  /** Brings a hunt's row into sight and gives it the focus; false when it is not among those shown. */
  focusHunt(huntId) {
    const place = this.#shown.findIndex((hunt) => hunt.hunt_id === huntId);
    const height = this.measure.offsetHeight;
    if (place < 0 || !height) return false;
    const top = this.rows.getBoundingClientRect().top + place * height;
    if (top < 120 || top + height > innerHeight) scrollBy({ top: top - innerHeight / 2, behavior: "instant" });
    this.#drawRows();
    const row = [...this.rows.children].find((one) => one.huntId === huntId);
    row?.querySelector("a").focus({ preventScroll: true });
    return Boolean(row);
  }

}

customElements.define("hunt-table", HuntTable);
