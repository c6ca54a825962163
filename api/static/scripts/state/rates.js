// Break rates by model, and by upstream, over decided hunts (of adaptive runs: their uniform share), each with its 95 % interval (docs/statistics.md).

import { confidenceSequence, wilson } from "./intervals.js";
import { labelOf, targetOf } from "./targets.js";

/** The runs of fixed size that ended by themselves: only of their hunts Wilson’s interval is valid. */
export function runsOfFixedSize(runs) {
  return new Set((runs ?? []).filter((run) => run.break_rate_interval?.method === "wilson").map((run) => run.run_id));
}

/** [{key, label, broke, decided, rate, low, high, method}] of each model with its parameters, by label; `rate` is null without a decided hunt. `fixed`: as runsOfFixedSize returns. */
export function ratesByModel(hunts, fixed) {
  return ratesBy(hunts, fixed, targetOf, labelOf);
}

/** The same by the upstreams that answered, of hunts that name one; empty if all name the same. */
export function ratesByUpstream(hunts, fixed) {
  const rows = ratesBy(hunts, fixed, (hunt) => hunt.upstream, (hunt) => hunt.upstream);
  return rows.length > 1 ? rows : [];
}

function ratesBy(hunts, fixed, keyOf, labelFor) {
  const byKey = new Map();
  for (const hunt of hunts.byId.values()) {
    const key = keyOf(hunt);
    if (hunt.kind === "trial" || !key || hunt.share === "adaptive") continue;
    const row = byKey.get(key) ?? { key, label: labelFor(hunt), runs: new Set(), broke: 0, decided: 0 };
    byKey.set(key, row);
    if (hunt.outcome !== "broke" && hunt.outcome !== "held") continue;
    row.runs.add(hunt.run_id);
    row.broke += hunt.outcome === "broke";
    row.decided += 1;
  }
  return [...byKey.values()].sort((one, other) => one.label.localeCompare(other.label)).map((row) => ({ ...row, ...interval(row, row.runs.size === 1 && fixed.has([...row.runs][0])) }));
}

/** The rate and its interval. `fixed`: they are the hunts of one run of fixed size. */
function interval({ broke, decided }, fixed) {
  if (decided === 0) return { rate: null, low: null, high: null };
  const [low, high] = (fixed ? wilson : confidenceSequence)(broke, decided);
  return { rate: broke / decided, low, high, method: fixed ? "wilson" : "confidence_sequence" };
}
