// Words and icons for outcomes, stages and verdicts. Every place that shows one uses both, so that colour alone never carries meaning.
// In the order in which the hunt table sorts them: breaks, which the user is looking for, come first.

export const OUTCOMES = {
  broke: { word: "Broke", plural: "Breaks", icon: "broke", about: "The reply fails the pass rule." },
  held: { word: "Held", plural: "Held", icon: "held", about: "The reply meets the pass rule." },
  undetermined: {
    word: "Undetermined", plural: "Undetermined", icon: "undetermined",
    about: "The judge could not decide enough criteria. Counts neither way.",
  },
  error: { word: "Error", plural: "Errors", icon: "error", about: "No reply, or only part of one. Never counts as a break." },
  cancelled: { word: "Cancelled", plural: "Cancelled", icon: "cancelled", about: "Stopped before it was finished." },
  interrupted: {
    word: "Interrupted", plural: "Interrupted", icon: "cancelled", about: "The server stopped while this was running.",
  },
};

export const STAGES = {
  queued: { word: "Waiting", icon: "waiting", about: "Queued." },
  calling: { word: "Calling", icon: "working", about: "The model is replying." },
  judging: { word: "Judging", icon: "working", about: "The judge is reading the reply." },
};

export const VERDICTS = {
  PASS: { word: "PASS", sign: "✓" },
  FAIL: { word: "FAIL", sign: "✕" },
  UNDETERMINED: { word: "UNDETERMINED", sign: "?" },
  MISSING: { word: "MISSING", sign: "–" },
};

export const NO_VERDICT = { word: "not judged", sign: "" };

const STATUS_ORDER = [...Object.keys(OUTCOMES), ...Object.keys(STAGES).reverse()];

/** The outcome of a hunt, or its stage while it has none. */
export function displayStatus(hunt) {
  return hunt.outcome ?? hunt.status;
}

/** The place of an outcome or stage when the table is sorted by it; null for an unknown one. */
export function statusRank(name) {
  const rank = STATUS_ORDER.indexOf(name);
  return rank < 0 ? null : rank;
}

/** Whether there is a complete reply to judge. A reply that was cut off and not judged is an error. */
export function canBeJudgedAgain(hunt) {
  return hunt?.status === "done" && Boolean(hunt.excerpt) && hunt.outcome !== "error" && !hunt.stopped;
}

/** Word, icon and explanation of an outcome or stage; an unknown one is shown under its own name. */
export function describe(name) {
  return OUTCOMES[name] ?? STAGES[name] ?? { word: name, plural: name, icon: "undetermined", about: "" };
}

/**
 * The verdicts of a hunt in the order of `criteria`, null where there is none. `sameAs`: the first criterion for which the judge call
 * failed with the same error, so that the error is shown once.
 */
export function verdictsInOrder(criteria, verdicts) {
  const known = new Map(verdicts.map((verdict) => [verdict.criterion_id, verdict]));
  const ordered = criteria.map((criterion) => ({ id: criterion.id, verdict: known.get(criterion.id) ?? null }));
  const listed = new Set(criteria.map((criterion) => criterion.id));
  const others = verdicts.filter((verdict) => !listed.has(verdict.criterion_id));
  const failed = new Map();
  return [...ordered, ...others.map((verdict) => ({ id: verdict.criterion_id, verdict }))].map(({ id, verdict }) => {
    const sameAs = (verdict?.error && failed.get(verdict.error)) || "";
    if (verdict?.error && !sameAs) failed.set(verdict.error, id);
    return { id, verdict, sameAs };
  });
}
