// What the server can do, how it is and who is signed in: models, examples, health. Read at the start; health again and
// again, and at once when something speaks for a change.

import { readExamples, readHealth, readModels, readWho } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";

const HEALTH_EVERY_MS = 10_000;

export function learnServer(store) {
  learn(store, readWho, (who) => ({ type: "who.read", who }));
  learn(store, readModels, (models) => ({ type: "models.read", models }));
  learn(store, readExamples, (examples) => ({ type: "examples.read", examples }));
}

async function learn(store, read, event) {
  try {
    store.dispatch(event(await read()));
  } catch (failure) {
    store.dispatch({ type: "notice.told", notice: { kind: "error", ...problemOf(failure) } });
  }
}

/** Asks how the server is. A tab that nobody looks at asks when it is looked at again. */
export class Health {
  #store;
  #timer = 0;

  constructor(store) {
    this.#store = store;
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    this.look();
  }

  /** A connection that is lost or found again often has the same cause as a change of health. */
  keepUp({ connection }, before) {
    if (connection !== before.connection && before.connection !== "idle") this.look();
  }

  async look() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    this.#timer = setTimeout(() => this.look(), HEALTH_EVERY_MS);
    this.#store.dispatch({ type: "health.read", health: await healthNow(), at: new Date().toISOString() });
  }
}

/** A server that does not answer, or answers 503, has a health too. */
async function healthNow() {
  try {
    return await readHealth();
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    return { status: "unhealthy", reason: failure.message, simulated_only: false, unreachable: failure.code === "unreachable" };
  }
}
