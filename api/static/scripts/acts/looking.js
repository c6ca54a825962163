// Reading what the server works out when it is asked for: insights, what the export changes, replies to search in.

import { huntPages, previewExport, readInsights } from "../wire/api.js";
import { problemOf } from "../wire/request.js";
import { perform } from "./act.js";

/** Insights are read again when hunts have ended since, not more often than every few seconds. */
export class Insights {
  #store;
  #known = "";
  #timer = 0;

  constructor(store) {
    this.#store = store;
  }

  keepUp() {
    const { session } = this.#store.state;
    if (!session) return;
    const done = session.runs.reduce((sum, run) => sum + run.counts.done, 0);
    const what = `${session.session_id} ${done} ${session.revealed} ${session.check.finished_at}`;
    if (done === 0 || what === this.#known || this.#timer) return;
    this.#timer = setTimeout(async () => {
      this.#timer = 0;
      this.#known = what;
      await this.#read(session.session_id);
    }, 1500);
  }

  async #read(sid) {
    try {
      this.#store.dispatch({ type: "insights.read", insights: await readInsights(sid), sid });
    } catch (failure) {
      problemOf(failure); // a fault of this page is passed on; an unreachable server is told by the connection already
      this.#known = "";
    }
  }
}

/** What the export would change, cell by cell. */
export function lookAtExport(store) {
  const { session_id: sid } = store.state.session;
  return perform(store, "preview", async () => {
    store.dispatch({ type: "preview.read", preview: await previewExport(sid), sid });
  });
}

/** The replies' whole texts, for searching in them; read once for each number of replies. */
export function readTexts(store) {
  const { session_id: sid, turn } = store.state.session;
  return perform(store, "search", async () => {
    for await (const hunts of huntPages(sid, { texts: true, turn: turn ?? 1 })) {
      store.dispatch({ type: "texts.read", texts: hunts.map((hunt) => [hunt.hunt_id, hunt.response ?? ""]), sid });
    }
  });
}
