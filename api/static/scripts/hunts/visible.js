// Which hunts the table shows, and in which order.

import { displayStatus } from "../state/outcomes.js";
import { COLUMNS } from "./columns.js";
import { OPTION_FILTERS, OUTCOME_FILTERS } from "./filters.js";

const NO_TEXTS = new Map();

/** Hunts of runs, by number; trials are in no table. */
export function huntsOfRuns(hunts) {
  return hunts.ids.map((id) => hunts.byId.get(id)).filter((hunt) => hunt.kind !== "trial");
}

/**
 * The hunts that match `view`, in its order: {filter, search, sort, order} and a value for each of OPTION_FILTERS. `search`: text in
 * the reply or the error message; `texts`: whole replies by hunt ID, as far as they are loaded.
 */
export function visibleHunts({ hunts, view, texts = NO_TEXTS }) {
  const filter = OUTCOME_FILTERS.find(({ id }) => id === view.filter) ?? OUTCOME_FILTERS[0];
  const active = OPTION_FILTERS.filter(({ id }) => view[id] !== "all");
  const words = view.search.trim().toLowerCase();
  const shown = huntsOfRuns(hunts).filter((hunt) => filter.matches(displayStatus(hunt))
    && active.every(({ id, matches }) => matches(hunt, view[id]))
    && (words === "" || contains(hunt, words, texts)));
  const { key } = (COLUMNS.find(({ id, sort }) => sort && id === view.sort) ?? COLUMNS[0]).sort;
  const sign = view.order === "descending" ? -1 : 1;
  return shown.sort((one, other) => compare(key(one), key(other), sign) || one.number - other.number);
}

/** How many hunts each outcome filter shows, in one run or in all (`run` "all"). */
export function countByFilter(hunts, run) {
  const statuses = huntsOfRuns(hunts).filter((hunt) => run === "all" || hunt.run_id === run).map(displayStatus);
  return Object.fromEntries(OUTCOME_FILTERS.map(({ id, matches }) => [id, statuses.filter(matches).length]));
}

/** The hunt `step` places from `huntId` among `shown`; null at either end. */
export function neighbour(shown, huntId, step) {
  const place = shown.findIndex((hunt) => hunt.hunt_id === huntId);
  return shown[place < 0 ? 0 : place + step] ?? null;
}

function contains(hunt, words, texts) {
  return (texts.get(hunt.hunt_id) ?? hunt.excerpt).toLowerCase().includes(words) || (hunt.error?.message ?? "").toLowerCase().includes(words);
}

/** Unknown values come last in both directions. */
function compare(one, other, sign) {
  if (one === other) return 0;
  if (one === null || one === undefined) return 1;
  if (other === null || other === undefined) return -1;
  return one < other ? -sign : sign;
}
