// A session's events, however they can be had: one event stream, or JSON again and again while that fails. Every break is
// bridged by asking for what came after the last id seen, so nothing is missed.
// A tab that nobody looks at has no stream: over HTTP/1.1 a browser opens six connections to a server in all, and a seventh tab
// would not even load.

import { eventsAddress, readEvents } from "./api.js";
import { Problem } from "./request.js";

const TYPES = ["session.changed", "check.changed", "run.changed", "hunt.changed", "reset", "reconnect"];
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8000;
const OPENING_MS = 6000;
const STEADY_MS = 3000;
const UNSEEN_AFTER_MS = 2000; // who only looks into another tab for a moment keeps the stream
const UNSEEN_EVERY_MS = 5000;

/**
 * Watches `sid` from behind event id `after` until `close()`. Tells
 * `onEvents(events)` {type, data}[] in order, `onConnection("live"|"polling"|"reconnecting")`, `onGone()` once.
 */
export class SessionStream {
  #sid;
  #after;
  #told;
  #source = null;
  #timer = 0;
  #failures = 0;
  #closed = false;
  #online = () => this.#again(0);
  #offline = () => this.#cut();
  #seen = () => this.#look();

  constructor(sid, after, told) {
    this.#sid = sid;
    this.#after = after;
    this.#told = told;
    addEventListener("online", this.#online);
    addEventListener("offline", this.#offline);
    document.addEventListener("visibilitychange", this.#seen);
    this.#open();
  }

  close() {
    this.#closed = true;
    removeEventListener("online", this.#online);
    removeEventListener("offline", this.#offline);
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    if (document.hidden) return this.#poll();
    const source = new EventSource(eventsAddress(this.#sid, this.#after));
    this.#source = source;
    // A proxy that holds the stream back looks like a connection that never opens.
    this.#timer = setTimeout(() => this.#lost(), OPENING_MS);
    source.onopen = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => (this.#failures = 0), STEADY_MS);
      this.#told.onConnection("live");
    };
    source.onerror = () => this.#lost();
    for (const type of TYPES) source.addEventListener(type, (message) => this.#heard(type, message));
    return undefined;
  }

  #heard(type, message) {
    if (message.lastEventId) this.#after = message.lastEventId;
    if (type === "reconnect") return this.#again(FIRST_PAUSE_MS);
    this.#told.onEvents([{ type, data: JSON.parse(message.data) }]);
  }

  #lost() {
    this.#source?.close();
    this.#failures += 1;
    if (this.#failures > 1) this.#told.onConnection("reconnecting");
    this.#poll();
  }

  #look() {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = setTimeout(() => this.#open(), UNSEEN_AFTER_MS);
    else if (this.#source?.readyState !== EventSource.OPEN) this.#again(0);
  }

  /** A cable that is pulled does not end a connection: the stream would look alive for minutes. */
  #cut() {
    clearTimeout(this.#timer);
    this.#failures += 1;
    this.#lost();
  }

  /** One question for what was missed; it also tells an ended session from a lost connection. */
  async #poll() {
    try {
      const { events, last_event_id: last } = await readEvents(this.#sid, this.#after);
      if (this.#closed) return;
      this.#after = last || this.#after;
      this.#told.onEvents(events);
      if (this.#failures > 1 || document.hidden) this.#told.onConnection("polling");
      this.#again(document.hidden ? UNSEEN_EVERY_MS : Math.min(this.#failures, 4) * FIRST_PAUSE_MS);
    } catch (failure) {
      if (this.#closed) return;
      this.#unanswered(failure);
    }
  }

  #unanswered(failure) {
    if (!(failure instanceof Problem)) throw failure;
    if (failure.status === 404) {
      this.close();
      return this.#told.onGone();
    }
    if (failure.code === "too_far_behind") return this.#told.onEvents([{ type: "reset", data: {} }]);
    this.#told.onConnection("reconnecting");
    return this.#again(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures) * (0.75 + Math.random() / 2));
  }

  #again(pauseMs) {
    if (this.#closed) return;
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), pauseMs);
  }
}
