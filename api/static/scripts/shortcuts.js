// The keyboard shortcuts: one row per shortcut. The key handler and the keyboard help are made from it.

import { emit } from "./dom.js";

/** Where a shortcut is valid: `find(event)` returns the element that it acts on, or null. `inField`: valid while typing in a field. */
export const PLACES = {
  page: { label: "Everywhere", find: () => document.body },
  hunts: { label: "Hunts", find: () => visible("hunt-table", (table) => table.isNavigable) },
  hunt: { label: "An open hunt", find: () => visible("hunt-panel") },
  review: { label: "Review", find: () => visible("review-view") ?? visible("second-review-view") },
  criterion: { label: "Writing a criterion", inField: true, find: ({ target }) => target.closest?.(".writing-row") },
};

const STEPS = { t: "task", h: "hunt", r: "review", d: "deliver" };
const VERDICTS = { p: "PASS", f: "FAIL" };
const DIGITS = [..."123456789"];

/**
 * `keys`: as in KeyboardEvent.key, with "Ctrl+" or "Alt+" in front, or two keys one after the other ("g t"); `shown`: how the help
 * shows them. `run(element, key)` returns false if the shortcut does not apply at the moment. `valid(event)`: a condition on where
 * the focus is.
 */
export const SHORTCUTS = [
  { place: "page", keys: ["?"], label: "show this help", run: (body) => emit(body, "open-dialog", { name: "keys" }) },
  { place: "page", keys: Object.keys(STEPS).map((key) => `g ${key}`), shown: "g, then t, h, r or d", label: "go to Task, Hunt, Review or Deliver", run: (body, key) => emit(body, "go-to", STEPS[key.at(-1)]) },
  { place: "hunts", keys: ["j", "ArrowDown"], label: "next hunt", valid: inRowIfArrow, run: (table) => table.moveFocus(1) },
  { place: "hunts", keys: ["k", "ArrowUp"], label: "previous hunt", valid: inRowIfArrow, run: (table) => table.moveFocus(-1) },
  { place: "hunts", keys: ["Enter"], label: "open the hunt", valid: ({ target }) => !target.closest?.("a, button, input, summary"), run: (table) => table.withCurrent((huntId) => emit(table, "open-hunt", huntId)) },
  { place: "hunts", keys: ["s"], label: "select the hunt for delivery, or deselect it", run: (table) => table.withCurrent((huntId, row) => row.querySelector("input").click()) },
  { place: "hunts", keys: DIGITS, shown: "1 to 9", label: "put the hunt into this slot", run: (table, key) => table.withCurrent((huntId) => emit(table, "change-selection", { place: huntId, slot: Number(key) - 1 })) },
  { place: "hunts", keys: ["c"], label: "compare the hunt with another", run: (table) => table.withCurrent((huntId) => emit(table, "open-dialog", { name: "compare", ids: [huntId] })) },
  { place: "hunt", keys: ["j"], label: "next hunt", run: (panel) => emit(panel, "step-hunt", 1) },
  { place: "hunt", keys: ["k"], label: "previous hunt", run: (panel) => emit(panel, "step-hunt", -1) },
  { place: "hunt", keys: ["s"], label: "select the hunt for delivery, or deselect it", run: ({ select }) => !select.hidden && select.click() },
  { place: "hunt", keys: DIGITS, shown: "1 to 9", label: "put the hunt into this slot", run: (panel, key) => !panel.select.hidden && emit(panel, "change-selection", { place: panel.dataset.hunt, slot: Number(key) - 1 }) },
  { place: "hunt", keys: ["c"], label: "compare the hunt with another", run: ({ compare }) => !compare.hidden && compare.click() },
  { place: "hunt", keys: ["Escape"], label: "close the hunt", run: (panel) => emit(panel, "close-hunt") },
  { place: "review", keys: Object.keys(VERDICTS), label: "PASS or FAIL, then the next criterion", run: (review, key) => review.card.judge(VERDICTS[key]) },
  { place: "review", keys: ["ArrowDown", "ArrowUp"], label: "next or previous criterion", run: (review, key) => review.card.moveFocus(key === "ArrowDown" ? 1 : -1) },
  { place: "review", keys: ["[", "]"], label: "previous or next reply", run: (review, key) => review.openNeighbour(key === "]" ? 1 : -1) },
  { place: "criterion", keys: ["Alt+ArrowUp", "Alt+ArrowDown"], label: "move the criterion up or down", run: (row, key) => row.move(key === "Alt+ArrowDown" ? 1 : -1) },
  { place: "criterion", keys: ["Ctrl+Enter"], label: "add a criterion below", run: (row) => row.addBelow() },
];

const SYMBOLS = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

/** The keys of a shortcut as people read them. */
export function keysOf({ keys, shown }) {
  return shown ?? keys.map((key) => key.replace(/Arrow\w+|Escape/, (name) => SYMBOLS[name])).join(" or ");
}

const SEQUENCE_MS = 1200;

export function listenForShortcuts() {
  let [first, pressedAt] = ["", 0];
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const key = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.key}`;
    const sequence = event.timeStamp - pressedAt < SEQUENCE_MS ? `${first} ${key}` : "";
    [first, pressedAt] = [key, event.timeStamp];
    const inField = Boolean(event.target.closest?.("textarea, input:not([type=checkbox]), select"));
    for (const { place, keys, valid, run } of SHORTCUTS) {
      const pressed = keys.find((one) => one === sequence || one === key);
      const element = pressed && inField === Boolean(PLACES[place].inField) && (!valid || valid(event)) && PLACES[place].find(event);
      if (element && run(element, pressed) !== false) return event.preventDefault();
    }
  });
}

/** The element named `name` if it is on the screen and `holds`. */
function visible(name, holds = () => true) {
  const element = document.querySelector(name);
  return element && element.getClientRects().length > 0 && holds(element) ? element : null;
}

/** Arrow keys scroll the page, unless the focus is in a row. */
function inRowIfArrow({ key, target }) {
  return !key.startsWith("Arrow") || Boolean(target.closest?.("hunt-table .row"));
}
