// The expected cost of a running run, from what its hunts have cost so far.

const FINISHED = ["broke", "held", "undetermined"];

/** What a run will cost when it is finished: {usd, atLeast}; null while nothing is known. `atLeast`: some calls have no known cost. */
export function estimatedCost(counts) {
  const replied = FINISHED.reduce((sum, name) => sum + counts[name], 0);
  if (counts.cost_usd === null || replied === 0) return null;
  const left = counts.queued + counts.calling + counts.judging;
  return { usd: (counts.cost_usd / replied) * (replied + left), atLeast: counts.unknown_costs > 0 };
}

/** What is left of the daily budgets that would pay: "Left today: $8.50 of $10.00, $18.00 of $20.00 at lab."; "" without budgets. */
export function budgetText(budgets) {
  if (!budgets?.length) return "";
  const parts = budgets.map((one) => `${dollars(one.left_usd)} of ${dollars(one.limit_usd)}${one.kind === "account" ? ` at ${one.name}` : ""}`);
  const unknown = budgets.some((one) => one.unknown_calls > 0) ? " Calls of unknown price count as $0." : "";
  return `Left today: ${parts.join(", ")}.${unknown}`;
}

function dollars(usd) {
  return `$${usd.toFixed(2)}`;
}

/** The parts of a progress bar in order: [{name, count}], without empty ones. The rest is queued. */
export function progressParts(counts) {
  const names = ["broke", "held", "undetermined", "error", "cancelled", "interrupted", "judging", "calling"];
  return names.map((name) => ({ name, count: counts[name] })).filter((part) => part.count > 0);
}
