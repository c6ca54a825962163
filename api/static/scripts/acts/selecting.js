// Choosing the hunts that are delivered. The whole selection is sent each time; the last word wins.

import { selectionAfter } from "../state/selection.js";
import { putSelection, readProposal } from "../wire/api.js";
import { perform } from "./act.js";

/** `change`: {add} | {remove} | {move, step} | {place, slot}: hunt ids and places. */
export function changeSelection(store, follower, change) {
  const { session } = store.state;
  const huntIds = selectionAfter(session.selection.hunt_ids, change);
  return perform(store, "select", async () => follower.take(await putSelection(session.session_id, huntIds)));
}

/** Takes a proposal that spans different failure patterns. */
export function proposeSelection(store, follower) {
  const { session_id: sid } = store.state.session;
  return perform(store, "select", async () => {
    const { hunt_ids: huntIds, why } = await readProposal(sid);
    follower.take(await putSelection(sid, huntIds));
    store.dispatch({ type: "notice.told", notice: { kind: "info", message: why } });
  });
}
