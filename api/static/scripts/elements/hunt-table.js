// The table of hunts; its columns are in hunts/columns.js. Only rows near the visible part are in the document, so that a thousand
// hunts are as fast as ten; the row with the focus always is.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { COLUMNS, columnsFor, gridTemplate } from "../hunts/columns.js";
import { visibleHunts } from "../hunts/visible.js";
import { confirmingNames, hasOpinions, unconfirmedBreaks } from "../state/second-opinions.js";
import { displayStatus } from "../state/outcomes.js";
import { actionOf } from "../state/actions.js";
import { isReader } from "../state/session.js";
import { counted } from "../state/announcements.js";
import { nextFrame } from "../store.js";
import { PageElement } from "./element.js";
import "./hunt-filters.js";
import { showProblem } from "./widgets.js";

const SPARE_ROWS = 12; // above and below the visible rows, and while the table is off the screen, for screen readers
const HEADER_PX = 120; // sticky header and some room

export class HuntTable extends PageElement {
  #shown = [];
  #context = null;
  #scheduled = false;
  #cursor = null;

  inputs(state) {
    const { session, insights } = state;
    return [state.hunts, state.view, state.texts, session?.task.criteria, state.detail.huntId, session?.selection.hunt_ids, session?.sealed, session?.revealed, insights?.duplicates, session?.session_id,
      confirmingNames(state), actionOf(state.actions, "confirm"), isReader(state)];
  }

  connectedCallback() {
    this.listening = new AbortController();
    for (const name of ["scroll", "resize"]) addEventListener(name, () => this.#schedule(), { passive: true, signal: this.listening.signal });
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  build() {
    this.filters = document.createElement("hunt-filters");
    this.parts = [this.filters];
    this.head = make("div", { class: "head", role: "row" }, ...COLUMNS.map(makeHeading));
    this.rows = make("div", { class: "rows", role: "rowgroup", onfocusin: (event) => { this.#cursor = event.target.closest(".row")?.huntId ?? this.#cursor; } });
    this.measure = make("div", { class: "measure", "aria-hidden": "true" });
    this.table = make("div", { class: "table", role: "table", "aria-label": "Hunts" }, make("div", { role: "rowgroup" }, this.head), this.measure, this.rows);
    this.empty = make("p", { class: "empty soft" });
    this.sealed = make("p", { class: "faint sealed-note" }, "Verdicts and reasons are sealed until you reveal them. You see which hunts broke, not why.");
    this.confirm = make("button", { type: "button", class: "small", onclick: () => emit(this, "confirm-breaks", unconfirmedBreaks(this.#shown).map((hunt) => hunt.hunt_id)) });
    this.problem = make("div", { hidden: true });
    this.append(make("div", { class: "line" }, make("h2", {}, "Hunts"), make("span", { class: "space" }), this.confirm), this.problem, this.filters, this.sealed, this.table, this.empty);
  }

  draw(hunts, view, texts, criteria, opened, selected, sealed, revealed, duplicates, sid, judges, action, reader) {
    if (!criteria) return;
    this.#shown = visibleHunts({ hunts, view, texts });
    this.opened = opened;
    this.#drawConfirm(judges, action);
    const opinions = hunts.ids.some((id) => hasOpinions(hunts.byId.get(id)));
    this.#setContext({ criteria, sid, selected, sealed: Boolean(sealed), revealed, reader, opinions, groups: duplicates });
    const none = this.#shown.length === 0;
    show(this.table, !none);
    show(this.empty, none);
    show(this.sealed, Boolean(sealed) && !none);
    setText(this.empty, emptyText(hunts));
    setAttribute(this.table, "aria-rowcount", this.#shown.length + 1);
    this.#drawRows();
  }

  /** `judges`: whom the plan would ask, "" without another usable judge. */
  #drawConfirm(judges, action) {
    const breaks = unconfirmedBreaks(this.#shown).length;
    show(this.confirm, breaks > 0 && judges !== "");
    setBusy(this.confirm, action.busy);
    setText(this.confirm, action.busy ? "Asking …" : breaks === 1 ? "Confirm this break" : `Confirm these ${counted(breaks, "break")}`);
    setAttribute(this.confirm, "title", `Asks ${judges} about the criteria that failed.`);
    showProblem(this.problem, action.problem);
  }

  /** What is the same for all rows. It stays the same object while nothing in it changes: rows are drawn again only when they have to be. */
  #setContext(fields) {
    if (this.#context && Object.entries(fields).every(([name, value]) => this.#context[name] === value)) return;
    this.#context = {
      ...fields, duplicates: duplicateCounts(fields.groups),
      select: (huntId, chosen) => emit(this, "change-selection", chosen ? { add: huntId } : { remove: huntId }),
    };
    const columns = columnsFor(fields.sealed, fields.opinions);
    this.style.setProperty("--criteria", fields.criteria.length);
    for (const layout of ["wide", "narrow", "phone"]) this.style.setProperty(`--${layout}`, gridTemplate(columns, layout));
    COLUMNS.forEach((column, place) => show(this.head.children[place], columns.includes(column)));
  }

  #schedule() {
    if (this.#scheduled || this.#context === null) return;
    this.#scheduled = true;
    nextFrame(() => {
      this.#scheduled = false;
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
    const focused = this.rows.contains(document.activeElement) ? this.#placeOf(document.activeElement.closest(".row")?.huntId) : -1;
    const places = [];
    if (focused >= 0 && focused < first) places.push(focused);
    for (let place = first; place < last; place += 1) places.push(place);
    if (focused >= last) places.push(focused);
    const items = places.map((place) => ({ hunt: this.#shown[place], place, top: place * height, opened: this.opened }));
    keyed(this.rows, items, (item) => item.hunt.hunt_id, (item) => makeRow(item.hunt), (row, item) => drawRow(row, item, this.#context));
  }

  #placeOf(huntId) {
    return this.#shown.findIndex((hunt) => hunt.hunt_id === huntId);
  }

  #rowOf(huntId) {
    return [...this.rows.children].find((one) => one.huntId === huntId);
  }

  /** Scrolls to the row of a hunt and focuses it; false when the hunt is not shown. */
  focusHunt(huntId) {
    const place = this.#placeOf(huntId);
    const height = this.measure?.offsetHeight; // undefined before the first draw
    if (place < 0 || !height) return false;
    const top = this.rows.getBoundingClientRect().top + place * height;
    if (top < HEADER_PX || top + height > innerHeight) scrollBy({ top: top - innerHeight / 2, behavior: "instant" });
    this.#drawRows();
    const row = this.#rowOf(huntId);
    row?.querySelector("a").focus({ preventScroll: true });
    return Boolean(row);
  }

  // For the keyboard shortcuts (shortcuts.js). They act on the current row: the one that had the focus last, else the first.

  get isNavigable() {
    return this.#context !== null && !this.opened;
  }

  moveFocus(step) {
    const here = this.#placeOf(this.#cursor);
    const hunt = this.#shown[here < 0 ? 0 : here + step];
    return Boolean(hunt) && this.focusHunt(hunt.hunt_id);
  }

  /** Focuses the current row and calls `act(huntId, row)`; false without a row. */
  withCurrent(act) {
    const { hunt_id: huntId } = this.#shown[Math.max(0, this.#placeOf(this.#cursor))] ?? {};
    if (!huntId) return false;
    if (!this.#rowOf(huntId)?.contains(document.activeElement)) this.focusHunt(huntId);
    return act(huntId, this.#rowOf(huntId));
  }
}

function makeHeading(column) {
  const heading = makeCell(column, "columnheader");
  heading.append(column.heading ?? make("span", { class: "visually-hidden" }, column.hiddenHeading));
  return heading;
}

function makeCell({ id, end, narrow, phone }, role) {
  const cell = make("span", { class: ["cell", id, end && "end", !narrow && "not-narrow", !phone && "not-phone"].filter(Boolean).join(" "), role });
  cell.style.gridArea = id;
  return cell;
}

function makeRow(hunt) {
  const row = make("div", { class: "row", role: "row" });
  row.huntId = hunt.hunt_id;
  row.append(...COLUMNS.map((column) => {
    const cell = makeCell(column, "cell");
    column.make?.(cell, hunt);
    return cell;
  }));
  return row;
}

function drawRow(row, { hunt, place, top, opened }, context) {
  row.style.transform = `translateY(${top}px)`;
  setAttribute(row, "aria-rowindex", place + 2);
  setAttribute(row, "aria-current", opened === hunt.hunt_id ? "true" : null);
  if (row.hunt === hunt && row.context === context) return;
  Object.assign(row, { hunt, context });
  setAttribute(row, "data-status", displayStatus(hunt));
  const columns = columnsFor(context.sealed, context.opinions);
  COLUMNS.forEach((column, index) => {
    show(row.children[index], columns.includes(column));
    column.draw?.(row.children[index], hunt, context);
  });
}

function emptyText(hunts) {
  if (hunts.ids.length) return "No hunts match this filter.";
  return hunts.complete ? "No hunts yet. They appear here as they run." : "Loading the hunts …";
}

/** How many other replies are nearly the same, by hunt ID. */
function duplicateCounts(groups = []) {
  return new Map(groups.flatMap((group) => group.map((huntId) => [huntId, group.length - 1])));
}

customElements.define("hunt-table", HuntTable);
