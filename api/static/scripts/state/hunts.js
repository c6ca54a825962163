// All hunts of the session: by id, and their ids in order of number. A hunt that did not change keeps its object,
// so that whoever draws can tell a changed one by identity.

const RANK = { queued: 0, calling: 1, judging: 2, done: 3 };
const WORKING = new Set(["queued", "calling", "judging"]);

export function noHunts() {
  return { byId: new Map(), ids: [] };
}

/** Filters in the order of their chips; `takes` says which standings belong to each. */
export const FILTERS = [
  { name: "all", label: "All", takes: () => true },
  { name: "broke", label: "Breaks", takes: (standing) => standing === "broke" },
  { name: "held", label: "Held", takes: (standing) => standing === "held" },
  { name: "undetermined", label: "Undetermined", takes: (standing) => standing === "undetermined" },
  { name: "error", label: "Errors", takes: (standing) => standing === "error" },
  { name: "cancelled", label: "Cancelled", takes: (standing) => standing === "cancelled" || standing === "interrupted" },
  { name: "working", label: "In progress", takes: (standing) => WORKING.has(standing) },
];

/**
 * The state after an event:
 * `hunts.read` {hunts, restart}: a page of hunts; with restart, what was known is forgotten first;
 * `hunts.changed` {hunts}: states from the event stream, in the order in which they came;
 * `session.left`: no session any more.
 */
export function reduceHunts(hunts, event) {
  switch (event.type) {
    case "hunts.read":
      return merged(event.restart ? noHunts() : hunts, event.hunts, isLater);
    case "hunts.changed":
      return merged(hunts, event.hunts, isNews);
    case "session.left":
      return noHunts();
    default:
      return hunts;
  }
}

/** A page may be older than an event that overtook it: only a further stage replaces what is known. */
function isLater(known, read) {
  const step = RANK[read.status] - RANK[known.status];
  return step > 0 || (step === 0 && read.verdicts.length > known.verdicts.length);
}

/** Events come in order, but may be repeated after a reconnect; a hunt that is done stays done. */
function isNews(known, told) {
  return known.status !== "done" || told.status === "done";
}

function merged(hunts, incoming, replaces) {
  const byId = new Map(hunts.byId);
  let added = false;
  for (const hunt of incoming) {
    const known = byId.get(hunt.hunt_id);
    if (known && !replaces(known, hunt)) continue;
    byId.set(hunt.hunt_id, hunt);
    added ||= !known;
  }
  return { byId, ids: added ? inOrder(byId) : hunts.ids };
}

function inOrder(byId) {
  return [...byId.values()].sort((one, other) => one.number - other.number).map((hunt) => hunt.hunt_id);
}

/** How many hunts each filter shows, of one run or of all (`run` "all"). */
export function tally(hunts, run) {
  const counts = Object.fromEntries(FILTERS.map((filter) => [filter.name, 0]));
  for (const hunt of hunts.byId.values()) {
    if (run !== "all" && hunt.run_id !== run) continue;
    for (const filter of FILTERS) if (filter.takes(hunt.outcome ?? hunt.status)) counts[filter.name] += 1;
  }
  return counts;
}

/** The hunts that `view` {filter, run, order} shows, in its order. */
export function visibleHunts(hunts, view) {
  const filter = FILTERS.find((one) => one.name === view.filter) ?? FILTERS[0];
  const shown = hunts.ids
    .map((id) => hunts.byId.get(id))
    .filter((hunt) => (view.run === "all" || hunt.run_id === view.run) && filter.takes(hunt.outcome ?? hunt.status));
  return view.order === "descending" ? shown.reverse() : shown;
}

/** The neighbour of a hunt among those shown, `step` places on; null at either end. */
export function neighbour(shown, huntId, step) {
  const place = shown.findIndex((hunt) => hunt.hunt_id === huntId);
  if (place < 0) return shown[0] ?? null;
  return shown[place + step] ?? null;
}
