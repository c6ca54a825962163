// The numbers of a run that goes on, from the hunts themselves: events announce a run's own counts less often than its
// hunts, and its head must not say "0 of 8 done" above rows that have broken.

import { hasEnded } from "./session.js";

const OUTCOMES = ["broke", "held", "undetermined", "error", "cancelled", "interrupted"];
const STAGES = ["calling", "judging"];

/** The session with the counts of its running runs by `hunts`; `told` are the counts that the server announced last. */
export function inStep(session, hunts) {
  if (session === null || !hunts.complete || session.runs.every(hasEnded)) return session;
  const found = tallies(hunts);
  return { ...session, runs: session.runs.map((run) => (hasEnded(run) ? run : counted(run, found.get(run.run_id) ?? {}))) };
}

function tallies(hunts) {
  const found = new Map();
  for (const hunt of hunts.byId.values()) {
    const name = hunt.outcome ?? hunt.status;
    if (!found.has(hunt.run_id)) found.set(hunt.run_id, {});
    found.get(hunt.run_id)[name] = (found.get(hunt.run_id)[name] ?? 0) + 1;
  }
  return found;
}

function counted(run, tally) {
  const told = run.told ?? run.counts;
  const numbers = Object.fromEntries([...OUTCOMES, ...STAGES].map((name) => [name, tally[name] ?? 0]));
  const done = OUTCOMES.reduce((sum, name) => sum + numbers[name], 0);
  const decided = numbers.broke + numbers.held;
  const queued = Math.max(0, told.total - done - numbers.calling - numbers.judging);
  return { ...run, told, counts: { ...told, ...numbers, done, queued, break_rate: decided ? numbers.broke / decided : null } };
}
