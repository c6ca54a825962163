// Keeps the state true to the server: what was there (snapshot, hunts) and then what happens (events).
// One session at a time; opening another, or leaving, ends what went before.

import { forgetSession, keptWords, rememberSession } from "../memory.js";
import { totals } from "../state/session.js";
import { nextFrame } from "../store.js";
import { huntPages, readSession, readTrials } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";
import { SessionStream } from "../wire/stream.js";

const TRY_AGAIN_MS = 3000;

export class Follower {
  #store;
  #sid = null;
  #stream = null;
  #heard = [];
  #rereading = null;
  #wanted = 0;
  #timer = 0;

  constructor(store) {
    this.#store = store;
  }

  /** Follows the session `sid`; null leaves it. */
  follow(sid) {
    if (sid === this.#sid) return;
    this.#end();
    if (this.#sid) this.#store.dispatch({ type: "session.left" });
    this.#sid = sid;
    if (sid) this.#restore(sid);
  }

  /** Reads the head again, until it has at least the version that was told of. Two wishes at once are one reading. */
  reread(version = 0) {
    this.#wanted = Math.max(this.#wanted, version);
    this.#rereading ??= this.#readHead(this.#sid).finally(() => (this.#rereading = null));
    return this.#rereading;
  }

  async #readHead(sid) {
    try {
      for (let wanted = -1; this.#mine(sid) && wanted < this.#wanted;) {
        wanted = this.#wanted;
        const snapshot = await readSession(sid);
        if (this.#mine(sid)) this.#take(snapshot);
      }
    } catch (failure) {
      if (this.#mine(sid)) this.#reportFailure(failure);
    }
  }

  /** Reads everything again: head and hunts. */
  refresh() {
    if (this.#sid) this.#restore(this.#sid);
  }

  /** A snapshot that an act brought (an edit's answer). */
  take(snapshot) {
    if (this.#mine(snapshot.session_id)) this.#take(snapshot);
  }

  async #restore(sid) {
    if (!this.#store.state.session) this.#store.dispatch({ type: "session.opening" });
    try {
      const snapshot = await readSession(sid);
      if (!this.#mine(sid)) return;
      this.#take(snapshot);
      const hunts = await readHunts(sid, snapshot.turn ?? 1);
      if (!this.#mine(sid)) return;
      this.#store.dispatch({ type: "hunts.read", hunts });
      this.#watch(sid, snapshot.last_event_id);
    } catch (failure) {
      if (this.#mine(sid)) this.#missed(sid, failure);
    }
  }

  #watch(sid, after) {
    this.#stream?.close();
    this.#stream = new SessionStream(sid, after, {
      onEvents: (events) => this.#mine(sid) && this.#hear(events),
      onConnection: (connection) => this.#mine(sid) && this.#connection(connection),
      onGone: () => this.#mine(sid) && this.#gone(sid),
    });
  }

  #take(snapshot) {
    const sealedBefore = this.#store.state.session?.sealed ?? false;
    this.#store.dispatch({ type: "session.read", snapshot });
    if (sealedBefore && !snapshot.sealed) this.refresh(); // what was sealed of the hunts can be read now
    const { session } = this.#store.state;
    const { total, broke } = totals(session);
    const recent = rememberSession({ id: session.session_id, name: session.name, at: session.created_at, total, broke });
    this.#store.dispatch({ type: "recent.changed", recent });
  }

  /** Events of one frame are handed on together: a thousand hunts are then a few changes, not a thousand. */
  #hear(events) {
    if (this.#heard.length === 0 && events.length) nextFrame(() => this.#handOn());
    this.#heard.push(...events);
  }

  #handOn() {
    const events = this.#heard;
    this.#heard = [];
    const hunts = events.filter((event) => event.type === "hunt.changed").map((event) => event.data.hunt);
    if (hunts.length) this.#store.dispatch({ type: "hunts.changed", hunts });
    for (const { type, data } of events) {
      if (type === "run.changed" || type === "check.changed") this.#store.dispatch({ type, ...data });
      if (type === "session.changed" && data.version > (this.#store.state.session?.version ?? 0)) this.reread(data.version);
      if (type === "reset" && this.#sid) this.#restore(this.#sid);
    }
  }

  #connection(connection) {
    if (this.#store.state.connection !== connection) {
      this.#store.dispatch({ type: "connection.changed", connection, at: new Date().toISOString() });
    }
  }

  #missed(sid, failure) {
    if (failure instanceof Problem && failure.status === 404) return this.#gone(sid);
    if (this.#store.state.session) this.#reportFailure(failure); // without one, that is all the page has to say anyway
    this.#store.dispatch({ type: "session.unreachable" });
    this.#connection("reconnecting");
    this.#timer = setTimeout(() => this.#mine(sid) && this.#restore(sid), TRY_AGAIN_MS);
    return undefined;
  }

  #reportFailure(failure) {
    if (failure.status === 401) return; // the sign-in is asked for
    this.#store.dispatch({ type: "notice.told", notice: { kind: "error", ...problemOf(failure) } });
  }

  #gone(sid) {
    this.#end();
    this.#store.dispatch({ type: "recent.changed", recent: forgetSession(sid) });
    this.#store.dispatch({ type: "session.gone", kept: keptWords(sid) });
  }

  #end() {
    this.#stream?.close();
    this.#stream = null;
    this.#heard = [];
    this.#wanted = 0;
    clearTimeout(this.#timer);
  }

  #mine(sid) {
    return this.#sid === sid;
  }
}

/** All of them before any is shown: rows of some pages and the head of all would not agree. */
async function readHunts(sid, turn) {
  const hunts = [];
  for await (const page of huntPages(sid, { turn })) hunts.push(...page);
  return hunts.concat(await readTrials(sid));
}
