// Reading one hunt whole for the side panel, and reading it again when it went on meanwhile.

import { huntAddress, parseRoute, sessionAddress } from "../router.js";
import { isBehind } from "../state/detail.js";
import { neighbour, visibleHunts } from "../state/hunts.js";
import { readHunt } from "../wire/api.js";
import { problemOf } from "../wire/request.js";
import { replaceAddress } from "./layers.js";

export class Reader {
  #store;
  #reading = "";

  constructor(store) {
    this.#store = store;
  }

  /** Called with every state: reads what the panel needs and does not have. */
  async keepUp() {
    const { detail, session, hunts } = this.#store.state;
    const row = hunts.byId.get(detail.huntId);
    const needed = detail.huntId && session && !detail.problem && (!detail.hunt || isBehind(detail, row));
    const what = needed ? `${detail.huntId} ${row?.status} ${row?.verdicts.length}` : "";
    if (!needed || this.#reading === what) return;
    this.#reading = what;
    await this.#read(session.session_id, detail.huntId);
    if (this.#reading === what && this.#store.state.detail.problem) this.#reading = "";
  }

  async #read(sid, huntId) {
    try {
      this.#store.dispatch({ type: "detail.read", hunt: await readHunt(sid, huntId) });
    } catch (failure) {
      this.#store.dispatch({ type: "detail.failed", huntId, problem: problemOf(failure) });
    }
  }
}

/** Back to the table. The panel's addresses are not piled up in the history. */
export function closeHunt(store) {
  return replaceAddress(sessionAddress(store.state.route.sessionId));
}

/** To the next (1) or previous (-1) hunt of those that the table shows. The address is ahead of the state while keys come quickly. */
export function stepHunt(store, step) {
  const { hunts, view, detail, session, texts } = store.state;
  const { huntId } = parseRoute(location.hash);
  const next = neighbour(visibleHunts(hunts, view, texts), huntId ?? detail.huntId, step);
  return next && replaceAddress(huntAddress(session.session_id, next.hunt_id));
}
