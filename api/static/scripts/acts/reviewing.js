// The review desk's traffic: reading the cards, saving every mark and word a moment after it was made, revealing.

import { keepReviews, keptReviews } from "../memory.js";
import { sameReview } from "../state/desk.js";
import { putReview, readDesk, reveal } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";
import { perform } from "./act.js";

const PAUSE_MS = 600;
const TRY_AGAIN_MS = 5000;

export class Reviewer {
  #store;
  #follower;
  #timers = new Map();
  #sending = new Map();
  #reading = "";

  constructor(store, follower) {
    this.#store = store;
    this.#follower = follower;
    addEventListener("online", () => this.#unsaved().forEach((cardId) => this.#soon(cardId, 0)));
  }

  /** Called with every state: reads the cards when the desk is looked at and the selection is another. */
  async keepUp() {
    const { route, session } = this.#store.state;
    if (route.act !== "review" || !session || route.sessionId !== session.session_id) return;
    const what = `${session.session_id} ${session.revealed} ${session.selection.hunt_ids.join()} ${session.task.hash}`;
    if (this.#reading === what) return;
    this.#reading = what;
    const { session_id: sid } = session;
    try {
      const desk = await readDesk(sid);
      this.#store.dispatch({ type: "desk.read", desk, kept: keptReviews(sid), sid });
      this.#unsaved().forEach((cardId) => this.#soon(cardId, 0));
    } catch (failure) {
      this.#reading = "";
      this.#store.dispatch({ type: "desk.failed", problem: problemOf(failure), sid });
    }
  }

  mark(cardId, criterionId, verdict) {
    this.#store.dispatch({ type: "desk.marked", cardId, criterionId, verdict });
    this.#typed(cardId);
  }

  explain(cardId, explanation) {
    this.#store.dispatch({ type: "desk.explained", cardId, explanation });
    this.#typed(cardId);
  }

  /** The trainer's word on a review that another tab changed too. */
  settle(cardId, keep) {
    this.#store.dispatch({ type: "desk.settled", cardId, keep });
    this.#typed(cardId);
  }

  /** Shows the judge's verdicts; everything typed is saved first. */
  reveal() {
    const { session_id: sid } = this.#store.state.session; // the one that was looked at, wherever the trainer goes meanwhile
    return perform(this.#store, "reveal", async () => {
      await Promise.all(this.#unsaved().map((cardId) => this.#save(cardId)));
      this.#follower.take(await reveal(sid));
    });
  }

  #typed(cardId) {
    this.#keep();
    this.#soon(cardId, PAUSE_MS);
  }

  #unsaved() {
    return Object.entries(this.#store.state.desk.drafts).filter(([, draft]) => draft.saving !== "saved").map(([cardId]) => cardId);
  }

  #soon(cardId, pauseMs) {
    clearTimeout(this.#timers.get(cardId));
    this.#timers.set(cardId, setTimeout(() => this.#save(cardId), pauseMs));
  }

  /** One request for a card at a time: a second one would be based on a review that the first replaces. */
  async #save(cardId) {
    await this.#sending.get(cardId);
    const { session, desk } = this.#store.state;
    const draft = desk.drafts[cardId];
    if (!session || !draft || ["saved", "saving", "conflict"].includes(draft.saving)) return;
    const sending = this.#send(session.session_id, cardId, draft).finally(() => this.#sending.delete(cardId));
    this.#sending.set(cardId, sending);
    await sending;
  }

  async #send(sid, cardId, draft) {
    this.#store.dispatch({ type: "desk.saving", cardId });
    try {
      this.#saved(sid, cardId, await putReview(sid, cardId, draft, draft.basedOn));
    } catch (failure) {
      const stored = failure.details?.review;
      if (stored && sameReview(stored, draft)) this.#saved(sid, cardId, stored); // it had arrived, only its answer was lost
      else this.#missed(cardId, failure);
    }
    if (this.#store.state.session?.session_id === sid) this.#keep();
  }

  #saved(sid, cardId, review) {
    if (this.#store.state.session?.session_id !== sid) return;
    this.#store.dispatch({ type: "desk.saved", cardId, review });
    if (this.#store.state.desk.drafts[cardId]?.saving === "dirty") this.#soon(cardId, PAUSE_MS);
  }

  #missed(cardId, failure) {
    if (!(failure instanceof Problem)) throw failure;
    const saving = failure.passing ? "offline" : failure.code === "conflict" ? "conflict" : "failed";
    const theirs = failure.details.review ?? null;
    this.#store.dispatch({ type: "desk.unsaved", cardId, saving, problem: problemOf(failure), theirs });
    if (failure.passing) this.#soon(cardId, TRY_AGAIN_MS);
  }

  #keep() {
    const { session, desk } = this.#store.state;
    const open = Object.entries(desk.drafts).filter(([, draft]) => draft.saving !== "saved");
    keepReviews(session.session_id, Object.fromEntries(open.map(([cardId, { verdicts, explanation, basedOn }]) => [cardId, { verdicts, explanation, basedOn }])));
  }
}
