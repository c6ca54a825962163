// Every hunt of the session as a row. Only the rows in sight stand in the document, so that a thousand are as
// quick as ten; the row that has the focus always stays.

import { isTyped, keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { huntAddress } from "../router.js";
import { visibleHunts } from "../state/hunts.js";
import { nextFrame } from "../store.js";
import { PageElement } from "./element.js";
import "./hunt-filters.js";
import { makeRow, updateRow } from "./hunt-row.js";

const SPARE_ROWS = 12; // as many stand there also when the table is out of sight, for those who read without seeing
const COLUMNS = ["Hunt", "Outcome", "Criteria", "Model", "Reply", "Time", "Cost", ""];

export class HuntTable extends PageElement {
  #shown = [];
  #context = null;
  #asked = false;
  #cursor = null;

  inputs(state) {
    const { session, insights } = state;
    return [state.hunts, state.view, state.texts, session?.task.criteria, state.detail.huntId, session?.selection.hunt_ids, session?.sealed, session?.revealed, insights?.duplicates, session?.session_id];
  }

  update(state) {
    super.update(state);
    this.filters.update(state);
  }

  connectedCallback() {
    this.watching = new AbortController();
    const again = () => this.#ask();
    addEventListener("scroll", again, { passive: true, signal: this.watching.signal });
    addEventListener("resize", again, { passive: true, signal: this.watching.signal });
    addEventListener("keydown", (event) => this.#walk(event), { signal: this.watching.signal });
  }

  disconnectedCallback() {
    this.watching.abort();
  }

  build() {
    this.filters = document.createElement("hunt-filters");
    this.head = make("div", { class: "head", role: "row" }, ...COLUMNS.map((name) => make("span", { role: "columnheader" }, name || make("span", { class: "only-heard" }, "Selected"))));
    this.rows = make("div", { class: "rows", role: "rowgroup", onfocusin: (event) => { this.#cursor = event.target.closest("[role=row]")?.huntId ?? this.#cursor; } });
    this.measure = make("div", { class: "measure", "aria-hidden": "true" });
    this.table = make("div", { class: "table", role: "table", "aria-label": "Hunts" }, make("div", { role: "rowgroup" }, this.head), this.measure, this.rows);
    this.empty = make("p", { class: "empty soft" });
    this.sealed = make("p", { class: "faint sealed-note" }, "Verdicts and reasons are sealed until you reveal them. You see which hunts broke, not why.");
    this.append(make("h2", {}, "Hunts"), this.filters, this.sealed, this.table, this.empty);
  }

  draw(hunts, view, texts, criteria, opened, selected, sealed, revealed, duplicates, sid) {
    if (!criteria) return;
    this.#shown = visibleHunts(hunts, view, texts);
    this.#context = {
      criteria, opened, sid, selected, sealed, revealed, like: alike(duplicates),
      choose: (huntId, chosen) => wish(this, "change-selection", chosen ? { add: huntId } : { remove: huntId }),
    };
    const none = this.#shown.length === 0;
    show(this.table, !none);
    show(this.empty, none);
    show(this.sealed, Boolean(sealed) && !none);
    setText(this.empty, emptyWords(hunts));
    this.style.setProperty("--criteria", sealed ? 0 : criteria.length);
    this.toggleAttribute("data-sealed", Boolean(sealed));
    setAttribute(this.table, "aria-rowcount", this.#shown.length + 1);
    this.#drawRows();
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
    const items = [];
    const add = (place) => items.push({ hunt: this.#shown[place], place, top: place * height });
    const kept = focused ? this.#placeOf(focused) : -1;
    if (kept >= 0 && kept < first) add(kept);
    for (let place = first; place < last; place += 1) add(place);
    if (kept >= last) add(kept);
    keyed(this.rows, items, (item) => item.hunt.hunt_id, (item) => makeRow(item.hunt), (row, item) => updateRow(row, item, this.#context));
  }

  #placeOf(huntId) {
    return this.#shown.findIndex((hunt) => hunt.hunt_id === huntId);
  }

  /**
   * Up and down (or k and j) walk through the rows; Enter opens one, a number puts the hunt into that slot, s selects, c
   * compares. Letters, numbers and Enter hold wherever the focus is: they mean the row that had it last, else the first.
   */
  #walk(event) {
    if (this.#context === null || this.#context.opened || this.offsetParent === null || isTyped(event)) return;
    const row = event.target.closest?.("hunt-table [role=row]");
    const here = this.#placeOf(row?.huntId ?? this.#cursor);
    const step = { j: 1, k: -1, ...(row && { ArrowDown: 1, ArrowUp: -1 }) }[event.key];
    const place = here < 0 ? 0 : here + (step ?? 0);
    const { hunt_id: huntId } = this.#shown[place] ?? {};
    if (!huntId || !(step || this.#means(event, Boolean(row)))) return;
    event.preventDefault();
    if (!row || step) this.focusHunt(huntId);
    if (step) return;
    if (event.key === "Enter") location.hash = huntAddress(this.#context.sid, huntId);
    else if (event.key === "c") wish(this, "open-layer", { name: "compare", ids: [huntId] });
    else if (event.key === "s") this.#rowOf(huntId)?.box.click();
    else wish(this, "change-selection", { place: huntId, slot: Number(event.key) - 1 });
  }

  /** Whether a key is meant for a row. Enter on a row's link, and on any other control, is that control's. */
  #means({ key, target }, inRow) {
    if (key === "Enter") return !inRow && !target.closest?.("a, button, input, summary");
    return /^[1-9sc]$/.test(key);
  }

  #rowOf(huntId) {
    return [...this.rows.children].find((one) => one.huntId === huntId);
  }

  /** Brings a hunt's row into sight and gives it the focus; false when it is not among those shown. */
  focusHunt(huntId) {
    const place = this.#placeOf(huntId);
    const height = this.measure?.offsetHeight; // no measure: never drawn
    if (place < 0 || !height) return false;
    const top = this.rows.getBoundingClientRect().top + place * height;
    if (top < 120 || top + height > innerHeight) scrollBy({ top: top - innerHeight / 2, behavior: "instant" });
    this.#drawRows();
    const row = this.#rowOf(huntId);
    row?.querySelector("a").focus({ preventScroll: true });
    return Boolean(row);
  }
}

function emptyWords(hunts) {
  if (hunts.ids.length) return "No hunts match this filter.";
  return hunts.complete ? "No hunts yet. They appear here as they run." : "Loading the hunts …";
}

/** How many other replies are nearly the same, by hunt id. */
function alike(groups = []) {
  return new Map(groups.flatMap((group) => group.map((huntId) => [huntId, group.length - 1])));
}

customElements.define("hunt-table", HuntTable);
