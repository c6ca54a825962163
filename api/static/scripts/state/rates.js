// Break rates by model over decided hunts, each with its interval (Wilson, 95 %): few hunts say little.

const Z = 1.96;

/** [{model, broke, decided, rate, low, high}] in order of name; rate null with no decided hunt. */
export function ratesByModel(hunts) {
  const byModel = new Map();
  for (const hunt of hunts.byId.values()) {
    if (hunt.kind === "trial") continue;
    const row = byModel.get(hunt.model) ?? { model: hunt.model, broke: 0, decided: 0 };
    row.broke += hunt.outcome === "broke";
    row.decided += hunt.outcome === "broke" || hunt.outcome === "held";
    byModel.set(hunt.model, row);
  }
  return [...byModel.values()].sort((one, other) => one.model.localeCompare(other.model)).map((row) => ({ ...row, ...interval(row) }));
}

/** Wilson's interval for `broke` of `decided`. */
export function interval({ broke, decided }) {
  if (decided === 0) return { rate: null, low: null, high: null };
  const rate = broke / decided;
  const scale = 1 + Z ** 2 / decided;
  const middle = (rate + Z ** 2 / (2 * decided)) / scale;
  const half = (Z / scale) * Math.sqrt((rate * (1 - rate)) / decided + Z ** 2 / (4 * decided ** 2));
  return { rate, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
