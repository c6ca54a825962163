// What the page knows of the server: who is signed in, models, examples, recent sessions, health.

import { recentSessions, removeRecentSession } from "../browser-storage.js";
import { readExamples, readHealth, readModels, readSummaries, readWho } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { showError } from "./notices.js";

const HEALTH_INTERVAL_MS = 10_000;
const UNREACHABLE_INTERVAL_MS = 2000;
const HEALTH_TIMEOUT_S = 8; // a server that hangs, or is behind a broken connection, refuses nothing: it does not answer

export function loadServerInfo(store) {
  load(store, readWho, (who) => ({ type: "who.read", who }));
  load(store, readModels, (models) => ({ type: "models.read", models }));
  load(store, readExamples, (examples) => ({ type: "examples.read", examples }));
}

/** The state of the sessions that this browser remembers. Those that its user cannot open, or no longer, are forgotten. */
export async function loadSummaries(store) {
  const ids = store.state.recent.map((one) => one.id);
  if (store.state.route.name !== "start" || ids.length === 0) return;
  await load(store, () => readSummaries(ids), (summaries) => {
    for (const one of summaries) if (one.gone) forgetSession(store, one.session_id);
    return { type: "summaries.read", summaries: summaries.filter((one) => !one.gone && !one.unreadable) };
  });
}

/** A session that its user cannot open is no longer listed among those that this browser remembers. */
export function forgetSession(store, sid) {
  store.dispatch({ type: "recent.changed", recent: removeRecentSession(sid) });
}

/** A tab that becomes visible shows what other tabs opened and removed, and forgets what was given away meanwhile. */
export function watchRecentSessions(store) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    store.dispatch({ type: "recent.changed", recent: recentSessions() });
    loadSummaries(store);
  });
}

async function load(store, read, event) {
  try {
    store.dispatch(event(await read()));
  } catch (failure) {
    showError(store, failure);
  }
}

/** Polls the server's health. A hidden tab does not poll until it is visible again. */
export class HealthPoller {
  #store;
  #timer = 0;
  #polls = 0;

  constructor(store) {
    this.#store = store;
    document.addEventListener("visibilitychange", () => document.hidden || this.poll());
    this.poll();
  }

  /** Called after every change of the state. When the connection changes, health has often changed too. */
  update({ connection }, before) {
    if (connection !== before.connection && before.connection !== "idle") this.poll();
  }

  async poll() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    this.#schedule(HEALTH_INTERVAL_MS);
    const wasUnreachable = Boolean(this.#store.state.server.health?.unreachable);
    const poll = (this.#polls += 1);
    const health = await currentHealth();
    if (poll !== this.#polls) return; // a later poll was answered first
    this.#store.dispatch({ type: "health.read", health, at: new Date().toISOString() });
    if (health.unreachable) this.#schedule(UNREACHABLE_INTERVAL_MS);
    else if (wasUnreachable) dispatchEvent(new Event("online")); // everything that waits for the server tries again now
  }

  #schedule(delayMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.poll(), delayMs);
  }
}

/** A server that does not answer, or answers 503, is unhealthy. */
async function currentHealth() {
  try {
    return await readHealth(HEALTH_TIMEOUT_S);
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    return { status: "unhealthy", reason: failure.message, simulated_only: false, unreachable: failure.code === "unreachable" };
  }
}
