// One thing the trainer asked for, from the press to the answer: busy meanwhile, never twice at once,
// and a refusal stands where it was asked.

import { actOf } from "../state/acts.js";
import { problemOf } from "../wire/request.js";

/**
 * Runs `work` as the act `name`; returns its value, or undefined when it was refused or is already under way. How it ended is
 * told only while the session `sid` has not been left; null: wherever the trainer is.
 */
export async function perform(store, name, work, sid = store.state.route.sessionId) {
  if (actOf(store.state.acts, name).busy) return undefined;
  store.dispatch({ type: "act.began", act: name });
  try {
    const value = await work();
    store.dispatch({ type: "act.done", act: name, sid });
    return value;
  } catch (failure) {
    fail(store, { act: name, sid }, failure);
    return undefined;
  }
}

/** A fault of this page is shown by the guard; the act must not stay busy for it. */
function fail(store, act, failure) {
  try {
    store.dispatch({ type: "act.failed", ...act, problem: problemOf(failure) });
  } catch (fault) {
    store.dispatch({ type: "act.cleared", ...act });
    throw fault;
  }
}
