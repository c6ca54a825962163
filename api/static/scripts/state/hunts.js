// All hunts of the session: by ID, and their IDs in order of number. A hunt that did not change keeps its object, so that elements can
// compare by identity. Which of them the table shows: hunts/visible.js.

import { hasOpinions } from "./second-opinions.js";

const RANK = { queued: 0, calling: 1, judging: 2, done: 3 };

export function noHunts() {
  return { byId: new Map(), ids: [], complete: false };
}

/**
 * The state after an event:
 * `hunts.read` {hunts}: all of them; others are removed;
 * `hunts.changed` {hunts}: from the event stream or a response, in order of arrival;
 * `session.left`: no session is open any more.
 */
export function reduceHunts(hunts, event) {
  switch (event.type) {
    case "hunts.read":
      return { ...merge(noHunts(), event.hunts.map((hunt) => laterHunt(hunt, hunts.byId.get(hunt.hunt_id)))), complete: true };
    case "hunts.changed":
      return merge(hunts, event.hunts);
    case "session.left":
      return noHunts();
    default:
      return hunts;
  }
}

/** A response may be older than an event that overtook it: of the two, the hunt at the later stage. */
function laterHunt(read, known) {
  if (!known) return read;
  if (judgingsOf(read) !== judgingsOf(known)) return judgingsOf(read) > judgingsOf(known) ? read : known;
  const step = RANK[read.status] - RANK[known.status];
  return step < 0 || (step === 0 && verdictsOf(read) < verdictsOf(known)) ? known : read;
}

/** Events arrive in order, but may be repeated after a reconnect. A hunt that is done stays done until it is judged again. */
function isNewer(known, received) {
  if (judgingsOf(received) !== judgingsOf(known)) return judgingsOf(received) > judgingsOf(known);
  return known.status !== "done" || received.status === "done";
}

/** Verdicts and votes; a sealed hunt has only its confirmation. */
function verdictsOf(hunt) {
  return hunt.verdicts.length + (hunt.votes?.length ?? 0) + hasOpinions(hunt);
}

function judgingsOf(hunt) {
  return hunt.judgings ?? 1;
}

function merge(hunts, incoming) {
  const byId = new Map(hunts.byId);
  let added = false;
  for (const hunt of incoming) {
    const known = byId.get(hunt.hunt_id);
    if (known && !isNewer(known, hunt)) continue;
    byId.set(hunt.hunt_id, hunt);
    added ||= !known;
  }
  return { ...hunts, byId, ids: added ? idsByNumber(byId) : hunts.ids };
}

function idsByNumber(byId) {
  return [...byId.values()].sort((one, other) => one.number - other.number).map((hunt) => hunt.hunt_id);
}

/** Trials, the newest first. */
export function trials(hunts) {
  const started = (hunt) => hunt.trial_number ?? 0;
  return [...hunts.byId.values()].filter((hunt) => hunt.kind === "trial").sort((one, other) => started(other) - started(one));
}
