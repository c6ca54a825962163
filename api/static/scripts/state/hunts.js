// All hunts of the session: by id, and their ids in order of number. A hunt that did not change keeps its object,
// so that whoever draws can tell a changed one by identity.

const RANK = { queued: 0, calling: 1, judging: 2, done: 3 };
const WORKING = new Set(["queued", "calling", "judging"]);

export function noHunts() {
  return { byId: new Map(), ids: [], complete: false };
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
 * `hunts.read` {hunts}: all of them; others that were known are forgotten;
 * `hunts.changed` {hunts}: states from the event stream, in the order in which they came;
 * `hunts.rejudged` {hunt}: the answer to a wish to judge again;
 * `session.left`: no session any more.
 */
export function reduceHunts(hunts, event) {
  switch (event.type) {
    case "hunts.read":
      return { ...merged(noHunts(), event.hunts.map((hunt) => further(hunt, hunts.byId.get(hunt.hunt_id))), isNews), complete: true };
    case "hunts.changed":
      return merged(hunts, event.hunts, isNews);
    case "hunts.rejudged":
      return merged(hunts, [event.hunt], isNews);
    case "session.left":
      return noHunts();
    default:
      return hunts;
  }
}

/** What was read may be older than an event that overtook it: what is known stays where it is a further stage. */
function further(read, known) {
  if (!known) return read;
  if (judgings(read) !== judgings(known)) return judgings(read) > judgings(known) ? read : known;
  const step = RANK[read.status] - RANK[known.status];
  return step < 0 || (step === 0 && read.verdicts.length < known.verdicts.length) ? known : read;
}

/** Events come in order, but may be repeated after a reconnect; a hunt that is done stays done until it is judged again. */
function isNews(known, told) {
  if (judgings(told) !== judgings(known)) return judgings(told) > judgings(known);
  return known.status !== "done" || told.status === "done";
}

function judgings(hunt) {
  return hunt.judgings ?? 1;
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
  return { ...hunts, byId, ids: added ? inOrder(byId) : hunts.ids };
}

function inOrder(byId) {
  return [...byId.values()].sort((one, other) => one.number - other.number).map((hunt) => hunt.hunt_id);
}

const isTrial = (hunt) => hunt.kind === "trial";

/** Hunts of runs, by number. */
export function realHunts(hunts) {
  return hunts.ids.map((id) => hunts.byId.get(id)).filter((hunt) => !isTrial(hunt));
}

/** Trials, the newest first. */
export function trials(hunts) {
  const started = (hunt) => hunt.trial_number ?? 0;
  return [...hunts.byId.values()].filter(isTrial).sort((one, other) => started(other) - started(one));
}

/** How many hunts each filter shows, of one run or of all (`run` "all"). */
export function tally(hunts, run) {
  const counts = Object.fromEntries(FILTERS.map((filter) => [filter.name, 0]));
  for (const hunt of hunts.byId.values()) {
    if (isTrial(hunt) || (run !== "all" && hunt.run_id !== run)) continue;
    for (const filter of FILTERS) if (filter.takes(hunt.outcome ?? hunt.status)) counts[filter.name] += 1;
  }
  return counts;
}

/** What rows can be sorted by. Unknown values come last in both directions. */
export const SORTS = [
  { name: "number", label: "Number", of: (hunt) => hunt.number },
  { name: "outcome", label: "Outcome", of: (hunt) => OUTCOME_RANK[hunt.outcome ?? hunt.status] ?? 99 },
  { name: "model", label: "Model", of: (hunt) => hunt.model },
  { name: "passed", label: "Criteria passed", of: (hunt) => (hunt.status === "done" ? hunt.passed : null) },
  { name: "time", label: "Time", of: (hunt) => hunt.latency_ms },
  { name: "cost", label: "Cost", of: (hunt) => hunt.cost_usd },
];

const OUTCOME_RANK = Object.fromEntries(
  ["broke", "held", "undetermined", "error", "cancelled", "interrupted", "judging", "calling", "queued"].map((name, place) => [name, place]),
);

/**
 * The hunts that `view` shows, in its order: {filter, run, sort, order, model, criterion, search}. `criterion`: those
 * that failed it; `search`: words that stand in the reply or the error; `texts`: whole replies by id where they are known.
 */
export function visibleHunts(hunts, view, texts = new Map()) {
  const filter = FILTERS.find((one) => one.name === view.filter) ?? FILTERS[0];
  const words = view.search.trim().toLowerCase();
  const shown = realHunts(hunts).filter((hunt) => (view.run === "all" || hunt.run_id === view.run)
    && filter.takes(hunt.outcome ?? hunt.status)
    && (view.model === "all" || hunt.model === view.model)
    && (view.criterion === "all" || failed(hunt, view.criterion))
    && (words === "" || holds(hunt, words, texts)));
  const sort = SORTS.find((one) => one.name === view.sort) ?? SORTS[0];
  const sign = view.order === "descending" ? -1 : 1;
  return shown.sort((one, other) => compared(sort.of(one), sort.of(other), sign) || one.number - other.number);
}

function failed(hunt, criterionId) {
  return hunt.verdicts.some((verdict) => verdict.criterion_id === criterionId && verdict.verdict === "FAIL");
}

function holds(hunt, words, texts) {
  return (texts.get(hunt.hunt_id) ?? hunt.excerpt).toLowerCase().includes(words) || (hunt.error?.message ?? "").toLowerCase().includes(words);
}

function compared(one, other, sign) {
  if (one === other) return 0;
  if (one === null || one === undefined) return 1;
  if (other === null || other === undefined) return -1;
  return one < other ? -sign : sign;
}

/** The models that hunts were made with, by name. */
export function modelsOf(hunts) {
  return [...new Set(realHunts(hunts).map((hunt) => hunt.model))].sort();
}

/** The neighbour of a hunt among those shown, `step` places on; null at either end. */
export function neighbour(shown, huntId, step) {
  const place = shown.findIndex((hunt) => hunt.hunt_id === huntId);
  if (place < 0) return shown[0] ?? null;
  return shown[place + step] ?? null;
}
