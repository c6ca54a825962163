// The filters of the hunt table: one row per filter. The filter bar, the table and the counts are made from these tables.

import { CONFIRMATIONS, hasOpinions } from "../state/second-opinions.js";
import { labelOf, targetOf } from "../state/targets.js";

const IN_PROGRESS = new Set(["queued", "calling", "judging"]);

/** Filters by outcome, shown as buttons with a count; one is active. `matches` takes an outcome, or the stage of a hunt in progress. */
export const OUTCOME_FILTERS = [
  { id: "all", label: "All", matches: () => true },
  { id: "broke", label: "Breaks", matches: (status) => status === "broke" },
  { id: "held", label: "Held", matches: (status) => status === "held" },
  { id: "undetermined", label: "Undetermined", matches: (status) => status === "undetermined" },
  { id: "error", label: "Errors", matches: (status) => status === "error" },
  { id: "cancelled", label: "Cancelled", matches: (status) => status === "cancelled" || status === "interrupted" },
  { id: "working", label: "In progress", matches: (status) => IN_PROGRESS.has(status) },
];

/**
 * Filters with a list of options; they combine. `options({hunts, criteria})`: [[value, label], …], where `hunts` are those of runs;
 * the filter is shown when there are at least `minOptions`. `sealed: false`: not available while the verdicts are sealed.
 */
export const OPTION_FILTERS = [
  {
    id: "run", label: "Filter by run", all: "All runs", minOptions: 2,
    options: ({ hunts }) => distinct(hunts.map((hunt) => hunt.run_id)).map((id, place) => [id, `Run ${place + 1}`]),
    matches: (hunt, runId) => hunt.run_id === runId,
  },
  {
    id: "model", label: "Filter by model", all: "All models", minOptions: 2,
    options: ({ hunts }) => [...new Map(hunts.map((hunt) => [targetOf(hunt), labelOf(hunt)]))].sort(([, one], [, other]) => one.localeCompare(other)),
    matches: (hunt, target) => targetOf(hunt) === target,
  },
  {
    id: "upstream", label: "Filter by upstream", all: "All upstreams", minOptions: 2,
    options: ({ hunts }) => distinct(hunts.map((hunt) => hunt.upstream).filter(Boolean)).sort().map((upstream) => [upstream, upstream]),
    matches: (hunt, upstream) => hunt.upstream === upstream,
  },
  {
    id: "confirmation", label: "Filter by confirmation", all: "Any confirmation", minOptions: 1,
    options: ({ hunts }) => {
      if (!hunts.some(hasOpinions)) return [];
      const known = new Set(hunts.map((hunt) => hunt.confirmation));
      return Object.entries(CONFIRMATIONS).filter(([name]) => known.has(name)).map(([name, { word }]) => [name, word]);
    },
    matches: (hunt, confirmation) => hunt.confirmation === confirmation,
  },
  {
    id: "criterion", label: "Filter by failed criterion", all: "Any criterion", minOptions: 1, sealed: false,
    options: ({ hunts, criteria }) => (hunts.length ? criteria.map(({ id }) => [id, `Failed ${id}`]) : []),
    matches: (hunt, criterionId) => hunt.verdicts.some((verdict) => verdict.criterion_id === criterionId && verdict.verdict === "FAIL"),
  },
];

/** The part of the view in which every hunt is shown. */
export const NO_FILTERS = { filter: "all", search: "", ...Object.fromEntries(OPTION_FILTERS.map(({ id }) => [id, "all"])) };

function distinct(values) {
  return [...new Set(values)];
}
