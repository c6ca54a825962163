// The open session: its snapshot, updated by events; null while none is open.

import { laterCheck, withStaleness } from "./check.js";

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
      return session && { ...session, check: withStaleness(session.task, newerCheck(session.check, event.check)) };
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
  return { ...snapshot, runs, check: withStaleness(snapshot.task, check) };
}

/** Only a new turn has no check again, and its event comes in order. */
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
  return step > 0 || (step === 0 && announcedCounts(received).done >= announcedCounts(known).done);
}

/** The counts that the server sent last; those that are shown may be ahead (counts.js). */
function announcedCounts(run) {
  return run.announced ?? run.counts;
}

/** Whether the user has given the task away and kept access: they may read and comment, and the server refuses everything else. */
export function isReader({ session, server: { who } }) {
  if (session === null || !who?.sign_in || who.scope === "admin" || session.owner === who.name) return false;
  return (session.readers ?? []).includes(who.name); // the release before sends none
}

/** Whether task and reviews cannot be changed: after the reveal, or by a reader. */
export function isLocked(state) {
  return Boolean(state.session?.revealed) || isReader(state);
}

/** What a reader may do, and why not more. */
export function readerWords({ owner }) {
  return `You gave this task to ${owner}. You may read it and comment; only ${owner} can change it, so controls that change it are hidden or locked.`;
}

export function hasEnded(run) {
  return ENDED.has(run.status);
}

export function activeRuns(session) {
  return session.runs.filter((run) => !hasEnded(run));
}

/** Whether a run may start without an override: the check has passed for the current task. */
export function checkHasPassed(session) {
  return session.check.status === "passed" && !session.check.stale;
}

/** The checks that the session requires before a run and that have not passed for the current task. */
export function unpassedChecks(session) {
  const { require_two_sided_check: required, two_sided_check: twoSided } = session;
  return [
    session.require_check && !checkHasPassed(session) ? "reference check" : "",
    required && (twoSided.status !== "passed" || twoSided.stale) ? "two-sided check" : "",
  ].filter(Boolean);
}

/** Runs of the current turn. */
export function runsOfTurn(session) {
  return session.runs.filter((run) => (run.turn ?? 1) === (session.turn ?? 1));
}

/** Counts over all runs of the current turn, added up from the runs so that they follow every event. */
export function totals(session) {
  const sum = {
    total: 0, done: 0, queued: 0, calling: 0, judging: 0, broke: 0, held: 0, undetermined: 0, error: 0,
    cancelled: 0, interrupted: 0, replies: 0, unknown_costs: 0, confirmed: 0, contested: 0, refuted: 0,
  };
  const runs = runsOfTurn(session);
  for (const run of runs) for (const name of Object.keys(sum)) sum[name] += run.counts[name] ?? 0;
  const rated = (name, every) => runs.reduce((found, { counts }) => found + (counts[name] ?? every(counts)), 0); // the release before sends neither
  const decided = rated("rated_decided", (counts) => counts.broke + counts.held);
  return {
    ...sum,
    break_rate: decided ? rated("rated_broke", (counts) => counts.broke) / decided : null,
    cost_usd: sumKnown(runs.map((run) => run.counts.cost_usd)),
    judge_cost_usd: sumKnown(runs.map((run) => run.counts.judge_cost_usd)),
  };
}

/** The number of attempts for the notebook: those it came with, and every hunt since that got a reply. */
export function attemptsMade(session) {
  return session.attempts_before + session.runs.reduce((sum, run) => sum + (run.counts.replies ?? 0), 0);
}

/** The sum of the known costs; null when none is known: unknown is not 0. */
export function sumKnown(costs) {
  const known = costs.filter((cost) => cost !== null && cost !== undefined);
  return known.length ? known.reduce((sum, cost) => sum + cost, 0) : null;
}
