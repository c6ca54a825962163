// Choosing the hunts that are delivered. The whole selection is sent each time, one change after the other: however
// quickly keys are pressed, every press counts, and each builds on the one before.

import { selectionAfter } from "../state/selection.js";
import { putSelection, readProposal } from "../wire/api.js";
import { perform } from "./act.js";

export class Selector {
  #store;
  #follower;
  #last = Promise.resolve();

  constructor(store, follower) {
    this.#store = store;
    this.#follower = follower;
  }

  /** `change`: {add} | {remove} | {move, step} | {place, slot}: hunt ids and places. */
  change(change) {
    return this.#next(async (session) => {
      this.#follower.take(await putSelection(session.session_id, selectionAfter(session.selection.hunt_ids, change)));
    });
  }

  /** Takes a proposal that spans different failure patterns. */
  propose() {
    return this.#next(async ({ session_id: sid }) => {
      const { hunt_ids: huntIds, why } = await readProposal(sid);
      if (huntIds.length) this.#follower.take(await putSelection(sid, huntIds)); // with nothing to propose the choice stays
      this.#store.dispatch({ type: "notice.told", notice: { kind: "info", message: why } });
    });
  }

  /** What was wished for a session that has been left meanwhile is not done to another. */
  #next(work) {
    const { session_id: sid } = this.#store.state.session;
    const go = () => {
      const { session } = this.#store.state;
      return session?.session_id === sid ? perform(this.#store, "select", () => work(session)) : undefined;
    };
    this.#last = this.#last.then(go, go);
    return this.#last;
  }
}
