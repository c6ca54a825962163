// Saves what the user types on the Task step: shown at once, stored in this browser at once, saved on the server shortly after.
// Text from another tab is never overwritten: where both changed the same field, the user decides.

import { clashes } from "../state/draft.js";
import { adoptFromClosedTabs, entriesOfOtherTabs, storeUnsaved, textsOfEdits, watchOtherTabs } from "../unsaved.js";
import { changeTask, readSession } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";

const SAVE_AFTER_MS = 700;
const RETRY_AFTER_MS = 5000;
const STALE_AFTER_MS = 3000; // text of another tab that is not saved by then is shown

export class DraftSaver {
  #store;
  #sync;
  #timer = 0;
  #saving = null;
  /** The server's value of each edited field when it was first edited. */
  #base = {};

  constructor(store, sync) {
    this.#store = store;
    this.#sync = sync;
    addEventListener("online", () => this.#schedule(0));
    watchOtherTabs(() => this.#showOtherTabs());
  }

  type(field, value) {
    const { session, draft } = this.#store.state;
    const before = draft.edits[field] ?? session.task[field];
    if (JSON.stringify(before) !== JSON.stringify(value)) this.#change(field, { type: "draft.typed", field, value, before, at: performance.now() });
  }

  undo() {
    const step = this.#store.state.draft.undo.at(-1);
    if (step) this.#change(step.field, { type: "draft.undone" });
  }

  #change(field, event) {
    const { session, draft } = this.#store.state;
    if (!(field in draft.edits)) this.#base[field] = session.task[field];
    this.#store.dispatch(event);
    this.#storeLocally();
    this.#showOtherTabs();
    this.#schedule(SAVE_AFTER_MS);
  }

  /** The user's choice after a conflict: "mine" or "theirs". */
  resolve(keep) {
    this.#base = { ...this.#store.state.session.task };
    this.#store.dispatch({ type: "draft.resolved", keep });
    this.#storeLocally();
    this.#schedule(0);
  }

  /** Called when a session is opened: restores text that a closed tab of this browser left unsaved. */
  async restore() {
    const { session_id: sid } = this.#store.state.session;
    await adoptFromClosedTabs("draft", sid, ({ edits = {}, base = {} }) => !this.#hasLeft(sid) && this.#restore(edits, base));
    this.#showOtherTabs();
    setTimeout(() => this.#showOtherTabs(), STALE_AFTER_MS);
  }

  #restore(stored, base) {
    const { session: { task }, draft } = this.#store.state;
    if (Object.keys(stored).some((field) => field in draft.edits)) return false; // typed here in the meantime
    const edits = Object.fromEntries(Object.entries(stored).filter(([field, value]) => JSON.stringify(task[field]) !== JSON.stringify(value)));
    if (Object.keys(edits).length === 0) return true;
    this.#base = { ...base, ...this.#base };
    this.#store.dispatch({ type: "draft.restored", edits });
    this.#storeLocally();
    this.#schedule(0);
    return true;
  }

  /** Two open tabs have separate edits; unsaved text of the other can be copied. */
  #showOtherTabs() {
    const { session, draft } = this.#store.state;
    if (!session) return;
    const stale = entriesOfOtherTabs("draft", session.session_id).filter(({ at }) => Date.now() - at > STALE_AFTER_MS);
    const texts = stale.flatMap(({ value }) => textsOfEdits(value.edits ?? {}));
    if (JSON.stringify(texts) !== JSON.stringify(draft.otherTabs)) this.#store.dispatch({ type: "draft.other_tabs", texts });
  }

  /** Saves now. Whatever depends on the task waits for this first; throws a Problem when something stays unsaved, since the server would use the older text. */
  async flush() {
    clearTimeout(this.#timer);
    do await (this.#saving ?? this.#save());
    while (this.#saving || this.#store.state.draft.saving === "dirty");
    if (this.#store.state.draft.saving !== "saved") throw notSaved();
  }

  #schedule(delayMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), delayMs);
  }

  #save() {
    this.#saving ??= this.#send().finally(() => {
      this.#saving = null;
      if (this.#store.state.draft.saving === "dirty") this.#schedule(SAVE_AFTER_MS);
    });
    return this.#saving;
  }

  async #send() {
    const { session, draft } = this.#store.state;
    const { edits } = draft;
    if (!session || Object.keys(edits).length === 0 || draft.saving === "conflict") return;
    if (clashes(edits, session.task, this.#base).length) return this.#store.dispatch({ type: "draft.conflict", theirs: session.task });
    this.#store.dispatch({ type: "draft.sent", edits });
    try {
      const snapshot = await changeTask(session.session_id, session.version, edits);
      if (this.#hasLeft(session.session_id)) return; // the stored draft is compared when the session is opened again
      this.#sync.apply(snapshot);
      this.#store.dispatch({ type: "draft.saved" });
      for (const field of Object.keys(this.#store.state.draft.edits)) this.#base[field] = snapshot.task[field];
      this.#storeLocally();
    } catch (failure) {
      await this.#onFailed(session.session_id, failure);
    }
  }

  async #onFailed(sid, failure) {
    if (!(failure instanceof Problem)) throw failure;
    if (this.#hasLeft(sid)) return;
    if (failure.retryable) {
      this.#store.dispatch({ type: "draft.offline" });
      this.#schedule(RETRY_AFTER_MS);
    } else if (failure.code === "conflict") {
      await this.#readNewerTask(sid);
    } else this.#store.dispatch({ type: "draft.failed", problem: problemOf(failure) });
  }

  /** The next attempt to save sees what another tab wrote, and either merges it or reports a conflict. */
  async #readNewerTask(sid) {
    try {
      this.#sync.apply(await readSession(sid));
      this.#store.dispatch({ type: "draft.offline" });
      this.#schedule(0);
    } catch (failure) {
      await this.#onFailed(sid, failure);
    }
  }

  #hasLeft(sid) {
    return this.#store.state.session?.session_id !== sid;
  }

  #storeLocally() {
    const { session, draft } = this.#store.state;
    const hasEdits = Object.keys(draft.edits).length > 0;
    storeUnsaved("draft", session.session_id, hasEdits ? { edits: draft.edits, base: this.#base } : null);
  }
}

function notSaved() {
  return new Problem({
    code: "not_saved", message: "Not started: your latest edits aren’t saved.",
    hint: "The top of the Task page shows why. Start again when it says that everything is saved.",
  });
}
