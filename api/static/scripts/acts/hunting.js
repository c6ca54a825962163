// Starting and cancelling runs. One press is one run, however nervous the finger or the network.

import { checkHasPassed } from "../state/session.js";
import { cancelRun, retryErrors, startRun } from "../wire/api.js";
import { perform } from "./act.js";

const ONE_PRESS_MS = 800;

export class Starter {
  #store;
  #writer;
  #pressedAt = -Infinity;
  #intent = { wish: "", key: "" };

  constructor(store, writer) {
    this.#store = store;
    this.#writer = writer;
  }

  /** Starts what the plan says. A press that follows within a moment belongs to the same wish. */
  start(pressedAt) {
    const again = pressedAt - this.#pressedAt < ONE_PRESS_MS;
    this.#pressedAt = pressedAt;
    if (again) return undefined;
    const { session, plan } = this.#store.state;
    const override = plan.override && !checkHasPassed(session);
    const wanted = { models: plan.models, hunts: plan.hunts, judge: plan.judge, override, stop: stopRule(plan.stop) };
    return perform(this.#store, "start", async () => {
      await this.#writer.flush();
      await this.#send(session.session_id, wanted);
    });
  }

  /** The key stays the same until an answer came: a wish whose answer was lost is asked again, not doubled. */
  async #send(sid, wanted) {
    const wish = JSON.stringify([sid, wanted]);
    if (this.#intent.wish !== wish) this.#intent = { wish, key: crypto.randomUUID() };
    const { run } = await startRun(sid, wanted, this.#intent.key);
    this.#intent = { wish: "", key: "" };
    this.#store.dispatch({ type: "run.changed", run, sid });
  }
}

/** The stop rule as the API takes it. */
function stopRule({ rule, breaks, cost }) {
  if (rule === "breaks") return { rule, breaks };
  return rule === "cost" ? { rule, cost_usd: cost } : { rule: "all" };
}

export function retry(store, runId) {
  const { session: { session_id: sid }, plan } = store.state;
  return perform(store, `retry ${runId}`, async () => {
    const { run } = await retryErrors(sid, runId, plan.judge, crypto.randomUUID());
    store.dispatch({ type: "run.changed", run, sid });
  });
}

export function cancel(store, runId) {
  const { session_id: sid } = store.state.session;
  return perform(store, `cancel ${runId}`, async () => {
    store.dispatch({ type: "run.changed", run: await cancelRun(sid, runId), sid });
  });
}
