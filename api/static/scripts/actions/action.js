// Runs what the user asked for: marked as busy until the response arrives, never twice at once, and with an error shown
// next to the control that started it.

import { actionOf } from "../state/actions.js";
import { problemOf } from "../wire/request.js";

/**
 * Runs `work` as the action `name`. Returns its value, or undefined if it failed or the action is already running. The result
 * is recorded only while session `sid` is open; pass null to record it wherever the user is.
 */
export async function perform(store, name, work, sid = store.state.route.sessionId) {
  if (actionOf(store.state.actions, name).busy) return undefined;
  store.dispatch({ type: "action.started", action: name });
  try {
    const value = await work();
    store.dispatch({ type: "action.done", action: name, sid });
    return value;
  } catch (failure) {
    recordFailure(store, { action: name, sid }, failure);
    return undefined;
  }
}

/** A bug of this page is shown by error-banner.js; the action must not stay busy because of it. */
function recordFailure(store, action, failure) {
  try {
    store.dispatch({ type: "action.failed", ...action, problem: problemOf(failure) });
  } catch (bug) {
    store.dispatch({ type: "action.cleared", ...action });
    throw bug;
  }
}
