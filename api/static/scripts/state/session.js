// The session's head as the snapshot gives it, kept true by events. null: no session is open.

import { laterCheck, seenFrom } from "./check.js";

const RUN_RANK = { queued: 0, running: 1, completed: 2, cancelled: 2, failed: 2 };
const ENDED = new Set(["completed", "cancelled", "failed"]);

/**
 * The state after an event: `session.read` {snapshot}, `check.changed` {check}, `run.changed` {run}, `session.left`.
 * A late snapshot, event or response never replaces newer state.
 */
export function reduceSession(session, event) {
  switch (event.type) {
    case "session.read":
      return merge(session, event.snapshot);
    case "check.changed":
      return session && { ...session, check: seenFrom(session.task, newerCheck(session.check, event.check)) };
    case "run.changed":
      return session && { ...session, runs: withRun(session.runs, event.run) };
    case "session.left":
      return null;
    default:
      return session;
  }
}

function merge(known, snapshot) {
  if (known === null || known.session_id !== snapshot.session_id) return snapshot;
  if (snapshot.version < known.version) return known;
  const runs = known.runs.reduce(withRun, snapshot.runs);
  const check = snapshot.turn === known.turn ? laterCheck(snapshot.check, known.check) : snapshot.check;
  return { ...snapshot, runs, check: seenFrom(snapshot.task, check) };
}

/** Only a new turn has no check again, and events of its own order tell it. */
function newerCheck(known, received) {
  return received.status === "none" ? received : laterCheck(received, known);
}

function withRun(runs, run) {
  const place = runs.findIndex((one) => one.run_id === run.run_id);
  if (place < 0) return [...runs, run].sort((one, other) => one.first_number - other.first_number);
  return isLaterRun(runs[place], run) ? runs.with(place, run) : runs;
}

function isLaterRun(known, received) {
  const step = RUN_RANK[received.status] - RUN_RANK[known.status];
  return step > 0 || (step === 0 && announced(received).done >= announced(known).done);
}

/** The counts that the server announced; what is shown of a running run may be ahead of them (counts.js). */
function announced(run) {
  return run.told ?? run.counts;
}

export function hasEnded(run) {
  return ENDED.has(run.status);
}

export function activeRuns(session) {
  return session.runs.filter((run) => !hasEnded(run));
}

/** Whether hunting may start without an override: the check has passed for the task as it stands. */
export function checkHasPassed(session) {
  return session.check.status === "passed" && !session.check.stale;
}

/** Runs of the turn that is under way. */
export function runsOfTurn(session) {
  return session.runs.filter((run) => (run.turn ?? 1) === (session.turn ?? 1));
}

/** Counts over all runs of this turn, added up from the runs so that they follow every event. */
export function totals(session) {
  const sum = {
    total: 0, done: 0, queued: 0, calling: 0, judging: 0, broke: 0, held: 0, undetermined: 0, error: 0,
    cancelled: 0, interrupted: 0, replies: 0, unknown_costs: 0,
  };
  const runs = runsOfTurn(session);
  for (const run of runs) for (const name of Object.keys(sum)) sum[name] += run.counts[name] ?? 0;
  const decided = sum.broke + sum.held;
  return {
    ...sum,
    break_rate: decided ? sum.broke / decided : null,
    cost_usd: sumKnown(runs.map((run) => run.counts.cost_usd)),
    judge_cost_usd: sumKnown(runs.map((run) => run.counts.judge_cost_usd)),
  };
}

/** What the notebook will state: what it came with, and every hunt since that brought a reply. */
export function attemptsMade(session) {
  return session.attempts_before + session.runs.reduce((sum, run) => sum + (run.counts.replies ?? 0), 0);
}

/** What is known, added up; null when nothing is: unknown is not 0. */
function sumKnown(costs) {
  const known = costs.filter((cost) => cost !== null && cost !== undefined);
  return known.length ? known.reduce((sum, cost) => sum + cost, 0) : null;
}
