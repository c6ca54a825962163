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
    follower.take(await onNewestVersion(sid, version, (newest) => changeTask(sid, newest, change)));
  });
}

/** `change(version)` for edits that do not depend on what stood there before: when the session changed meanwhile they are made once more. */
export async function onNewestVersion(sid, version, change) {
  try {
    return await change(version);
  } catch (failure) {
    if (!(failure instanceof Problem) || failure.code !== "conflict") throw failure;
    const { version: current } = await readSession(sid);
    return change(current);
  }
}
