// What a run will have cost, as far as that can be told honestly: from what its own hunts have cost so far.

const FINISHED = ["broke", "held", "undetermined"];

/**
 * US dollars that a run will cost in the end: {usd, atLeast}. null while nothing is known. `atLeast`: some calls
 * have no known cost, so the truth is higher.
 */
export function estimatedCost(counts) {
  const replied = FINISHED.reduce((sum, name) => sum + counts[name], 0);
  if (counts.cost_usd === null || replied === 0) return null;
  const left = counts.queued + counts.calling + counts.judging;
  return { usd: (counts.cost_usd / replied) * (replied + left), atLeast: counts.unknown_costs > 0 };
}

/**
 * Parts of a progress bar in their order: [{name, count}], empty ones left out. What is not begun is the rest.
 */
export function progressParts(counts) {
  const names = ["broke", "held", "undetermined", "error", "cancelled", "interrupted", "judging", "calling"];
  return names.map((name) => ({ name, count: counts[name] })).filter((part) => part.count > 0);
}
