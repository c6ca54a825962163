// The reference check as it is told in three ways that overtake each other: the answer to a wish, events, snapshots.

/**
 * The later state of the two. Checks of a session begin one after the other (the server sees to it), and within one
 * verdicts are only added until it has finished: so whatever was told late, nothing turns back.
 */
export function laterCheck(told, known) {
  const order = compared(told.started_at, known.started_at) || compared(told.finished_at, known.finished_at)
    || told.verdicts.length - known.verdicts.length;
  return order < 0 ? known : told;
}

/** The check seen from the task as it stands: it is stale when it was made for another. */
export function seenFrom(task, check) {
  const stale = check.status !== "none" && check.task_hash !== task.hash;
  return stale === check.stale ? check : { ...check, stale };
}

/** Times as the server writes them (UTC, ISO 8601); what has not happened yet comes first. */
function compared(one, other) {
  const [a, b] = [bare(one), bare(other)];
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Without the Z, "…:07" stands before "…:07.5" as it should. */
function bare(time) {
  return (time ?? "").replace(/Z$/, "");
}
