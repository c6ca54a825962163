// Runs: choosing a model by name, starting, retrying and cancelling. One press of Start is one run, even if it is pressed twice
// or the response is lost.

import { checkHasPassed, unpassedChecks } from "../state/session.js";
import { chosenConfirm, confirmOrder } from "../state/second-opinions.js";
import { allocationOrder } from "../state/plan.js";
import { stopOrder } from "../state/stop-rule.js";
import { judgeOrder, orderOf, planEntries } from "../state/targets.js";
import { cancelRun, readJudges, resolveModel, retryErrors, startRun } from "../wire/api.js";
import { newId } from "../wire/request.js";
import { perform } from "./action.js";

const DOUBLE_PRESS_MS = 800;

export class RunStarter {
  #store;
  #draft;
  #pressedAt = -Infinity;
  #unanswered = { order: "", key: "" };

  /** `draft`: a DraftSaver. */
  constructor(store, draft) {
    this.#store = store;
    this.#draft = draft;
  }

  /** Starts what is planned. A second press within DOUBLE_PRESS_MS is ignored. */
  start(pressedAt) {
    const repeated = pressedAt - this.#pressedAt < DOUBLE_PRESS_MS;
    this.#pressedAt = pressedAt;
    if (repeated) return undefined;
    const { session, plan, server } = this.#store.state;
    const override = plan.override && (unpassedChecks(session).length > 0 || !checkHasPassed(session));
    const judge = judgeOrder(plan, session.default_judge);
    const confirm = confirmOrder(plan, chosenConfirm(plan, session.default_judge, server));
    const entries = planEntries(plan);
    const order = { models: entries.map(orderOf), hunts: plan.hunts, judge, override, stop: stopOrder(plan.stop), confirm, allocation: allocationOrder(plan, entries) };
    return perform(this.#store, "start", async () => {
      await this.#draft.flush();
      await this.#send(session.session_id, order);
    });
  }

  /** The idempotency key stays the same until a response arrives, so that sending the same order again does not start a second run. */
  async #send(sid, wanted) {
    const order = JSON.stringify([sid, wanted]);
    if (this.#unanswered.order !== order) this.#unanswered = { order, key: newId() };
    const { run } = await startRun(sid, wanted, this.#unanswered.key);
    this.#unanswered = { order: "", key: "" };
    this.#store.dispatch({ type: "run.changed", run, sid });
  }
}

export function retryRun(store, runId) {
  const { session: { session_id: sid, default_judge: defaultJudge }, plan } = store.state;
  return perform(store, `retry ${runId}`, async () => {
    const { run } = await retryErrors(sid, runId, judgeOrder(plan, defaultJudge), newId());
    store.dispatch({ type: "run.changed", run, sid });
  });
}

/** Reads what reviews say about the judges beside `first`; nothing where they cannot be computed. */
export async function loadJudges(store, first) {
  const report = await readJudges(first).catch(() => ({ pairs: [], second: { model: "" } }));
  store.dispatch({ type: "judges.read", first, report });
}

export function stopRun(store, runId) {
  const { session_id: sid } = store.state.session;
  return perform(store, `cancel ${runId}`, async () => {
    store.dispatch({ type: "run.changed", run: await cancelRun(sid, runId), sid });
  });
}

/** Adds a model by its name, if a provider answers for it. `onAdded()` is called when it has been chosen. */
export function addModel(store, { model, onAdded }) {
  return perform(store, "choose-model", async () => {
    const { listed, near } = await resolveModel(model);
    store.dispatch({ type: "plan.typed", model, near: listed ? null : near, configured: isConfigured(store, model) });
    onAdded();
  });
}

/** Chooses another model instead of a misspelled one. */
export function swapModel(store, { model, other }) {
  store.dispatch({ type: "plan.swapped", model, other, configured: isConfigured(store, other) });
}

/** Whether the operator named the model. Other models are remembered as typed. */
function isConfigured({ state }, model) {
  return Boolean(state.server.models?.models.some((row) => row.model === model));
}
