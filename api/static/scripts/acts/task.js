// Edits of the task that are one press: the pass rule, and criteria that wait for a word.

import { changeTask, readSession } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { perform } from "./act.js";

export function switchRule(store, follower, rule) {
  return edit(store, follower, "rule", { pass_rule: rule });
}

/** The trainer has read the repaired criteria and takes them as they are. */
export function confirmCriteria(store, follower, criteria) {
  return edit(store, follower, "criteria", { criteria: criteria.map(({ id, text }) => ({ id, text })) });
}

async function edit(store, follower, act, change) {
  await perform(store, act, async () => {
    const { session_id: sid, version } = store.state.session;
    follower.take(await changed(sid, version, change));
  });
}

/** These edits do not depend on what stood there before: when the task changed meanwhile they are made once more. */
async function changed(sid, version, change) {
  try {
    return await changeTask(sid, version, change);
  } catch (failure) {
    if (!(failure instanceof Problem) || failure.code !== "conflict") throw failure;
    const { version: current } = await readSession(sid);
    return changeTask(sid, current, change);
  }
}
