// What the server can do and how it is: models, examples, health. Read at the start; health again and again.

import { readExamples, readHealth, readModels } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";

const HEALTH_EVERY_MS = 30_000;

export function learnServer(store) {
  learn(store, readModels, (models) => ({ type: "models.read", models }));
  learn(store, readExamples, (examples) => ({ type: "examples.read", examples }));
  watchHealth(store);
}

async function learn(store, read, event) {
  try {
    store.dispatch(event(await read()));
  } catch (failure) {
    store.dispatch({ type: "notice.told", notice: { kind: "error", ...problemOf(failure) } });
  }
}

async function watchHealth(store) {
  if (!document.hidden) store.dispatch({ type: "health.read", health: await healthNow() });
  setTimeout(() => watchHealth(store), HEALTH_EVERY_MS);
}

/** A server that does not answer, or answers 503, has a health too. */
async function healthNow() {
  try {
    return await readHealth();
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    return { status: "unhealthy", reason: failure.message, simulated_only: false };
  }
}
