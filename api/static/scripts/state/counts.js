// The counts of a running run, computed from its hunts: events update a run's own counts less often than its hunts, and "0 of 8 done"
// must not appear above rows that are done.

import { hasEnded } from "./session.js";

const OUTCOMES = ["broke", "held", "undetermined", "error", "cancelled", "interrupted"];
const STAGES = ["calling", "judging"];

/** Counted from the hunts in ended runs, too: stored replies can be confirmed later. */
const CONFIRMATIONS = ["confirmed", "contested", "refuted"];

/** What the break rate counts: in an adaptive run its uniform share. */
const RATED = ["rated_broke", "rated_decided"];

/** The session with the counts of its running runs taken from `hunts`; `announced` are the last counts that the server sent. */
export function withLiveCounts(session, hunts) {
  if (session === null || !hunts.complete) return session;
  const found = countsByRun(hunts);
  const runs = session.runs.map((run) => (hasEnded(run) ? withConfirmations(run, found.get(run.run_id)) : withCounts(run, found.get(run.run_id) ?? {})));
  return runs.every((run, place) => run === session.runs[place]) ? session : { ...session, runs };
}

function countsByRun(hunts) {
  const found = new Map();
  for (const hunt of hunts.byId.values()) {
    if (!found.has(hunt.run_id)) found.set(hunt.run_id, {});
    const rated = hunt.share !== "adaptive" && (hunt.outcome === "broke" || hunt.outcome === "held");
    const names = [hunt.outcome ?? hunt.status, hunt.outcome === "broke" && hunt.confirmation, rated && "rated_decided", rated && hunt.outcome === "broke" && "rated_broke"].filter(Boolean);
    for (const name of names) found.get(hunt.run_id)[name] = (found.get(hunt.run_id)[name] ?? 0) + 1;
  }
  return found;
}

/** `tally`: undefined for a run of an earlier turn, whose hunts are not loaded. */
function withConfirmations(run, tally) {
  if (!tally || CONFIRMATIONS.every((name) => (run.counts[name] ?? 0) === (tally[name] ?? 0))) return run;
  return { ...run, counts: { ...run.counts, ...numbersOf(tally, CONFIRMATIONS) } };
}

function numbersOf(tally, names) {
  return Object.fromEntries(names.map((name) => [name, tally[name] ?? 0]));
}

function withCounts(run, tally) {
  const announced = run.announced ?? run.counts;
  const numbers = numbersOf(tally, [...OUTCOMES, ...STAGES, ...CONFIRMATIONS, ...RATED]);
  const done = OUTCOMES.reduce((sum, name) => sum + numbers[name], 0);
  const queued = Math.max(0, announced.total - done - numbers.calling - numbers.judging);
  return { ...run, announced, counts: { ...announced, ...numbers, done, queued, break_rate: numbers.rated_decided ? numbers.rated_broke / numbers.rated_decided : null } };
}
