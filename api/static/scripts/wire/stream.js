// The events of a session: over an event stream, or by polling while that fails. After an interruption the events since the last ID are
// requested, so none is missed. A hidden tab has no stream: over HTTP/1.1 a browser opens at most six connections to a server, and a
// seventh tab would not load.

import { eventsAddress, readEvents } from "./api.js";
import { Problem } from "./request.js";

const TYPES = ["session.changed", "check.changed", "run.changed", "hunt.changed", "hunt.text", "reset", "reconnect"];
const MIN_RETRY_MS = 400;
const MAX_RETRY_MS = 8000;
const OPEN_TIMEOUT_MS = 6000;
const STABLE_AFTER_MS = 3000;
const HIDDEN_AFTER_MS = 2000; // a short look at another tab keeps the stream
const HIDDEN_POLL_MS = 5000;
const TEXT_RETRY_MS = 15_000;

/**
 * Receives the events of session `sid` after event ID `after`, until `close()`. Calls `onEvents(events)` with {type, data}[] in order,
 * `onConnection("live"|"polling"|"reconnecting")`, and `onGone()` once if the session does not exist.
 * `textOf`, `showText(huntId)`: also receive the text of that hunt while it is written.
 */
export class SessionStream {
  #sid;
  #after;
  #handlers;
  #source = null;
  #timer = 0;
  #failures = 0;
  #closed = false;
  /** The hunt whose text is wanted, and the one of the open stream; null: none. */
  #textOf = null;
  #openTextOf = null;
  #listening = new AbortController();

  constructor(sid, after, handlers, textOf = null) {
    this.#sid = sid;
    this.#after = after;
    this.#handlers = handlers;
    this.#textOf = textOf;
    const { signal } = this.#listening;
    addEventListener("online", () => this.#reopen(0), { signal });
    addEventListener("offline", () => this.#onOffline(), { signal });
    document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
    this.#open();
  }

  /** Text is wanted of one hunt at most; null: of none. Events are continued where they were. */
  showText(huntId) {
    if (huntId === this.#textOf) return;
    this.#textOf = huntId;
    const streams = this.#source !== null && this.#source.readyState !== EventSource.CLOSED;
    if (streams && this.#failures === 0 && this.#openTextOf !== huntId) this.#open();
  }

  close() {
    this.#closed = true;
    this.#listening.abort();
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    if (document.hidden) return this.#poll();
    // the stream may be refused because of the text, which the page does not depend on
    this.#openTextOf = this.#failures === 0 ? this.#textOf : null;
    const source = new EventSource(eventsAddress(this.#sid, this.#after, this.#openTextOf));
    this.#source = source;
    // behind a proxy that buffers the stream the connection never opens
    this.#timer = setTimeout(() => this.#onLost(), OPEN_TIMEOUT_MS);
    source.onopen = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#onStable(), STABLE_AFTER_MS);
      this.#handlers.onConnection("live");
    };
    source.onerror = () => this.#onLost();
    for (const type of TYPES) source.addEventListener(type, (message) => this.#onMessage(type, message));
    return undefined;
  }

  #onMessage(type, message) {
    if (message.lastEventId) this.#after = message.lastEventId;
    if (type === "reconnect") return this.#reopen(MIN_RETRY_MS);
    this.#handlers.onEvents([{ type, data: JSON.parse(message.data) }]);
  }

  #onStable() {
    this.#failures = 0;
    if (this.#openTextOf !== this.#textOf) this.#timer = setTimeout(() => this.#open(), TEXT_RETRY_MS);
  }

  #onLost() {
    this.#source?.close();
    this.#failures += 1;
    if (this.#failures > 1) this.#handlers.onConnection("reconnecting");
    this.#poll();
  }

  #onVisibility() {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = setTimeout(() => this.#open(), HIDDEN_AFTER_MS);
    else if (this.#source?.readyState === EventSource.OPEN) this.#timer = setTimeout(() => this.#onStable(), STABLE_AFTER_MS);
    else this.#reopen(0);
  }

  /** Pulling a cable does not close a connection: the stream would look alive for minutes. */
  #onOffline() {
    clearTimeout(this.#timer);
    this.#failures += 1;
    this.#onLost();
  }

  /** Requests the missed events; the response also shows whether the session still exists. */
  async #poll() {
    try {
      const { events, last_event_id: last } = await readEvents(this.#sid, this.#after);
      if (this.#closed) return;
      this.#after = last || this.#after;
      this.#handlers.onEvents(events);
      if (this.#failures > 1 || document.hidden) this.#handlers.onConnection("polling");
      this.#reopen(document.hidden ? HIDDEN_POLL_MS : Math.min(this.#failures, 4) * MIN_RETRY_MS);
    } catch (failure) {
      if (this.#closed) return;
      this.#onPollFailed(failure);
    }
  }

  #onPollFailed(failure) {
    if (!(failure instanceof Problem)) throw failure;
    if (failure.status === 404) {
      this.close();
      return this.#handlers.onGone();
    }
    if (failure.code === "too_far_behind") return this.#handlers.onEvents([{ type: "reset", data: {} }]);
    this.#handlers.onConnection("reconnecting");
    return this.#reopen(Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** this.#failures) * (0.75 + Math.random() / 2));
  }

  #reopen(delayMs) {
    if (this.#closed) return;
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), delayMs);
  }
}
