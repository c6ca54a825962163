// Keeps what the trainer writes: shown at once, kept in this browser at once, saved on the server a moment later.
// Another tab's words are never overwritten: where both changed the same field the trainer decides.

import { dropDraft, keepDraft, keptDraft } from "../memory.js";
import { clashes } from "../state/draft.js";
import { changeTask, readSession } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";

const PAUSE_MS = 700;
const TRY_AGAIN_MS = 5000;

export class Writer {
  #store;
  #follower;
  #timer = 0;
  #saving = null;
  #base = {};

  constructor(store, follower) {
    this.#store = store;
    this.#follower = follower;
    addEventListener("online", () => this.#soon(0));
  }

  /** A field of the task becomes `value`. */
  type(field, value) {
    const { session, draft } = this.#store.state;
    if (!(field in draft.edits)) this.#base[field] = session.task[field];
    const before = draft.edits[field] ?? session.task[field];
    if (JSON.stringify(before) === JSON.stringify(value)) return;
    this.#store.dispatch({ type: "draft.typed", field, value, before, at: performance.now() });
    this.#keep();
    this.#soon(PAUSE_MS);
  }

  undo() {
    const step = this.#store.state.draft.undo.at(-1);
    if (!step) return;
    const { session, draft } = this.#store.state;
    if (!(step.field in draft.edits)) this.#base[step.field] = session.task[step.field];
    this.#store.dispatch({ type: "draft.undone" });
    this.#keep();
    this.#soon(PAUSE_MS);
  }

  /** The trainer's word on a conflict: "mine" or "theirs". */
  settle(keep) {
    this.#base = { ...this.#store.state.session.task };
    this.#store.dispatch({ type: "draft.settled", keep });
    this.#keep();
    this.#soon(0);
  }

  /** Brings back what this browser had kept and the server never got. */
  restore() {
    const { session, draft } = this.#store.state;
    const kept = session && keptDraft(session.session_id);
    if (!kept || Object.keys(draft.edits).length) return;
    const news = Object.fromEntries(Object.entries(kept.edits).filter(([field, value]) => JSON.stringify(session.task[field]) !== JSON.stringify(value)));
    if (Object.keys(news).length === 0) return dropDraft(session.session_id);
    this.#base = kept.base;
    this.#store.dispatch({ type: "draft.restored", edits: news });
    return this.#soon(0);
  }

  /** Saves now. What depends on the task waits for this first; a Problem when something stays unsaved: it would go by older words. */
  async flush() {
    clearTimeout(this.#timer);
    do await (this.#saving ?? this.#save());
    while (this.#saving || this.#store.state.draft.saving === "dirty");
    if (this.#store.state.draft.saving !== "saved") throw notSaved();
  }

  #soon(pauseMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), pauseMs);
  }

  #save() {
    this.#saving ??= this.#send().finally(() => {
      this.#saving = null;
      if (this.#store.state.draft.saving === "dirty") this.#soon(PAUSE_MS);
    });
    return this.#saving;
  }

  async #send() {
    const { session, draft } = this.#store.state;
    const { edits } = draft;
    if (!session || Object.keys(edits).length === 0 || draft.saving === "conflict") return;
    if (clashes(edits, session.task, this.#base).length) return this.#collide(session.task);
    this.#store.dispatch({ type: "draft.sent", edits });
    try {
      const snapshot = await changeTask(session.session_id, session.version, edits);
      if (this.#isLeft(session.session_id)) return; // what was kept of it in this browser is compared when it is opened again
      this.#follower.take(snapshot);
      this.#store.dispatch({ type: "draft.saved" });
      for (const field of Object.keys(this.#store.state.draft.edits)) this.#base[field] = snapshot.task[field];
      this.#keep();
    } catch (failure) {
      await this.#missed(session.session_id, failure);
    }
  }

  async #missed(sid, failure) {
    if (!(failure instanceof Problem)) throw failure;
    if (this.#isLeft(sid)) return;
    if (failure.passing) {
      this.#store.dispatch({ type: "draft.offline" });
      this.#soon(TRY_AGAIN_MS);
    } else if (failure.code === "conflict") {
      await this.#catchUp(sid);
    } else this.#store.dispatch({ type: "draft.failed", problem: problemOf(failure) });
  }

  /** Reads what another tab has made of the task; the next attempt sees it and either merges or asks. */
  async #catchUp(sid) {
    try {
      this.#follower.take(await readSession(sid));
      this.#store.dispatch({ type: "draft.offline" });
      this.#soon(0);
    } catch (failure) {
      await this.#missed(sid, failure);
    }
  }

  #isLeft(sid) {
    return this.#store.state.session?.session_id !== sid;
  }

  #collide(theirs) {
    this.#store.dispatch({ type: "draft.conflict", theirs });
  }

  #keep() {
    const { session, draft } = this.#store.state;
    if (Object.keys(draft.edits).length === 0) dropDraft(session.session_id);
    else keepDraft(session.session_id, { edits: draft.edits, base: this.#base });
  }
}

function notSaved() {
  return new Problem({
    code: "not_saved", message: "Not started: your latest edits aren’t saved.",
    hint: "The top of the Task page shows why. Start again when it says that everything is saved.",
  });
}
