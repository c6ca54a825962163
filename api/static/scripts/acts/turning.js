// Going on with another turn: a held reply becomes the history's answer, and a new prompt and criteria follow it.

import { sessionAddress } from "../router.js";
import { changeSettings, startTurn, undoTurn } from "../wire/api.js";
import { perform } from "./act.js";
import { replaceAddress } from "./layers.js";
import { onNewestVersion } from "./task.js";

export async function beginTurn(store, follower, turn) {
  const { session_id: sid } = store.state.session;
  const snapshot = await perform(store, "turn", () => startTurn(sid, turn, crypto.randomUUID()));
  if (!snapshot || store.state.route.sessionId !== sid) return;
  follower.take(snapshot);
  follower.refresh();
  await replaceAddress(sessionAddress(sid, "task")); // in the place of the dialog that asked for it
}

/** Back to the turn before the current one. */
export async function undoLastTurn(store, follower) {
  const { session_id: sid, turn } = store.state.session;
  const snapshot = await perform(store, "undo-turn", () => undoTurn(sid, turn));
  if (!snapshot || store.state.route.sessionId !== sid) return;
  follower.take(snapshot);
  follower.refresh();
}

/** Settings of the session: blind or open, slots, least breaks, whether the check is required. */
export function adjustSettings(store, follower, change) {
  const { session_id: sid, version } = store.state.session;
  return perform(store, "settings", async () => follower.take(await onNewestVersion(sid, version, (newest) => changeSettings(sid, newest, change))));
}
