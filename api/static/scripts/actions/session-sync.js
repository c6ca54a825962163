// Keeps the state equal to the server's: first a snapshot and the hunts, then events. One session at a time: opening another,
// or leaving, stops everything that belongs to the one before.

import { storeRecentSession } from "../browser-storage.js";
import { textToWatch } from "../state/open-hunt.js";
import { totals } from "../state/session.js";
import { nextFrame } from "../store.js";
import { unsavedTexts } from "../unsaved.js";
import { huntPages, readSession, readTrials } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { SessionStream } from "../wire/stream.js";
import { showError } from "./notices.js";
import { forgetSession } from "./server.js";

const RETRY_AFTER_MS = 3000;

export class SessionSync {
  #store;
  #sid = null;
  #stream = null;
  #pending = [];
  #rereading = null;
  #wantedVersion = 0;
  #timer = 0;
  #textOf = null;

  constructor(store) {
    this.#store = store;
  }

  /** Opens session `sid`; null leaves the current one. */
  open(sid) {
    if (sid === this.#sid) return;
    this.#stop();
    if (this.#sid) this.#store.dispatch({ type: "session.left" });
    this.#sid = sid;
    if (sid) this.#load(sid);
  }

  /** Called after every change of the state: the stream has the text of the hunt that is open and being written. */
  update() {
    const wanted = textToWatch(this.#store.state, this.#textOf);
    if (wanted === this.#textOf) return;
    this.#textOf = wanted;
    this.#stream?.showText(wanted);
  }

  /** Reads everything again: snapshot and hunts. */
  refresh() {
    if (this.#sid) this.#load(this.#sid);
  }

  /** Applies a snapshot that came with the response to a change. */
  apply(snapshot) {
    if (this.#isCurrent(snapshot.session_id)) this.#apply(snapshot);
  }

  async #load(sid) {
    if (!this.#store.state.session) this.#store.dispatch({ type: "session.opening" });
    try {
      const snapshot = await readSession(sid);
      if (!this.#isCurrent(sid)) return;
      this.#apply(snapshot);
      const hunts = await readHunts(sid, snapshot.turn ?? 1);
      if (!this.#isCurrent(sid)) return;
      this.#store.dispatch({ type: "hunts.read", hunts });
      this.#subscribe(sid, snapshot.last_event_id);
    } catch (failure) {
      if (this.#isCurrent(sid)) this.#onLoadFailed(sid, failure);
    }
  }

  /** Reads snapshots until one has at least `version`. Concurrent calls share one request. */
  #rereadSnapshot(version) {
    this.#wantedVersion = Math.max(this.#wantedVersion, version);
    this.#rereading ??= this.#readSnapshot(this.#sid).finally(() => (this.#rereading = null));
  }

  async #readSnapshot(sid) {
    try {
      for (let wanted = -1; this.#isCurrent(sid) && wanted < this.#wantedVersion;) {
        wanted = this.#wantedVersion;
        this.apply(await readSession(sid));
      }
    } catch (failure) {
      if (this.#isCurrent(sid)) this.#showError(failure);
    }
  }

  #subscribe(sid, after) {
    this.#stream?.close();
    this.#stream = new SessionStream(sid, after, {
      onEvents: (events) => this.#isCurrent(sid) && this.#onEvents(events),
      onConnection: (connection) => this.#isCurrent(sid) && this.#onConnection(connection),
      onGone: () => this.#isCurrent(sid) && this.#onGone(sid),
    }, this.#textOf);
  }

  #apply(snapshot) {
    const wasSealed = this.#store.state.session?.sealed ?? false;
    this.#store.dispatch({ type: "session.read", snapshot });
    if (wasSealed && !snapshot.sealed) this.refresh(); // the hunts' verdicts can be read now
    const { session } = this.#store.state;
    const { total, broke } = totals(session);
    const recent = storeRecentSession({ id: session.session_id, name: session.name, at: session.created_at, total, broke });
    this.#store.dispatch({ type: "recent.changed", recent });
  }

  /** Events of one frame are applied together, so that a thousand hunts are a few changes of the state, not a thousand. */
  #onEvents(events) {
    if (this.#pending.length === 0 && events.length) nextFrame(() => this.#applyPending());
    this.#pending.push(...events);
  }

  #applyPending() {
    const events = this.#pending;
    this.#pending = [];
    const hunts = events.filter((event) => event.type === "hunt.changed").map((event) => event.data.hunt);
    if (hunts.length) this.#store.dispatch({ type: "hunts.changed", hunts });
    for (const { type, data } of events) {
      if (type === "hunt.text") this.#store.dispatch({ type, delta: data });
      if (type === "run.changed" || type === "check.changed") this.#store.dispatch({ type, ...data });
      if (type === "session.changed" && data.version > (this.#store.state.session?.version ?? 0)) this.#rereadSnapshot(data.version);
      if (type === "reset" && this.#sid) this.#load(this.#sid);
    }
  }

  #onConnection(connection) {
    if (this.#store.state.connection !== connection) {
      this.#store.dispatch({ type: "connection.changed", connection, at: new Date().toISOString() });
    }
  }

  #onLoadFailed(sid, failure) {
    if (failure instanceof Problem && failure.status === 404) return this.#onGone(sid);
    if (failure instanceof Problem && failure.code === "review_only") return this.#onReviewOnly();
    if (this.#store.state.session) this.#showError(failure); // without a session the whole page says it
    this.#store.dispatch({ type: "session.unreachable" });
    this.#onConnection("reconnecting");
    this.#timer = setTimeout(() => this.#isCurrent(sid) && this.#load(sid), RETRY_AFTER_MS);
    return undefined;
  }

  #showError(failure) {
    if (failure.status !== 401) showError(this.#store, failure); // an expired sign-in has its own dialog
  }

  /** The user is the second reviewer of the task. */
  #onReviewOnly() {
    const sid = this.#sid;
    this.#stop();
    if (this.#store.state.session) this.#store.dispatch({ type: "session.left" });
    forgetSession(this.#store, sid);
    this.#store.dispatch({ type: "session.review-only", sid });
  }

  #onGone(sid) {
    this.#stop();
    forgetSession(this.#store, sid);
    this.#store.dispatch({ type: "session.gone", unsaved: unsavedTexts(sid) });
  }

  #stop() {
    this.#stream?.close();
    this.#stream = null;
    this.#pending = [];
    this.#wantedVersion = 0;
    clearTimeout(this.#timer);
  }

  #isCurrent(sid) {
    return this.#sid === sid;
  }
}

/** All pages before any is shown: the rows of some pages would not agree with the totals. */
async function readHunts(sid, turn) {
  const hunts = [];
  for await (const page of huntPages(sid, { turn })) hunts.push(...page);
  return hunts.concat(await readTrials(sid));
}
