// The words and signs for outcomes and verdicts. Every place that shows one takes both from here, so that
// nothing is ever told by colour alone. A break is what the trainer is looking for: it comes first.

export const OUTCOMES = {
  broke: { word: "Broke", plural: "Breaks", icon: "broke", about: "The model failed the task." },
  held: { word: "Held", plural: "Held", icon: "held", about: "The model met the task." },
  undetermined: {
    word: "Undetermined", plural: "Undetermined", icon: "undetermined",
    about: "The judge could not decide enough criteria. Counts neither way.",
  },
  error: { word: "Error", plural: "Errors", icon: "error", about: "No usable reply. Never counts as a break." },
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

/** How a hunt stands, as one name: its outcome when it has one, else its stage. */
export function standing(hunt) {
  return hunt.outcome ?? hunt.status;
}

/** Whether there is a reply that a judge may be asked about: one that was cut off and not judged is an error. */
export function canBeJudgedAgain(hunt) {
  return hunt?.status === "done" && Boolean(hunt.excerpt) && hunt.outcome !== "error";
}

/** Word, icon and sentence for a standing; an unknown one is shown under its own name. */
export function describe(name) {
  return OUTCOMES[name] ?? STAGES[name] ?? { word: name, plural: name, icon: "undetermined", about: "" };
}

/**
 * The verdicts of a hunt in the order of `criteria`, with a hole (null) where none is known.
 * `sameAs` is the id of the first criterion for which the judge's call failed for the same cause: the cause is shown there once.
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
