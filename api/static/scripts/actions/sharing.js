// Hands a task on: gives it to somebody, accepts one that was given, and the comments.

import { startAddress } from "../router.js";
import { acceptSession, addComment, deleteComment, endAccess, transferSession, readComments } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";
import { perform } from "./action.js";
import { closeDialog } from "./dialogs.js";
import { showError, showInfo } from "./notices.js";
import { forgetSession } from "./server.js";

/** Reads the comments of the open task when there are some, and accepts a task that was given to its reader. */
export class SharingLoader {
  #store;
  #loaded = "";
  #accepted = "";

  constructor(store) {
    this.#store = store;
  }

  /** Called after every change of the state. */
  update() {
    const { session } = this.#store.state;
    const wanted = session?.comments ? `${session.session_id} ${session.comments}` : "";
    if (wanted !== this.#loaded) {
      this.#loaded = wanted;
      if (wanted) this.#read(session.session_id);
      else if (session && this.#store.state.comments?.length) this.#store.dispatch({ type: "comments.read", comments: [] });
    }
    this.#accept();
  }

  async #read(sid) {
    try {
      this.#store.dispatch({ type: "comments.read", comments: await readComments(sid), sid });
    } catch (failure) {
      this.#loaded = "";
      if (problemOf(failure).code !== "no_session") showError(this.#store, failure);
    }
  }

  /** It no longer waits in the queue of its new owner once they have opened it. */
  async #accept() {
    const { session, server } = this.#store.state;
    const given = session?.transfer;
    if (!given || given.accepted_at || given.to !== server.who?.name || this.#accepted === session.session_id) return;
    this.#accepted = session.session_id;
    showInfo(this.#store, `${given.by} gave you this task${given.note ? `: “${given.note}”` : "."}`, 0);
    try {
      await acceptSession(session.session_id);
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure; // it stays in the queue
    }
  }
}

/** Without access, the task is left. */
export function give(store, { to, keepAccess, note }) {
  const { session } = store.state;
  return perform(store, "give", async () => {
    await transferSession(session.session_id, { to, keep_access: keepAccess, note });
    if (keepAccess) closeDialog(store, "give");
    else {
      forgetSession(store, session.session_id);
      location.assign(startAddress());
    }
    showInfo(store, `You gave “${session.name || "Task"}” to ${to}.`, 0);
  }, null);
}

export function endReading(store, name) {
  return perform(store, `end ${name}`, () => endAccess(store.state.route.sessionId, name));
}

export function comment(store, { huntId, criterionId, text }) {
  const { sessionId: sid } = store.state.route;
  const about = huntId ? { hunt_id: huntId } : { criterion_id: criterionId };
  return perform(store, `comment ${huntId ?? "criteria"}`, async () => {
    store.dispatch({ type: "comment.added", comment: await addComment(sid, { ...about, text }), sid });
    return true;
  });
}

export function removeComment(store, commentId) {
  const { sessionId: sid } = store.state.route;
  return perform(store, `delete-comment ${commentId}`, async () => {
    await deleteComment(sid, commentId);
    store.dispatch({ type: "comment.deleted", comment_id: commentId, sid });
  });
}
