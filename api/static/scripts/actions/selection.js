// The selection of hunts to deliver. Each change sends the whole selection, one request after the other: every key press counts,
// however quickly keys are pressed, and each change builds on the one before.

import { selectionAfter } from "../state/selection.js";
import { putSelection, readProposal } from "../wire/api.js";
import { perform } from "./action.js";
import { showInfo } from "./notices.js";

export class SelectionSaver {
  #store;
  #sync;
  #last = Promise.resolve();

  constructor(store, sync) {
    this.#store = store;
    this.#sync = sync;
  }

  /** `change`: {add} | {remove} | {move, step} | {place, slot}: hunt IDs and positions. */
  change(change) {
    return this.#enqueue(async (session) => {
      this.#sync.apply(await putSelection(session.session_id, selectionAfter(session.selection.hunt_ids, change)));
    });
  }

  /** Selects what the server proposes: hunts with different failure patterns. */
  propose() {
    return this.#enqueue(async ({ session_id: sid }) => {
      const { hunt_ids: huntIds, why } = await readProposal(sid);
      if (huntIds.length) this.#sync.apply(await putSelection(sid, huntIds)); // an empty proposal changes nothing
      showInfo(this.#store, why);
    });
  }

  /** A change to a session that has been left in the meantime is dropped. */
  #enqueue(work) {
    const { session_id: sid } = this.#store.state.session;
    const run = () => {
      const { session } = this.#store.state;
      return session?.session_id === sid ? perform(this.#store, "select", () => work(session)) : undefined;
    };
    this.#last = this.#last.then(run, run);
    return this.#last;
  }
}
