// The reference check arrives in three ways that can overtake each other: responses, events and snapshots.

/**
 * The later of the two. The server runs the checks of a session one after the other, and within one check verdicts are only added
 * until it has finished. So the order of arrival does not matter.
 */
export function laterCheck(received, known) {
  const order = compareTimes(received.started_at, known.started_at) || compareTimes(received.finished_at, known.finished_at)
    || received.verdicts.length - known.verdicts.length;
  return order < 0 ? known : received;
}

/** A check of another version of the task is stale. */
export function withStaleness(task, check) {
  const stale = check.status !== "none" && check.task_hash !== task.hash;
  return stale === check.stale ? check : { ...check, stale };
}

/** Compares times as the server writes them (UTC, ISO 8601); what has not happened yet comes first. */
function compareTimes(one, other) {
  const [a, b] = [withoutZ(one), withoutZ(other)];
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Without the Z, "…:07" sorts before "…:07.5". */
function withoutZ(time) {
  return (time ?? "").replace(/Z$/, "");
}
