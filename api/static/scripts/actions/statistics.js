// Loads what the server computes from a session's hunts and reviews: the insights into its criteria, and the corrected break
// rates. Each is loaded again after something that it follows from has changed, at most once every INTERVAL_MS.

import { readCorrectedRates, readInsights } from "../wire/api.js";
import { problemOf } from "../wire/request.js";

const INTERVAL_MS = 1500;

export class StatisticsLoader {
  #store;
  #name;
  #read;
  #keyOf;
  #loaded = "";
  #timer = 0;

  /** Dispatches `${name}.read` {[name]}. `keyOf(state)`: what it follows from, as a string; "" while it is not wanted. */
  constructor(store, name, read, keyOf) {
    this.#store = store;
    this.#name = name;
    this.#read = read;
    this.#keyOf = keyOf;
  }

  /** Called after every change of the state. */
  update() {
    const wanted = this.#keyOf(this.#store.state);
    if (wanted === "" || wanted === this.#loaded || this.#timer) return;
    const { session_id: sid } = this.#store.state.session;
    this.#timer = setTimeout(async () => {
      this.#timer = 0;
      this.#loaded = wanted;
      await this.#load(sid);
    }, INTERVAL_MS);
  }

  async #load(sid) {
    try {
      this.#store.dispatch({ type: `${this.#name}.read`, [this.#name]: await this.#read(sid), sid });
    } catch (failure) {
      problemOf(failure); // throws for a bug of this page; the connection banner already reports an unreachable server
      this.#loaded = "";
    }
  }
}

export function statisticsLoaders(store) {
  return [new StatisticsLoader(store, "insights", readInsights, insightsKey), new StatisticsLoader(store, "rates", readCorrectedRates, ratesKey)];
}

function insightsKey({ session }) {
  if (!session) return "";
  const { done, broke } = counts(session);
  return done ? `${session.session_id} ${done} ${broke} ${session.revealed} ${session.check.finished_at}` : "";
}

/** Only on the Review step, where they are shown. While sealed there are none. */
function ratesKey({ session, route }) {
  if (!session || session.sealed || route.step !== "review") return "";
  const { done, broke } = counts(session);
  return `${session.session_id} ${session.version} ${done} ${broke}`;
}

/** `broke` changes when a reply is judged again. */
function counts(session) {
  const sum = (name) => session.runs.reduce((total, run) => total + run.counts[name], 0);
  return { done: sum("done"), broke: sum("broke") };
}
