// The Review step: loads the cards, saves each verdict and explanation shortly after it was entered, reveals the judge's verdicts.

import { sameReview } from "../state/review.js";
import { adoptFromClosedTabs, storeUnsaved } from "../unsaved.js";
import { putReview, readReviewCards, reveal } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";
import { perform } from "./action.js";

const SAVE_AFTER_MS = 600;
const RETRY_AFTER_MS = 5000;

export class ReviewSaver {
  #store;
  #sync;
  #timers = new Map();
  #requests = new Map();
  #loaded = "";

  constructor(store, sync) {
    this.#store = store;
    this.#sync = sync;
    addEventListener("online", () => this.#saveAll());
  }

  /** Called after every change of the state: loads the cards when the step is open and the selection has changed. */
  async update() {
    const { route, session } = this.#store.state;
    if (route.step !== "review" || !session || route.sessionId !== session.session_id) return;
    const { session_id: sid } = session;
    const wanted = `${sid} ${session.revealed} ${session.selection.hunt_ids.join()} ${session.settings.audit_held} ${session.task.hash}`;
    if (this.#loaded === wanted) return;
    this.#loaded = wanted;
    try {
      const { cards, criteria, prompt, response } = await readReviewCards(sid);
      const stored = {};
      await adoptFromClosedTabs("reviews", sid, (reviews) => this.#store.state.session?.session_id === sid && Object.assign(stored, reviews));
      this.#store.dispatch({ type: "review.read", cards, criteria, prompt, response, stored, sid });
      if (this.#store.state.session?.session_id === sid) this.#storeLocally();
      this.#saveAll();
    } catch (failure) {
      this.#loaded = "";
      this.#store.dispatch({ type: "review.failed", problem: problemOf(failure), sid });
    }
  }

  mark(cardId, criterionId, verdict) {
    this.#change({ type: "review.marked", cardId, criterionId, verdict });
  }

  explain(cardId, explanation) {
    this.#change({ type: "review.explained", cardId, explanation });
  }

  /** The user's choice for a review that was also changed in another tab. */
  resolve(cardId, keep) {
    this.#change({ type: "review.resolved", cardId, keep });
  }

  /** Shows the judge's verdicts, after every review is saved. */
  reveal() {
    const { session_id: sid } = this.#store.state.session; // the session on screen now, wherever the user goes meanwhile
    return perform(this.#store, "reveal", async () => {
      await Promise.all(this.#unsaved().map((cardId) => this.#save(cardId)));
      this.#sync.apply(await reveal(sid));
    });
  }

  #change(event) {
    this.#store.dispatch(event);
    this.#storeLocally();
    this.#schedule(event.cardId, SAVE_AFTER_MS);
  }

  #unsaved() {
    return Object.entries(this.#store.state.review.drafts).filter(([, draft]) => draft.saving !== "saved").map(([cardId]) => cardId);
  }

  #saveAll() {
    for (const cardId of this.#unsaved()) this.#schedule(cardId, 0);
  }

  #schedule(cardId, delayMs) {
    clearTimeout(this.#timers.get(cardId));
    this.#timers.set(cardId, setTimeout(() => this.#save(cardId), delayMs));
  }

  /** One request per card at a time: a second one would be based on the review that the first replaces. */
  async #save(cardId) {
    await this.#requests.get(cardId);
    const { session, review } = this.#store.state;
    const draft = review.drafts[cardId];
    if (!session || !draft || ["saved", "saving", "conflict"].includes(draft.saving)) return;
    const request = this.#send(session.session_id, cardId, draft).finally(() => this.#requests.delete(cardId));
    this.#requests.set(cardId, request);
    await request;
  }

  async #send(sid, cardId, draft) {
    this.#store.dispatch({ type: "review.saving", cardId });
    try {
      this.#onSaved(sid, cardId, await putReview(sid, cardId, draft, draft.basedOn));
    } catch (failure) {
      const stored = failure.details?.review;
      if (stored && sameReview(stored, draft)) this.#onSaved(sid, cardId, stored); // the request had arrived, only its response was lost
      else this.#onFailed(cardId, failure);
    }
    if (this.#store.state.session?.session_id === sid) this.#storeLocally();
  }

  #onSaved(sid, cardId, review) {
    if (this.#store.state.session?.session_id !== sid) return;
    this.#store.dispatch({ type: "review.saved", cardId, review });
    if (this.#store.state.review.drafts[cardId]?.saving === "dirty") this.#schedule(cardId, SAVE_AFTER_MS);
  }

  #onFailed(cardId, failure) {
    if (!(failure instanceof Problem)) throw failure;
    const saving = failure.retryable ? "offline" : failure.code === "conflict" ? "conflict" : "failed";
    const theirs = failure.details.review ?? null;
    this.#store.dispatch({ type: "review.unsaved", cardId, saving, problem: problemOf(failure), theirs });
    if (failure.retryable) this.#schedule(cardId, RETRY_AFTER_MS);
  }

  #storeLocally() {
    const { session, review } = this.#store.state;
    const unsaved = this.#unsaved().map((cardId) => {
      const { verdicts, explanation, basedOn } = review.drafts[cardId];
      return [cardId, { verdicts, explanation, basedOn }];
    });
    storeUnsaved("reviews", session.session_id, unsaved.length ? Object.fromEntries(unsaved) : null);
  }
}
