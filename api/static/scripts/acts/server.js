// What the server can do, how it is and who is signed in: models, examples, health. Read at the start; health again and
// again, and at once when something speaks for a change.

import { readExamples, readHealth, readModels, readWho } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";

const HEALTH_EVERY_MS = 10_000;
const LOST_EVERY_MS = 2000; // while nobody answers
const HEALTH_WITHIN_S = 8; // a server that hangs, or is behind a broken line, refuses nothing: it is silent

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
  #looks = 0;

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
    this.#soon(HEALTH_EVERY_MS);
    const wasLost = Boolean(this.#store.state.server.health?.unreachable);
    const look = (this.#looks += 1);
    const health = await healthNow();
    if (look !== this.#looks) return; // asked later, answered earlier: the newest knows best
    this.#store.dispatch({ type: "health.read", health, at: new Date().toISOString() });
    if (health.unreachable) this.#soon(LOST_EVERY_MS);
    else if (wasLost) dispatchEvent(new Event("online")); // what waits for the server asks now, whatever became of its connection
  }

  #soon(pauseMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), pauseMs);
  }
}

/** A server that does not answer, or answers 503, has a health too. */
async function healthNow() {
  try {
    return await readHealth(HEALTH_WITHIN_S);
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    return { status: "unhealthy", reason: failure.message, simulated_only: false, unreachable: failure.code === "unreachable" };
  }
}
